"""`SSotBaseTestCase`: a test case in pytest style and in unittest style that isolates each test and cannot lie.

Everything that it guarantees hangs on what calls `setUp`, the test and the cleanups, not on those themselves: a class
that overrides `setUp` without calling the one above has the same guarantees.
"""

from __future__ import annotations

import sys

from canonry.testing import lazily

if "unittest" not in sys.modules:  # what only a failing test or `unittest.main` needs is half of its cost
    lazily.put_in_place("argparse", "difflib", "inspect", "pprint", "signal", "traceback")

import unittest
from contextvars import copy_context
from functools import cached_property
from importlib import import_module

from canonry.testing import unawaited
from canonry.testing.arguments import arguments_for, refuse_parameters, wants_nothing
from canonry.testing.context import current, node_of, running
from canonry.testing.environment import IsolatedEnvironment, open_scope
from canonry.testing.settle import settle
from canonry.testing.state import is_unchanged, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar, TypeVar

    from canonry.testing.context import TestContext
    from canonry.testing.state import Leak, Snapshot

    T = TypeVar("T")

__unittest = True  # unittest leaves this module out of tracebacks


class NeverRanError(AssertionError):
    """A test whose body, or part of it, cannot have run: it is async, a generator, or returns a value."""


IS_ABSTRACT = 1 << 20
"""As in `inspect`, which loads much (Include/object.h, `Py_TPFLAGS_IS_ABSTRACT`)."""
PYTEST_STYLE = ("setup_method", "teardown_method", "setup_class", "teardown_class")
_loops: list[object] = []
"""The module that watches event loops, once it is loaded."""
_NO_ARGUMENTS: dict[str, object] = {}
_settled: tuple[type, object, Snapshot] | None = None
"""The state after the last test, where nothing but unittest runs between it and the next: same class, same result."""


class SSotBaseTestCase(unittest.TestCase):
    """The base of synchronous tests, under pytest and under unittest.

    ``leaks`` says what happens when a test leaves state behind (environment, working directory, umask, locale, warnings
    filters, logging, signal handlers, what others registered): ``warn`` or ``fail``, always after putting it back;
    ``off`` does not look. None takes the runner's word, else ``warn``. ``time_limit``: seconds of a test method.
    """

    leaks: ClassVar[str | None] = None
    time_limit: ClassVar[float | None] = None

    _canonry_item: Any = None
    _canonry_node = ""
    _canonry_before: Snapshot | None = None
    _canonry_is_inside = False
    _canonry_left: tuple[Leak, ...] = ()
    _canonry_result: object = None
    _canonry_is_pytest_style = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._canonry_is_pytest_style = any(hasattr(cls, name) for name in PYTEST_STYLE)

    def __new__(cls, *_: Any, **__: Any) -> Any:
        """An instance; for an abstract class an empty suite, so that a loader finds no tests in it."""
        if cls.__flags__ & IS_ABSTRACT:
            return unittest.TestSuite()
        return super().__new__(cls)

    # what a test uses -------------------------------------------------------------------------------------------------

    @cached_property
    def env(self) -> IsolatedEnvironment:
        """The environment of this test; what is written to it ends with the test."""
        return IsolatedEnvironment()

    @cached_property
    def test_context(self) -> TestContext:
        """Node id, category, attempt and worker of this test."""
        return current(node_of(self))

    @cached_property
    def temp_dir(self) -> Path:
        """A folder for this test, made when first asked for and removed by a cleanup."""
        from canonry.testing.temporary import make_folder, remove_folder

        folder = make_folder(self._testMethodName)
        self.addCleanup(remove_folder, folder)
        return folder

    def record_metric(self, name: str, value: float, unit: str = "") -> None:
        """Records a number about this test as a run event. Raises `TypeError` or `ValueError` for what is none."""
        from canonry.testing.events import metric

        metric(node_of(self), name, value, unit)

    def wait_until(
        self,
        condition: Callable[[], T],
        *,
        timeout: float = 5.0,
        interval: float = 0.05,
        message: str = "",
        ignoring: tuple[type[Exception], ...] = (),
    ) -> Any:
        """The first true value of a condition, as `canonry.testing.wait_until`; to be awaited in an async case."""
        from canonry.testing.waiting import wait_until

        return wait_until(condition, timeout=timeout, interval=interval, message=message, ignoring=ignoring)

    # how a test runs --------------------------------------------------------------------------------------------------

    def run(self, result: unittest.TestResult | None = None) -> unittest.TestResult | None:
        """Runs the test isolated. ``result`` is unittest's, or the item of pytest that asks for it."""
        self._canonry_begin(result)
        return copy_context().run(self._canonry_run, result)

    def debug(self) -> None:
        """Runs the test isolated, without collecting what it raises."""
        self._canonry_begin(None)
        copy_context().run(self._canonry_debug)

    def _canonry_begin(self, result: Any) -> None:
        """Takes the state before the test, where nobody else did."""
        global _settled
        if not _loops and "asyncio.base_events" in sys.modules:  # loaded by somebody, so loops may be left open
            _loops.append(import_module("canonry.testing.loops"))
        if result is not None and hasattr(result, "nodeid"):
            self._canonry_item = result
            self._canonry_node = result.nodeid
            if getattr(result, "canonry_arguments", None) is None:  # without the plugin the state is settled here
                result.addfinalizer(self._canonry_settle)
                self._canonry_before = snapshot()
            return
        last, _settled = _settled, None
        self._canonry_result = result
        if last is not None and last[0] is type(self) and last[1] is result and result is not None:
            self._canonry_before = last[2]
        else:
            self._canonry_before = snapshot()

    def _canonry_run(self, result: unittest.TestResult | None) -> unittest.TestResult | None:
        running.set(self)
        open_scope(self, self._testMethodName)
        return super().run(result)

    def _canonry_debug(self) -> None:
        running.set(self)
        open_scope(self, self._testMethodName)
        try:
            super().debug()
        finally:
            self._canonry_finish_parts()
            self._canonry_settle()

    def _callSetUp(self) -> None:  # noqa: N802 - unittest's name
        self._canonry_is_inside = True
        try:
            if self._canonry_is_pytest_style and self._canonry_item is None:
                self._canonry_pytest_setup()
            returned: Any = self.setUp()  # type: ignore[func-returns-value]
            if returned is not None:
                refuse(self, returned, "setUp")
        except BaseException as error:
            self._canonry_is_inside = False  # no `tearDown` comes
            raise_skip(error, self._canonry_item)
            raise

    def _callTestMethod(self, method: Callable[..., object]) -> None:  # noqa: N802
        returned: object
        function: Any = getattr(method, "__func__", None)
        if wants_nothing(function) and self.time_limit is None and self._canonry_item is None:
            try:
                returned = method()
            except BaseException as error:
                raise_skip(error, None)
                raise
        else:
            returned = self._canonry_call_test(method)
        if returned is not None:
            refuse(self, returned, self._testMethodName)

    def _callTearDown(self) -> None:  # noqa: N802
        try:
            returned: Any = self.tearDown()  # type: ignore[func-returns-value]
            if returned is not None:
                refuse(self, returned, "tearDown")
        finally:
            self._canonry_is_inside = False

    def _callCleanup(self, function: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:  # noqa: N802
        self._canonry_call(function, *args, **kwargs)

    def doCleanups(self) -> bool | None:  # type: ignore[override]  # noqa: N802
        """Runs the cleanups, in reverse order, all of them. At the end of the test what it left behind is judged."""
        if self._canonry_is_inside:  # a test may call it itself
            return super().doCleanups()
        if self._cleanups:  # type: ignore[attr-defined]
            self._canonry_is_inside = True
            super().doCleanups()
            self._canonry_is_inside = False
        outcome: Any = self._outcome  # type: ignore[attr-defined]
        self._canonry_finish_parts()
        names = unawaited.take_dropped(self) if unawaited.dropped else ()
        if names:
            with outcome.testPartExecutor(self):
                told = ", ".join(f"`{name}`" for name in names)
                raise unawaited.NeverAwaitedError(f"nobody awaited {told}: what it checks was never checked")
        if self._canonry_item is None:
            global _settled
            before = self._canonry_before
            if before is not None and not self._canonry_left and is_unchanged(before):
                _settled = (type(self), self._canonry_result, before)
            else:
                with outcome.testPartExecutor(self):
                    self._canonry_settle()
        return outcome.success if outcome is not None else None

    def _canonry_settle(self) -> None:
        """Names and puts back what the test left behind."""
        before, self._canonry_before = self._canonry_before, None
        if before is not None:
            settle(self, before, self._canonry_left)

    def _canonry_finish_parts(self) -> None:
        """Ends what all parts of a test share; nothing in a synchronous one."""

    def _canonry_call(self, function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Calls what surrounds a test; cleanups may return what they like, as long as nobody has to await it."""
        returned = function(*args, **kwargs)
        if returned is not None and hasattr(returned, "__await__"):
            refuse(self, returned, getattr(function, "__name__", "a cleanup"))

    def _canonry_call_test(self, method: Callable[..., object]) -> object:
        """What the test returns, called with its fixtures and within its limit."""
        item = self._canonry_item
        try:
            arguments = self._canonry_arguments_of(method)
            limit = getattr(method, "canonry_time_limit", self.time_limit)
            if limit is None:
                return method(**arguments)
            from canonry.testing.limits import call_within

            return call_within(limit, lambda: method(**arguments))
        except BaseException as error:
            raise_skip(error, item)
            raise

    def _canonry_arguments_of(self, method: Any) -> dict[str, object]:
        """The fixtures of a test by name. Raises `FixtureError`."""
        item = self._canonry_item
        if item is None and wants_nothing(getattr(method, "__func__", None)):
            return _NO_ARGUMENTS
        if item is not None and self._canonry_before is not None:
            refuse_parameters(self, item)
        return arguments_for(self, method, item)

    def _canonry_pytest_setup(self) -> None:
        """What pytest calls and unittest does not: `setup_method`, `setup_class` and their counterparts."""
        from canonry.testing.pytest_style import set_up_class, set_up_method

        set_up_class(type(self))
        set_up_method(self)


def refuse(case: unittest.TestCase, returned: Any, name: str) -> None:
    """Raises `NeverRanError` for what a test returned: a coroutine, a generator, or a value that nobody looks at."""
    what = f"`{type(case).__qualname__}.{name}`"
    if hasattr(returned, "__await__"):
        close = getattr(returned, "close", None)
        if close is not None:
            close()
        raise NeverRanError(
            f"{what} is async, and its base case awaits nothing, so that it would pass unrun; "
            "derive from `SSotAsyncTestCase`"
        )
    if hasattr(returned, "__next__") or hasattr(returned, "__anext__"):
        raise NeverRanError(f"{what} is a generator: its body never ran; a test does not `yield`")
    raise NeverRanError(f"{what} returns `{type(returned).__name__}`: nobody looks at it; a test asserts")


def raise_skip(error: BaseException, item: object) -> None:
    """Raises unittest's own skip for `pytest.skip`, where unittest runs the test, to which that were an error."""
    outcomes = sys.modules.get("_pytest.outcomes")
    if item is None and outcomes is not None and isinstance(error, outcomes.Skipped):
        raise unittest.SkipTest(str(error)) from None
