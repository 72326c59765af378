"""Coroutines that a test made and nobody awaited: their body never ran, so what it asserts was never checked.

Python tells `warnings` of each when it is dropped. That is heard here, and put down to the test that runs at that
moment in that context, unless the garbage collector runs: what it drops may be an earlier test's.
"""

from __future__ import annotations

import gc
import warnings

from canonry.testing.context import running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

dropped: list[tuple[Any, str]] = []
"""The case that ran, and the coroutine's name."""
_is_collecting = False
_told: Callable[[Any], None] = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]


class NeverAwaitedError(AssertionError):
    """A test made a coroutine that nobody awaited."""


def take_dropped(case: Any) -> list[str]:
    """The names of the coroutines that this case dropped; they are forgotten."""
    mine = [name for owner, name in dropped if owner is case]
    dropped[:] = [each for each in dropped if each[0] is not case]
    return mine


def _hear(coroutine: Any) -> None:
    case = running.get()
    if case is None or _is_collecting:
        _told(coroutine)
    else:
        dropped.append((case, getattr(coroutine, "__qualname__", repr(coroutine))))


def _watch_collector(phase: str, _: dict[str, int]) -> None:
    global _is_collecting
    _is_collecting = phase == "start"


warnings._warn_unawaited_coroutine = _hear  # type: ignore[attr-defined]
gc.callbacks.append(_watch_collector)
