"""How far a run's tests cover a flow: its components, the events and transitions of its contract, its mutants.

Every measure has the denominator that the canon and the versioned contract declare; what a run could not measure is
said, and counts as nothing.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from canonry.canon.options import Canon, Flow, Mocks
from canonry.canon.selection import matches
from canonry.contract.compile.plan import Plan
from canonry.contract.cover import Item, denominator
from canonry.contract.load import load_contract
from canonry.contract.mutate.matrix import kill_matrix
from canonry.history.code_coverage import ReachedCode, reached_code
from canonry.history.fault_matrix import faults_of
from canonry.model.run_event import ContractJudged, FlowCovered, Measure

EVENTS = "events"
"""The group of a contract's denominator that is measured by itself."""
_NO_CONTRACT = "the flow declares no `contract`"


def components_of(flow: Flow, paths: Iterable[str]) -> list[str]:
    """The Python files among these paths that a flow declares as its components, sorted."""
    return sorted(path for path in paths if path.endswith(".py") and matches(path, flow.components))


def without_mocks(canon: Canon) -> frozenset[str]:
    """The categories whose tests may not mock, so that what they reach is the real thing."""
    return frozenset(name for name, category in canon.categories.items() if category.mocks is Mocks.FORBIDDEN)


def require_contract(flow: Flow, root: Path) -> None:
    """Raises `UserError` where the contract of a flow is not there or contradicts itself."""
    if flow.contract:
        load_contract(_place(root, flow.contract))


def cover_flow(
    name: str,
    flow: Flow,
    *,
    root: Path,
    folder: Path,
    components: Sequence[str],
    nodes: Collection[str],
    judged: Iterable[ContractJudged],
) -> FlowCovered:
    """The coverage of one flow. ``folder`` holds what workers measured, ``nodes`` are the passing tests that count.

    ``judged`` is what passing tests of the flow held against contracts. Raises `UserError` for a contract that is not
    there or contradicts itself.
    """
    contract = flow.contract or ""
    events = transitions = mutants = faults = Measure(note=_NO_CONTRACT)
    if contract:
        plan = load_contract(_place(root, contract)).plan
        events, transitions = _exercised(plan, judged)
        mutants = _mutants(plan)
        faults = faults_of(root, flow.faults or "", plan, components)
    return FlowCovered(
        at=time.time(),
        flow=name,
        contract=contract,
        tests=len(nodes),
        code=_code(flow, root, folder, components, nodes),
        events=events,
        transitions=transitions,
        faults=faults,
        mutants=mutants,
    )


def _place(root: Path, contract: str) -> str:
    """The contract as the loader takes it: a file from the root of the tree, else a shipped name."""
    there = root / contract
    return str(there) if there.is_file() else contract


def _exercised(plan: Plan, judged: Iterable[ContractJudged]) -> tuple[Measure, Measure]:
    """What was exercised of a contract's events, and of how its scopes, spans and states move and end."""
    seen = {(group, name) for each in judged if each.contract == plan.contract.contract for group, name, _ in each.seen}
    items = denominator(plan)
    return (
        _share([item for item in items if item.group == EVENTS], seen),
        _share([item for item in items if item.group != EVENTS], seen),
    )


def _share(items: Sequence[Item], seen: Collection[tuple[str, str]]) -> Measure:
    missing = [item for item in items if (item.group, item.name) not in seen]
    return Measure(
        part=len(items) - len(missing),
        whole=len(items),
        missing=tuple(item.name if item.group == EVENTS else f"{item.group}: {item.name}" for item in missing),
    )


def _mutants(plan: Plan) -> Measure:
    """Which rules of the contract a mutant turns red."""
    matrix = kill_matrix(plan)
    return Measure(
        part=len(matrix.rules) - len(matrix.unproven), whole=len(matrix.rules), missing=tuple(matrix.unproven)
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
