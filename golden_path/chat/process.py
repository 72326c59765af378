"""A process of the service that a test has to itself: started, stopped, killed, started again on the same data."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser, new_user

TEST_SECRET = "golden-own-test-mode"
KEY = "golden-own-process-signs-with-this-key-on-loopback-alone-and-for-one-test-only"
SETTINGS = {
    "CHAT_HOST": "127.0.0.1",
    "CHAT_TIME_SCALE": "0.05",
    # where a twentieth would be too little on a machine that does other things too
    "CHAT_MODEL_CONNECT": "40",
    "CHAT_MODEL_SLOW": "24",
    "CHAT_MODEL_TIMEOUT": "48",
    "CHAT_RUN_TIMEOUT": "200",
    "CHAT_TEST_SECRET": TEST_SECRET,
    "CHAT_SECRET_KEY": KEY,
    "CHAT_ARGON2_MEMORY": "1024",
    "CHAT_ARGON2_TIME": "1",
    "CHAT_WORKER": "own",
}
_READY, _ENDED = 60.0, 30.0


@dataclass(slots=True)
class OwnService:
    """``folder`` keeps its data and its log; ``settings`` are ``CHAT_*`` variables beside those of the suite."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    limits: Any = None
    """Called in the process before the service starts."""
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> Target:
        """Starts it, and waits until it listens. Raises `RuntimeError`, with the end of its log, where it does not."""
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        others = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
        environment = {
            **others,
            **SETTINGS,
            "CHAT_PORT": "0",
            "CHAT_PORT_FILE": str(port_file),
            "CHAT_DATA_DIR": str(self.folder),
            **self.settings,
        }
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "reference_chat"],
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=self.limits,
            )
        deadline = time.monotonic() + _READY
        while not port_file.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service does not start: {self.log[-2000:]}")
            time.sleep(0.02)
        return Target(url=self.address, test_secret=TEST_SECRET, key=KEY, log=str(self.folder / "log"))

    def user(self) -> ChatUser:
        """Somebody new who is logged in."""
        user = new_user(self.address)
        user.register()
        user.log_in()
        return user

    @property
    def address(self) -> str:
        """Where it answers."""
        return (self.folder / "port").read_text().strip()

    def tell(self, number: signal.Signals) -> None:
        """Sends a signal, and does not wait."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self, target: Target) -> None:
        """Kills all of its processes, and leaves none the time to say anything."""
        workers = {int(each["pid"]) for each in target.censuses()}
        self.tell(signal.SIGKILL)
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def ended(self, *, limit: float = _ENDED) -> int:
        """Its status once it ended. Raises `TimeoutExpired`."""
        assert self._process is not None
        return self._process.wait(limit)

    def end(self) -> None:
        """Ends it, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_ENDED)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
