"""`setup_method`, `setup_class` and their counterparts, for unittest, which calls none of them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def set_up_method(case: Any) -> None:
    """Calls `setup_method` and sees to `teardown_method`, which runs even where the test fails."""
    method = getattr(case, case._testMethodName)
    tear_down = getattr(case, "teardown_method", None)
    set_up = getattr(case, "setup_method", None)
    if set_up is not None:
        _call(case, set_up, method)
    if tear_down is not None:
        case.addCleanup(_call, case, tear_down, method)


def set_up_class(cls: Any) -> None:
    """Calls `setup_class` before the first test of a class and sees to `teardown_class` after its last."""
    if "_canonry_class_is_up" in cls.__dict__:
        return
    cls._canonry_class_is_up = True
    cls.addClassCleanup(_forget, cls)
    set_up = getattr(cls, "setup_class", None)
    if set_up is not None:
        set_up()
    tear_down = getattr(cls, "teardown_class", None)
    if tear_down is not None:
        cls.addClassCleanup(tear_down)


def _forget(cls: Any) -> None:
    del cls._canonry_class_is_up


def _call(case: Any, function: Callable[..., object], method: Callable[..., object]) -> None:
    """Calls it with the test method where it takes one."""
    code = function.__func__.__code__  # type: ignore[attr-defined]
    case._canonry_call(function, *([method] if code.co_argcount > 1 else []))
