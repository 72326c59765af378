"""A plugin of pytest that hears of tests whose own coroutine was made and dropped: their body never ran.

Loaded by name (``-p canonry.pytest_plugin.never_awaited``) where somebody has to know which tests never really ran.
"""

import inspect
import time
import warnings
from collections.abc import Callable, Generator
from types import CodeType
from typing import Any

import pytest

from canonry.model.run_event import NeverAwaited
from canonry.testing.events import emit, is_listening

_running: tuple[str, frozenset[CodeType]] | None = None
"""The test that runs, and the code of its function with that of what it wraps."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Python tells of a dropped coroutine when it drops it, which for a test's own is while the test runs."""
    global _running
    codes = frozenset(_codes(getattr(item, "obj", None)))
    if not codes or not is_listening():
        return (yield)
    before: Callable[[Any], None] = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]

    def hear(coroutine: Any) -> None:
        if _running is not None and getattr(coroutine, "cr_code", None) in _running[1]:
            emit(NeverAwaited(node=_running[0], at=time.time()))
        before(coroutine)

    _running = item.nodeid, codes
    warnings._warn_unawaited_coroutine = hear  # type: ignore[attr-defined]
    try:
        return (yield)
    finally:
        _running = None
        warnings._warn_unawaited_coroutine = before  # type: ignore[attr-defined]


def _codes(function: object) -> Generator[CodeType, None, None]:
    """The code of a test's function and of those that it wraps, as far as they are coroutine functions."""
    seen: set[int] = set()
    while function is not None and id(function) not in seen:
        seen.add(id(function))
        plain = getattr(function, "__func__", function)
        if inspect.iscoroutinefunction(plain) and isinstance(getattr(plain, "__code__", None), CodeType):
            yield plain.__code__
        function = getattr(function, "__wrapped__", None)
