"""Time limits of single tests.

A synchronous test on the main thread is interrupted by an alarm. Elsewhere nothing can interrupt it: it runs to its
end, and fails then. An async test is cancelled, and where it blocks its loop the alarm comes a second later.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])
    T = TypeVar("T")

GRACE = 1.0
"""Seconds that an async test has to end after it was cancelled."""


class TimeLimitError(AssertionError):
    """A test took longer than its limit."""


def limited(seconds: float) -> Callable[[F], F]:
    """Limits a test method; without it the class attribute ``time_limit`` counts."""
    check_limit(seconds)

    def mark(function: F) -> F:
        function.__dict__["canonry_time_limit"] = seconds
        return function

    return mark


def check_limit(seconds: object) -> None:
    """Raises `ValueError` where it is no number of seconds above 0."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"a time limit has to be a number of seconds above 0, not `{seconds!r}`")


def call_within(seconds: float, call: Callable[[], T]) -> T:
    """What a call returns. Raises `TimeLimitError` when it takes longer, also where it swallows the interruption."""
    check_limit(seconds)
    started = time.monotonic()
    with alarm(seconds, seconds) as can_interrupt:
        returned = call()
    took = time.monotonic() - started
    if took > seconds:
        why = (
            "" if can_interrupt else ", and could not be interrupted there (not the main thread, or its alarm is taken)"
        )
        raise TimeLimitError(f"took {took:.2f} s of {seconds:g} s{why}")
    return returned


def alarm(after: float, limit: float) -> AbstractContextManager[bool]:
    """Raises `TimeLimitError` inside after so many seconds; yields whether it can."""
    from contextlib import contextmanager

    @contextmanager
    def ringing() -> Iterator[bool]:
        import signal
        import threading

        is_main = threading.current_thread() is threading.main_thread()
        if not is_main or not hasattr(signal, "setitimer") or signal.getitimer(signal.ITIMER_REAL)[0]:
            yield False
            return

        def ring(number: int, frame: object) -> None:
            raise TimeLimitError(f"is interrupted after its limit of {limit:g} s")

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, after)
        try:
            yield True
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    return ringing()
