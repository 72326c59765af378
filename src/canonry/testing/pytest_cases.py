"""`SSotPytestCase`: the base of tests in pytest's style. It adds isolation and nothing else.

It has no attribute, no metaclass and no slot of its own, and is no unittest case: pytest collects and calls what
derives from it as it does any plain class, with its fixtures, parameter sets, `setup_method`, and whatever plugin
awaits async tests. So a class that gets this base behaves as before, whatever its methods are named.
"""

from __future__ import annotations

from canonry.testing.context import node_of
from canonry.testing.environment import IsolatedEnvironment
from canonry.testing.settle import POLICIES, settle
from canonry.testing.state import snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class SSotPytestCase:
    """The base of tests that are in pytest's style and stay in it.

    canonry's pytest plugin opens a scope of the environment around each test, its fixtures and its set-up, and puts
    back what the test leaves behind. ``leaks = "fail"`` or ``"off"`` on a class is as in `SSotBaseTestCase`.
    """

    __slots__ = ()


class Around:
    """What surrounds one test of a class, in the words that judging a leak needs."""

    def __init__(self, kind: type, method: str, node: str) -> None:
        leaks = getattr(kind, "leaks", None)
        self.leaks = leaks if leaks in POLICIES else None  # a class of before may mean something else by it
        self._canonry_class = kind
        self._canonry_node = node
        self._testMethodName = method

    def isolated(self) -> Iterator[None]:
        """A scope that is open until this goes on, and the state of before once it does."""
        before = snapshot()
        try:
            with IsolatedEnvironment(name=node_of(self)):
                yield
        finally:
            settle(self, before)
