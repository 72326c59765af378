"""Waiting for a condition instead of sleeping: returns as soon as it holds, fails at the deadline."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import NoReturn, TypeVar

    T = TypeVar("T")

FIRST_PAUSE = 0.001
"""Seconds between the first two looks; the pause doubles up to ``interval``."""


class WaitTimeoutError(AssertionError):
    """A condition did not hold by its deadline."""


def wait_until(
    condition: Callable[[], T],
    *,
    timeout: float = 5.0,
    interval: float = 0.05,
    message: str = "",
    ignoring: tuple[type[Exception], ...] = (),
) -> T:
    """The first true value of a condition. Raises `WaitTimeoutError` after ``timeout`` seconds.

    Exceptions among ``ignoring`` count as not yet; all others end the waiting.
    """
    deadline = _deadline(timeout)
    pause = FIRST_PAUSE
    while True:
        is_last = time.monotonic() >= deadline
        value, error = _look(condition, ignoring)
        if hasattr(value, "__await__"):
            close = getattr(value, "close", None)
            if close is not None:
                close()
            raise TypeError(
                f"{_name(condition)} is async, and is always true unless it is awaited; "
                "use `await wait_until_async(...)`, in SSotAsyncTestCase `await self.wait_until(...)`"
            )
        if value:
            return value
        if is_last:
            _fail(condition, timeout, message, value, error)
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(pause * 2, interval)


async def wait_until_async(
    condition: Callable[[], T | Awaitable[T]],
    *,
    timeout: float = 5.0,
    interval: float = 0.05,
    message: str = "",
    ignoring: tuple[type[Exception], ...] = (),
) -> T:
    """The same for a condition that may be async, while other tasks run. One look is not cut off by the deadline."""
    import asyncio

    deadline = _deadline(timeout)
    pause = FIRST_PAUSE
    while True:
        is_last = time.monotonic() >= deadline
        value: object
        value, error = _look(condition, ignoring)
        if hasattr(value, "__await__"):
            try:
                value = await value
            except ignoring as raised:
                value, error = None, raised
        if value:
            return value  # type: ignore[return-value]
        if is_last:
            _fail(condition, timeout, message, value, error)
        await asyncio.sleep(max(0.0, min(pause, deadline - time.monotonic())))
        pause = min(pause * 2, interval)


def _deadline(timeout: float) -> float:
    if not timeout > 0:
        raise ValueError(f"a timeout has to be more than 0 seconds, not {timeout}")
    return time.monotonic() + timeout


def _look(condition: Callable[[], T], ignoring: tuple[type[Exception], ...]) -> tuple[T | None, Exception | None]:
    try:
        return condition(), None
    except ignoring as error:
        return None, error


def _fail(
    condition: Callable[[], object], timeout: float, message: str, value: object, error: Exception | None
) -> NoReturn:
    last = f"it raised {error!r}" if error is not None else f"its last value was `{value!r}`"
    raise WaitTimeoutError(f"{message or _name(condition)} was not true within {timeout:g} s; {last}") from error


def _name(condition: object) -> str:
    return f"`{getattr(condition, '__qualname__', None) or repr(condition)}`"
