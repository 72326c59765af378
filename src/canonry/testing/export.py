"""An overlay written through to `os.environ` for a while, by one thread or task at a time."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOCK = threading.Lock()
_holder: tuple[int, object] | None = None


@contextmanager
def exported(written: Mapping[str, str | None]) -> Iterator[None]:
    """`os.environ` with these values, None for absent ones, until the end; the same thread or task may nest it."""
    global _holder
    me = _running()
    nested = _holder == me
    if not nested:
        if not _LOCK.acquire(blocking=False):
            raise RuntimeError(
                "another thread or task has exported its environment, which the whole process sees; "
                "export for a shorter time, or hand the values to the code under test"
            )
        _holder = me
    before = {name: os.environ.get(name) for name in written}
    try:
        _apply(written)
        yield
    finally:
        _apply(before)
        if not nested:
            _holder = None
            _LOCK.release()


def _running() -> tuple[int, object]:
    """The thread that runs, and its task where it has one."""
    asyncio = sys.modules.get("asyncio")
    task = None
    if asyncio is not None and asyncio._get_running_loop() is not None:
        task = asyncio.current_task()
    return threading.get_ident(), task


def _apply(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
