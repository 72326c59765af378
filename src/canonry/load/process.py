"""`python -m canonry.load.process`: one process of a load run. Reads its spec from stdin, tells samples on stdout."""

import asyncio
import signal
import sys
from pathlib import Path

import msgspec

from canonry.load.crowd import Crowd, encoded
from canonry.load.limits import raise_file_limit
from canonry.load.spec import LoadSpec
from canonry.load.trace import write_trace
from canonry.model.load import Sample


def main() -> int:
    """Runs the share of users that stdin says, and writes the trace."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadSpec)
    raise_file_limit()
    asyncio.run(_run(spec))
    return 0


async def _run(spec: LoadSpec) -> None:
    crowd = Crowd(spec, tell=_tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        crowd.loop.add_signal_handler(number, crowd.stopping.set)
    write_trace(await crowd.run(), Path(spec.trace))


def _tell(sample: Sample) -> None:
    try:
        sys.stdout.buffer.write(encoded(sample))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        pass  # whoever listened is gone; the trace is written all the same


if __name__ == "__main__":
    sys.exit(main())
