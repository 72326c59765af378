"""The service in a thread of the test process, so that what tests reach of its code can be measured.

The only place of the suite that imports it; nothing else depends on this.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from golden_path.chat.process import KEY, SETTINGS, TEST_SECRET
from golden_path.chat.target import Target

_READY, _ENDED = 60.0, 30.0


@contextlib.contextmanager
def served_here(folder: Path) -> Iterator[Target]:
    """The service, with its data in ``folder``, until the end of the block."""
    from reference_chat.server import serve
    from reference_chat.settings import from_environment

    port_file, (reads, writes) = folder / "port", os.pipe()
    own = {
        "CHAT_PORT": "0",
        "CHAT_PORT_FILE": str(port_file),
        "CHAT_DATA_DIR": str(folder),
        "CHAT_LIFELINE": str(reads),
    }
    thread = threading.Thread(target=serve, args=(from_environment({**SETTINGS, **own}),), name="the service")
    thread.start()
    try:
        deadline = time.monotonic() + _READY
        while not port_file.exists():
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the service does not start in a thread")
            time.sleep(0.02)
        yield Target(url=port_file.read_text(encoding="ascii").strip(), test_secret=TEST_SECRET, key=KEY)
    finally:
        os.close(writes)
        thread.join(_ENDED)
        os.close(reads)
