"""pytest's half of the base cases: fixtures as arguments, parameter sets, state judged after the fixtures are gone.

A pytest plugin: `canonry.pytest_plugin` registers it, or calls `collector_for` from its own hook. The items stay
pytest's unittest items, so subtests, skips, expected failures and other plugins find what they know.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.python import PyCollector
from _pytest.unittest import TestCaseFunction, UnitTestCase

from canonry.testing.arguments import handed_in

if TYPE_CHECKING:
    from canonry.testing.state import Snapshot


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """Our own collector for our own cases."""
    return collector_for(collector, name, obj)


def collector_for(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """The collector for a class that derives from a base case; None for everything else. Cheap where none is loaded."""
    if not isinstance(obj, type):
        return None
    cases = sys.modules.get("canonry.testing.cases")
    if cases is not None and issubclass(obj, cases.SSotBaseTestCase):
        if getattr(obj, "__abstractmethods__", None):
            return None  # pytest's own leaves it out, too
        made: CaseClass = CaseClass.from_parent(collector, name=name, obj=obj)
        return made
    plain = sys.modules.get("canonry.testing.pytest_cases")
    if plain is not None and issubclass(obj, plain.SSotPytestCase):
        return _plain(collector, name, obj)
    return None


def _plain(collector: pytest.Collector, name: str, obj: type) -> pytest.Collector | None:
    """The collector of a class in pytest's style, where pytest itself would collect it as one."""
    unittest = sys.modules.get("unittest")
    if unittest is not None and issubclass(obj, unittest.TestCase):
        return None
    if not isinstance(collector, PyCollector) or not collector.istestclass(obj, name):
        return None
    made: PytestStyleClass = PytestStyleClass.from_parent(collector, name=name)
    return made


class CaseClass(UnitTestCase):
    """A class of tests, each of which gets what its arguments name, once for each of its parameter sets."""

    nofuncargs = False

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The tests of the class."""
        self._watch_state()
        for each in super().collect():
            if isinstance(each, TestCaseFunction):
                yield from self._spread(each.name)
            else:
                yield each

    def _spread(self, name: str) -> Iterator[CaseFunction]:
        function = getattr(self.obj, name)
        for each in self._genfunctions(name, function):
            item: CaseFunction = CaseFunction.from_parent(
                self,
                name=each.name,
                callspec=getattr(each, "callspec", None),
                fixtureinfo=_without_handed_in(each._fixtureinfo, function, getattr(each, "callspec", None)),
                originalname=name,
            )
            yield item

    def _watch_state(self) -> None:
        """Registers a fixture around each test, before all others of the class, so that it ends after them."""
        from canonry.testing.settle import settle  # not above: a run without base cases does not pay for it
        from canonry.testing.state import snapshot

        def canonry_state(request: pytest.FixtureRequest) -> Iterator[None]:
            item: Any = request.node
            case = item.instance
            item.canonry_before = snapshot()
            yield
            settle(case, item.canonry_before, case._canonry_left)

        _register(self, canonry_state)


def _without_handed_in(info: Any, function: object, callspec: Any) -> Any:
    """What a test asks of pytest, without the arguments that a decorator around it hands in."""
    spread = callspec.params if callspec is not None else ()
    gone = handed_in(function, info.argnames, lambda name: name in info.name2fixturedefs or name in spread)
    if not gone:
        return info
    fixed, initial, closure = (
        [name for name in names if name not in gone] for names in (info.argnames, info.initialnames, info.names_closure)
    )
    return replace(info, argnames=tuple(fixed), initialnames=tuple(initial), names_closure=closure)


class PytestStyleClass(pytest.Class):
    """A class in pytest's style: everything is pytest's own, within a scope for each test."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The tests of the class."""
        from canonry.testing.pytest_cases import Around

        def canonry_state(request: pytest.FixtureRequest) -> Iterator[None]:
            item: Any = request.node
            yield from Around(self.obj, item.originalname or item.name, item.nodeid).isolated()

        _register(self, canonry_state)
        yield from super().collect()


def _register(collector: pytest.Collector, function: Callable[..., Iterator[None]]) -> None:
    """Makes a fixture around each test of a class, before all others of it, so that it ends after them."""
    register = getattr(pytest, "register_fixture", None)
    if register is not None:
        register(name="canonry_state", func=function, node=collector, autouse=True)
    else:  # before pytest 9.1
        manager: Any = collector.session._fixturemanager
        manager._register_fixture(
            name="canonry_state", func=function, nodeid=collector.nodeid, scope="function", autouse=True
        )


class CaseFunction(TestCaseFunction):
    """One test of a base case, with one of its parameter sets."""

    nofuncargs = False
    canonry_before: Snapshot

    def canonry_arguments(self) -> dict[str, object]:
        """What the test method is called with; pytest made it in the phase of setup."""
        return {name: self.funcargs[name] for name in self._fixtureinfo.argnames}

    def _getinstance(self) -> Any:
        assert isinstance(self.parent, UnitTestCase)
        return self.parent.obj(self.originalname)

    def runtest(self) -> None:
        """Runs the test case; its name without parameters is that of the method."""
        spread, self.name = self.name, self.originalname
        try:
            super().runtest()
        finally:
            self.name = spread
