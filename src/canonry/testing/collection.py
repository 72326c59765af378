"""pytest's half of the base cases: fixtures as arguments, parameter sets, state judged after the fixtures are gone.

A pytest plugin: `canonry.pytest_plugin` registers it, or calls `collector_for` from its own hook. The items stay
pytest's unittest items, so subtests, skips, expected failures and other plugins find what they know.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.unittest import TestCaseFunction, UnitTestCase

if TYPE_CHECKING:
    from canonry.testing.state import Snapshot


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """Our own collector for our own cases."""
    return collector_for(collector, name, obj)


def collector_for(collector: pytest.Collector, name: str, obj: object) -> pytest.Collector | None:
    """The collector for a class that derives from a base case; None for everything else. Cheap where none is loaded."""
    cases = sys.modules.get("canonry.testing.cases")
    if cases is None or not isinstance(obj, type) or not issubclass(obj, cases.SSotBaseTestCase):
        return None
    if getattr(obj, "__abstractmethods__", None):
        return None  # pytest's own leaves it out, too
    made: CaseClass = CaseClass.from_parent(collector, name=name, obj=obj)
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
                fixtureinfo=each._fixtureinfo,
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

        register = getattr(pytest, "register_fixture", None)
        if register is not None:
            register(name="canonry_state", func=canonry_state, node=self, autouse=True)
        else:  # before pytest 9.1
            manager: Any = self.session._fixturemanager
            manager._register_fixture(
                name="canonry_state", func=canonry_state, nodeid=self.nodeid, scope="function", autouse=True
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
