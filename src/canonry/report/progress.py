"""A progress bar on stderr, on a terminal only."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_WIDTH = 28
_PERIOD = 0.1
_DELAY = 0.4


@contextmanager
def show_progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A function that is told what is done; it draws nothing where stderr is no terminal, or in the first moments."""
    if quiet or not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    started = drawn = time.monotonic()
    shown = False

    def draw(what: str, done: int, total: int) -> None:
        nonlocal drawn, shown
        now = time.monotonic()
        if now - started < _DELAY or now - drawn < _PERIOD or not total:
            return
        drawn, shown = now, True
        filled = _WIDTH * done // total
        bar = "█" * filled + "░" * (_WIDTH - filled)
        sys.stderr.write(f"\r\x1b[K{what} {bar} {done:,} of {total:,} files")
        sys.stderr.flush()

    try:
        yield draw
    finally:
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
