"""How far a run's tests cover a flow: its components, the events and transitions of its contract, its mutants.

Every measure has the denominator that the canon and the versioned contract declare; what a run could not measure is
said, and counts as nothing.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from canonry.canon.options import Canon, Flow, Mocks
from canonry.canon.selection import matches
from canonry.history.code_coverage import ReachedCode, reached_code
from canonry.model.run_event import FlowCovered, Measure

_NO_MATRIX = "no fault matrix has run"
_NO_CONTRACT = "the flow declares no `contract`"


def components_of(flow: Flow, paths: Iterable[str]) -> list[str]:
    """The Python files among these paths that a flow declares as its components, sorted."""
    return sorted(path for path in paths if path.endswith(".py") and matches(path, flow.components))


def without_mocks(canon: Canon) -> frozenset[str]:
    """The categories whose tests may not mock, so that what they reach is the real thing."""
    return frozenset(name for name, category in canon.categories.items() if category.mocks is Mocks.FORBIDDEN)


def cover_flow(
    name: str, flow: Flow, *, root: Path, folder: Path, components: Sequence[str], nodes: Collection[str]
) -> FlowCovered:
    """The coverage of one flow. ``folder`` holds what workers measured, ``nodes`` are the passing tests that count."""
    contract = flow.contract or ""
    return FlowCovered(
        at=time.time(),
        flow=name,
        contract=contract,
        tests=len(nodes),
        code=_code(flow, root, folder, components, nodes),
        events=Measure(note=_NO_CONTRACT),
        transitions=Measure(note=_NO_CONTRACT),
        faults=Measure(note=_NO_MATRIX),
        mutants=Measure(note=_NO_CONTRACT),
    )


def _code(flow: Flow, root: Path, folder: Path, components: Sequence[str], nodes: Collection[str]) -> Measure:
    if not flow.components:
        return Measure(note="the flow declares no `components`")
    if not components:
        return Measure(note="its `components` name no Python file")
    if not nodes:
        return Measure(note='no test of the flow passed in a category with `mocks = "forbidden"`')
    found = reached_code(folder, root, [root / each for each in components], nodes)
    return Measure(
        part=sum(each.part for each in found),
        whole=sum(each.whole for each in found),
        missing=tuple(_missing(each) for each in found if each.missing or each.part < each.whole),
    )


def _missing(code: ReachedCode) -> str:
    branches = code.branches - code.branches_reached
    said = f"{code.path}"
    if code.missing:
        said += f": {', '.join(_ranges(code.missing))}"
    return said + (f" ({branches} of {code.branches} branches)" if branches else "")


def _ranges(lines: Sequence[int]) -> Iterable[str]:
    """Line numbers as ranges, such as ``3-8``."""
    start = last = lines[0]
    for line in (*lines[1:], -1):
        if line == last + 1:
            last = line
            continue
        yield f"{start}-{last}" if last > start else str(start)
        start = last = line
