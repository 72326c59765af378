"""Asks a worker what its threads do, without waiting for the answer."""

import os
import time
from pathlib import Path

from canonry.run.controller.dumps import from_the_test
from canonry.run.worker.stacks import STACKS_SIGNAL

LOOK = 0.002
"""Seconds between two looks for an answer: it is whole when nothing came between them."""
_PATIENCE = 0.1
"""Seconds after which there will be none: the process stands still, or blocks the signal."""
_LONGEST = 64 * 1024


class StacksRequest:
    """One question. ``number`` is what ran when it was asked."""

    def __init__(self, pid: int, path: Path, number: int) -> None:
        self.number = number
        self._path = path
        self._asked = self._looked = time.monotonic()
        try:
            self._before = self._size = path.stat().st_size
            os.kill(pid, STACKS_SIGNAL)
        except OSError:
            self._before = self._size = -1

    def answer(self) -> str | None:
        """The stacks of all threads, empty where none came in time; None while they may still come."""
        now = time.monotonic()
        if self._before < 0:
            return ""
        if now - self._looked < LOOK:
            return None
        size = self._path.stat().st_size
        is_whole = size > self._before and size == self._size
        if not is_whole and now - self._asked < _PATIENCE:
            self._size, self._looked = size, now
            return None
        with self._path.open("rb") as file:
            file.seek(self._before)
            return from_the_test(file.read(_LONGEST).decode("utf-8", "replace"))
