"""What a fault matrix says of a flow: which isolation and ordering rules were red under which circumstance.

A matrix is a file that whatever plants the faults leaves behind (docs/formats.md). It counts for the code that it ran
on, and for no other.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from canonry.contract.compile.plan import Plan
from canonry.model.run_event import Measure

FORMAT = 1
CIRCUMSTANCES = ("disconnect", "slow reader", "concurrent users")
"""Under which the rules have to be looked at."""
_FAMILIES = ("isolation", "order", "sequence", "quiet", "states", "unique")
_OF_SCOPES = ("opened", "once", "closed", "ended", "inside", "before", "constant", "alone", "parents")
_NO_MATRIX = "no fault matrix has run"


class Cell(msgspec.Struct, frozen=True):
    """One fault: the rules that it turned red, under a circumstance, and whether the check was green without it."""

    fault: str
    rules: tuple[str, ...] = ()
    under: str = ""
    proven: bool = False


class FaultMatrix(msgspec.Struct, frozen=True):
    """A matrix and the files that it ran on, by path, each with the SHA-256 of its content."""

    format: int
    cells: tuple[Cell, ...]
    files: dict[str, str]


def faults_of(root: Path, place: str, plan: Plan, components: Sequence[str]) -> Measure:
    """The pairs of an isolation or ordering rule and a circumstance under which a proven fault turned it red.

    ``place`` is the file of the matrix below ``root``, empty where the flow names none.
    """
    file = root / place
    if not place or not file.is_file():
        return Measure(note=_NO_MATRIX)
    try:
        matrix = msgspec.json.decode(file.read_bytes(), type=FaultMatrix)
    except msgspec.MsgspecError as error:
        return Measure(note=f"`{place}` holds no fault matrix: {error}")
    if matrix.format > FORMAT:
        return Measure(note=f"`{place}` is of version {matrix.format}, this canonry reads {FORMAT}")
    if stale := _changed(root, matrix, components):
        return Measure(note=f"the fault matrix is of another build: `{stale}` has changed since; run it again")
    red = {(rule, cell.under) for cell in matrix.cells if cell.proven for rule in cell.rules}
    pairs = [(rule, circumstance) for rule in looked_at(plan) for circumstance in CIRCUMSTANCES]
    missing = tuple(f"{rule} under {circumstance}" for rule, circumstance in pairs if (rule, circumstance) not in red)
    return Measure(part=len(pairs) - len(missing), whole=len(pairs), missing=missing)


def looked_at(plan: Plan) -> Iterator[str]:
    """The ids of a contract's isolation and ordering rules."""
    scopes = {*plan.contract.scopes, *plan.contract.spans}
    for rule in plan.rules:
        family, _, rest = rule.id.partition(".")
        if family in _FAMILIES or (family in scopes and rest.partition(".")[0] in _OF_SCOPES):
            yield rule.id


def _changed(root: Path, matrix: FaultMatrix, components: Sequence[str]) -> str:
    """The first component that the matrix did not run on as it is now; empty where it ran on all."""
    for path in components:
        try:
            content = (root / path).read_bytes()
        except OSError:
            return path
        if matrix.files.get(path) != hashlib.sha256(content).hexdigest():
            return path
    return ""
