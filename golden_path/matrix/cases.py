"""A case of the matrix: which fault has to turn which test red, by which rule, on which engines."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

FAULTS = "GOLDEN_FAULTS"
"""The variable that has tests run with their faults instead of without."""
ENGINE = "GOLDEN_ENGINE"
"""The variable that names the engine: `sqlite`, or `pair`."""
HERE = "GOLDEN_IN_PROCESS"
"""The variable that has the service run in a thread of the test process, so that its code is measured."""
QUICK = "GOLDEN_QUICK"
"""The variable that leaves out what costs much: `--quick`."""
ONLY = "GOLDEN_ONLY"
"""The variable that names the only faults that are wanted, with commas."""
SQLITE, PAIR = "sqlite", "pair"
BOTH = (SQLITE, PAIR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault, and the check that has to notice it.

    ``check`` is the node id of a test below `golden_path`. ``expects`` are rules of the contract, or ``assert: WORDS``
    for what the test itself says; one of them has to be why the test is red. ``faults`` are switched on in the service;
    where there are none, the test reads the key and does what it names.
    """

    row: int
    key: str
    check: str
    expects: tuple[str, ...]
    faults: Mapping[str, Any] = field(default_factory=dict)
    engines: tuple[str, ...] = BOTH
    own_process: bool = False
    """Whether the test starts a service of its own, in which it switches the faults on."""
    quick: bool = True
    """Whether `--quick` runs it."""
    under: str = ""
    """The circumstance under which its check looks: `disconnect`, `slow reader`, `concurrent users`, or none."""


def wanted(cases: Iterable[Case], *, quick: bool, only: Collection[str]) -> list[Case]:
    """The cases that a call is about."""
    return [case for case in cases if (case.quick or not quick) and (not only or case.key in only)]


def cases_of(node: str, engine: str) -> list[Case]:
    """The faults of one test in this call, found by the end of its node id."""
    from golden_path.matrix.rows import CASES

    only = [key for key in os.environ.get(ONLY, "").split(",") if key]
    mine = [case for case in CASES if node.endswith(f"/{case.check}") and engine in case.engines]
    return wanted(mine, quick=bool(os.environ.get(QUICK)), only=only)
