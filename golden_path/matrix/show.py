"""The matrix as a table for people."""

from collections.abc import Iterable, Iterator, Sequence

from golden_path.matrix.rows import DEFECTS
from golden_path.matrix.verdicts import SAYS, State, Verdict


def table(verdicts: Sequence[Verdict], *, whole: bool) -> Iterator[str]:
    """A line for every row of the matrix and every fault of it, on each engine; then what is not proven, and why."""
    engines = list(dict.fromkeys(each.engine for each in verdicts))
    width = max((len(each.case.key) for each in verdicts), default=0)
    for row, defect in DEFECTS.items():
        mine = [each for each in verdicts if each.case.row == row]
        if whole or mine:
            yield f"{row:>2}  {defect}" + ("" if mine else "  unproven: no fault ran")
        for key in dict.fromkeys(each.case.key for each in mine):
            cells = {each.engine: each for each in mine if each.case.key == key}
            first = next(iter(cells.values()))
            marks = "  ".join(f"{engine} {_mark(cells.get(engine))}" for engine in engines)
            yield f"      {key:<{width}}  {marks}  {first.case.check.rpartition('/')[2]}  {_why(cells.values())}"
    open_ones = [each for each in verdicts if each.state is not State.PROVEN]
    for each in open_ones:
        yield f"{each.state.value}: row {each.case.row}, {each.case.key}, {each.engine}: {each.why}"


def missing_rows(verdicts: Iterable[Verdict]) -> list[int]:
    """The rows of which nothing is proven."""
    proven = {each.case.row for each in verdicts if each.state is State.PROVEN}
    return [row for row in DEFECTS if row not in proven]


def _mark(verdict: Verdict | None) -> str:
    if verdict is None:
        return "-               "
    return {State.PROVEN: "green, red      ", State.UNPROVEN: "UNPROVEN        ", State.RED: "RED WITHOUT IT  "}[
        verdict.state
    ]


def _why(cells: Iterable[Verdict]) -> str:
    matched = dict.fromkeys(each.matched for each in cells if each.matched)
    return " / ".join(each.removeprefix(SAYS) for each in matched)
