"""The matrix as data: which fault, with which arguments, has to turn which test red, by which rule, on which engines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FAULTS = "GOLDEN_FAULTS"
"""The variable that has tests run with their faults instead of without."""
ENGINE = "GOLDEN_ENGINE"
"""The variable that names the engine: `sqlite`, or `pair`."""
QUICK = "GOLDEN_QUICK"
"""The variable that leaves out what costs more than `make test` has."""
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
    """Whether `make test` runs it."""
    under: str = ""
    """The circumstance under which its check looks: `disconnect`, `slow reader`, `concurrent users`, or none."""


def cases_of(node: str, engine: str, *, quick: bool = False) -> list[Case]:
    """The faults of one test, found by the end of its node id."""
    from golden_path.matrix.rows import CASES

    return [
        case
        for case in CASES
        if node.endswith(f"/{case.check}") and engine in case.engines and (case.quick or not quick)
    ]
