"""`SSotAsyncTestCase`: the base of async tests. Each is really awaited, on a fresh event loop, whoever runs it."""

from __future__ import annotations

import asyncio
import contextvars
from unittest import TestCase

from canonry.testing.cases import NeverRanError, SSotBaseTestCase, raise_skip, refuse
from canonry.testing.context import running
from canonry.testing.environment import open_scope
from canonry.testing.loops import end_loop, new_loop, take_current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from typing import Any, ClassVar, TypeVar
    from unittest import TestResult

    T = TypeVar("T")

__unittest = True  # unittest leaves this module out of tracebacks


class SSotAsyncTestCase(SSotBaseTestCase):
    """The base of async tests; synchronous ones work in it too.

    All parts of a test (`setUp`, `asyncSetUp`, the test, `asyncTearDown`, `tearDown`, cleanups) share one loop and one
    context, so that a context variable set in one is seen by the next. ``loop_factory`` makes the loop, where it is
    given; else asyncio's policy does. Tasks that still run at the end are cancelled and named as leaks.
    """

    loop_factory: ClassVar[Callable[[], asyncio.AbstractEventLoop] | None] = None

    _canonry_loop: asyncio.AbstractEventLoop | None = None
    _canonry_context: contextvars.Context | None = None
    _canonry_current: tuple[object, bool] | None = None

    async def asyncSetUp(self) -> None:
        """Runs after `setUp`."""

    async def asyncTearDown(self) -> None:
        """Runs before `tearDown`."""

    def addAsyncCleanup(self, function: Callable[..., Awaitable[object]], /, *args: Any, **kwargs: Any) -> None:  # noqa: N802
        """Adds a cleanup that is awaited; `addCleanup` takes async ones too."""
        self.addCleanup(function, *args, **kwargs)

    async def enterAsyncContext(self, manager: AbstractAsyncContextManager[T]) -> T:  # noqa: N802
        """Enters an async context manager, which a cleanup leaves."""
        entered = await manager.__aenter__()
        self.addCleanup(manager.__aexit__, None, None, None)
        return entered

    async def wait_until(
        self,
        condition: Callable[[], T | Awaitable[T]],
        *,
        timeout: float = 5.0,
        interval: float = 0.05,
        message: str = "",
        ignoring: tuple[type[Exception], ...] = (),
    ) -> T:
        """The first true value of a condition, async or not, while other tasks run."""
        from canonry.testing.waiting import wait_until_async

        return await wait_until_async(condition, timeout=timeout, interval=interval, message=message, ignoring=ignoring)

    # how a test runs --------------------------------------------------------------------------------------------------

    def run(self, result: TestResult | None = None) -> TestResult | None:
        """Runs the test isolated, in a context that its parts enter one after the other."""
        self._canonry_begin(result)
        self._canonry_open_context()
        try:
            return super(SSotBaseTestCase, self).run(result)
        finally:
            if self._canonry_loop is not None:  # the run was broken off
                self._canonry_finish_parts()
            self._canonry_context = None  # it holds this case

    def debug(self) -> None:
        """Runs the test isolated, without collecting what it raises."""
        self._canonry_begin(None)
        self._canonry_open_context()
        try:
            super(SSotBaseTestCase, self).debug()
        finally:
            self._canonry_finish_parts()
            self._canonry_context = None
            self._canonry_settle()

    def _canonry_open_context(self) -> None:
        self._canonry_context = context = contextvars.copy_context()
        context.run(_enter, self)

    def _callSetUp(self) -> None:  # noqa: N802
        self._canonry_is_inside = True
        cls = type(self)
        try:
            has_own = cls.setUp is not TestCase.setUp or "setUp" in self.__dict__
            if has_own:
                self._canonry_open_loop()  # which it may ask for
            if self._canonry_is_pytest_style and self._canonry_item is None:
                self._canonry_pytest_setup()
            if has_own:
                self._canonry_call(self.setUp)
            if cls.asyncSetUp is not SSotAsyncTestCase.asyncSetUp:
                self._canonry_call(self.asyncSetUp)
        except BaseException as error:
            self._canonry_is_inside = False  # no `tearDown` comes
            raise_skip(error, self._canonry_item)
            raise

    def _callTearDown(self) -> None:  # noqa: N802
        try:
            cls = type(self)
            if cls.asyncTearDown is not SSotAsyncTestCase.asyncTearDown:
                self._canonry_call(self.asyncTearDown)
            if cls.tearDown is not TestCase.tearDown or "tearDown" in self.__dict__:
                self._canonry_call(self.tearDown)
        finally:
            self._canonry_is_inside = False

    def _callTestMethod(self, method: Callable[..., object]) -> None:  # noqa: N802
        try:
            arguments = self._canonry_arguments_of(method)
            limit: float | None = getattr(method, "canonry_time_limit", self.time_limit)
            if limit is None:
                returned = self._canonry_run_part(method, **arguments)
            else:
                returned = self._canonry_run_within(limit, method, arguments)
        except BaseException as error:
            raise_skip(error, self._canonry_item)
            raise
        if returned is not None:
            refuse(self, returned, self._testMethodName)

    def _canonry_call(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        self._canonry_run_part(function, *args, **kwargs)

    def _canonry_run_part(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> object:
        """What a part returns: called in the context of the test, and awaited there where it is async."""
        context = self._canonry_context
        assert context is not None, "a part of a test runs outside `run` and `debug`"
        is_within = running.get() is self  # a test calls its own cleanups, a cleanup another part
        returned: Any = function(*args, **kwargs) if is_within else context.run(function, *args, **kwargs)
        if returned is None or not hasattr(returned, "__await__"):
            return returned
        if is_within:
            refuse_within(self, returned, getattr(function, "__name__", "a cleanup"))
        if asyncio._get_running_loop() is not None:
            refuse_nested(self, returned)
        loop = self._canonry_loop or self._canonry_open_loop()
        coroutine = returned if asyncio.iscoroutine(returned) else _wait_for(returned)
        return loop.run_until_complete(loop.create_task(coroutine, context=context))

    def _canonry_run_within(self, limit: float, method: Callable[..., object], arguments: dict[str, object]) -> object:
        """The same with a time limit: cancelled there, interrupted a second later where it blocks the loop."""
        import time

        from canonry.testing import limits

        limits.check_limit(limit)
        loop = self._canonry_open_loop()
        started = time.monotonic()
        is_over = False

        def end() -> None:
            nonlocal is_over
            is_over = True
            for task in tasks:
                task.cancel()

        tasks: list[asyncio.Task[Any]] = []

        async def limited() -> object:
            tasks.append(asyncio.current_task())  # type: ignore[arg-type]
            handle = loop.call_later(limit, end)
            try:
                returned: Any = method(**arguments)
                return await returned if hasattr(returned, "__await__") else returned
            finally:
                handle.cancel()

        try:
            with limits.alarm(limit + limits.GRACE, limit):
                returned = self._canonry_run_part(limited)
        except asyncio.CancelledError:
            if not is_over:
                raise
            raise limits.TimeLimitError(f"is cancelled after its limit of {limit:g} s") from None
        took = time.monotonic() - started
        if took > limit:
            raise limits.TimeLimitError(f"took {took:.2f} s of {limit:g} s")
        return returned

    def _canonry_open_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of this test, made when it is first needed."""
        if self._canonry_loop is None:
            self._canonry_current = take_current()
            factory = type(self).loop_factory
            self._canonry_loop = new_loop() if factory is None else factory()
            asyncio.set_event_loop(self._canonry_loop)
        return self._canonry_loop

    def _canonry_finish_parts(self) -> None:
        """Ends what still runs, and closes the loop."""
        loop, self._canonry_loop = self._canonry_loop, None
        context = self._canonry_context
        if loop is not None and context is not None:
            self._canonry_left += context.run(end_loop, loop, self._canonry_current)


def _enter(case: SSotAsyncTestCase) -> None:
    running.set(case)
    open_scope(case, case._testMethodName)


def refuse_within(case: SSotAsyncTestCase, returned: Any, name: str) -> None:
    """Raises `NeverRanError` for an async part that is called by another part: nothing can await it there."""
    close = getattr(returned, "close", None)
    if close is not None:
        close()
    raise NeverRanError(
        f"`{type(case).__qualname__}.{name}` is async and was called by a part of the test that cannot await it; "
        "leave it to the end of the test, or await it yourself"
    )


def refuse_nested(case: SSotAsyncTestCase, returned: Any) -> None:
    """Raises `NeverRanError` for a case that runs in a thread whose event loop runs already: it cannot run a second."""
    close = getattr(returned, "close", None)
    if close is not None:
        close()
    raise NeverRanError(
        f"`{type(case).__qualname__}.{case._testMethodName}` is async and runs where an event loop runs already; "
        "run the case in a thread of its own, with `asyncio.to_thread`"
    )


async def _wait_for(awaitable: Awaitable[T]) -> T:
    return await awaitable
