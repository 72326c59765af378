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
    def tell(sample: Sample) -> None:
        if not _told(sample):
            crowd.stopping.set()  # whoever started the run is gone, and nobody else would end it

    crowd = Crowd(spec, tell=tell)
    for number in (signal.SIGINT, signal.SIGTERM):
        crowd.loop.add_signal_handler(number, crowd.stopping.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # blocked by who started it, until now
    write_trace(await crowd.run(), Path(spec.trace))


def _told(sample: Sample) -> bool:
    """Tells a sample, and returns whether anybody is there to hear of it."""
    try:
        sys.stdout.buffer.write(encoded(sample))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
