"""What a test can know of itself: its node id, its category, which attempt it is, which worker runs it.

The runner says so by the variables ``CANONRY_CATEGORY``, ``CANONRY_ATTEMPT``, ``CANONRY_WORKER`` and ``CANONRY_LEAKS``
where it starts a process, and by `provide` where it is in the process itself. They are read once, so that a test which
clears the environment still knows them.
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

START = os.getcwd()  # noqa: PTH109 - pathlib need not be loaded
"""The working directory before any test ran."""
EVENTS = os.environ.get("CANONRY_EVENTS", "")
"""The file for events, where the runner names one."""


class TestContext:
    """The facts of one attempt. ``category`` is empty outside the runner and in no category; attempts count from 1."""

    __test__ = False
    __slots__ = ("attempt", "category", "node", "worker")

    def __init__(self, node: str, *, category: str = "", attempt: int = 1, worker: int = 0) -> None:
        self.node = node
        self.category = category
        self.attempt = attempt
        self.worker = worker

    def __repr__(self) -> str:
        return f"TestContext({self.node!r}, category={self.category!r}, attempt={self.attempt}, worker={self.worker})"


def _number(name: str, least: int) -> int:
    text = os.environ.get(name, "")
    return max(least, int(text)) if text.isascii() and text.isdigit() else least


_provided: dict[str, Any] = {
    "category": os.environ.get("CANONRY_CATEGORY", ""),
    "attempt": _number("CANONRY_ATTEMPT", 1),
    "worker": _number("CANONRY_WORKER", 0),
    "leaks": os.environ.get("CANONRY_LEAKS", ""),
    "node": "",
}
running: ContextVar[Any] = ContextVar("canonry_test", default=None)
"""The base case whose test runs in this context, or the context of a test function."""


def provide(
    *,
    node: str | None = None,
    category: str | None = None,
    attempt: int | None = None,
    worker: int | None = None,
    leaks: str | None = None,
) -> None:
    """For the runner: what holds for the tests that follow. None leaves a fact as it is.

    ``leaks`` is the policy of the category: ``off``, ``warn`` or ``fail``.
    """
    given = {"node": node, "category": category, "attempt": attempt, "worker": worker, "leaks": leaks}
    _provided.update({name: value for name, value in given.items() if value is not None})


def leak_policy() -> str:
    """What the runner says of leaks; empty where it says nothing."""
    policy: str = _provided["leaks"]
    return policy


def current(node: str | None = None) -> TestContext:
    """The context of the test that runs here; ``node`` says which, where the caller knows."""
    if node is None:
        case = running.get()
        node = _provided["node"] if case is None else node_of(case)
    return TestContext(
        node or "",
        category=_provided["category"],
        attempt=_provided["attempt"],
        worker=_provided["worker"],
    )


def node_of(case: Any) -> str:
    """The node id of a test case: pytest's where it runs the test, else what pytest's would be."""
    known: str = getattr(case, "_canonry_node", "")
    if known:
        return known
    module = sys.modules.get(type(case).__module__)
    file = getattr(module, "__file__", None)
    path = os.path.relpath(file, START) if file else type(case).__module__
    names = [*type(case).__qualname__.split("."), case._testMethodName]
    return "::".join([path.replace(os.sep, "/"), *names])
