"""What two runs of the same build say of each case: proven, or why not. A check is worth its green once it was red."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, ContractJudged, RunEvent, decode
from golden_path.matrix.cases import Case

SAYS = "says: "
"""How an expectation begins that is a text of the test's own assertion, and no rule of the contract."""
_RED = (Outcome.FAILED,)


class State(StrEnum):
    """What a case is worth."""

    PROVEN = "proven"
    UNPROVEN = "unproven"
    RED = "red"
    """The check is red on the healthy service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a run saw of one test: its last outcome, why, and the rules that its contracts found violated."""

    outcome: Outcome
    reason: str = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One case on one engine."""

    case: Case
    engine: str
    state: State
    why: str = ""
    """One sentence where it is not proven."""
    red_by: tuple[str, ...] = ()
    """The rules that were violated under the fault, and what the test said where it said something itself."""
    matched: str = ""
    """The expectation that was why it was red."""


def seen_in(recording: Path) -> dict[str, Seen]:
    """What a run recorded, by node id; lines that are no events are told by their absence."""
    found: dict[str, Seen] = {}
    rules: dict[str, list[str]] = {}
    for event in _events(recording):
        if isinstance(event, ContractJudged):
            rules.setdefault(event.node, []).extend(event.violations)
        elif isinstance(event, AttemptEnded):
            found[event.node] = Seen(
                outcome=event.outcome, reason=event.reason, rules=tuple(dict.fromkeys(rules.pop(event.node, ())))
            )
    return found


def judge(cases: Iterable[Case], engine: str, *, healthy: dict[str, Seen], faulty: dict[str, Seen]) -> list[Verdict]:
    """A verdict for every case that the engine has."""
    return [_verdict(case, engine, healthy, faulty) for case in cases if engine in case.engines]


def _verdict(case: Case, engine: str, healthy: dict[str, Seen], faulty: dict[str, Seen]) -> Verdict:
    green = _of(healthy, case.check)
    red = _of(faulty, f"{case.check}[{case.key}]")
    if green is None or red is None:
        where = "on the healthy service" if green is None else "under its fault"
        return Verdict(case=case, engine=engine, state=State.UNPROVEN, why=f"the check did not run {where}")
    said = (*red.rules, *((red.reason,) if red.outcome in _RED and not _is_contracts(red.reason) else ()))
    if green.outcome is not Outcome.PASSED:
        why = f"the check is {green.outcome.value} on the healthy service: {green.reason}"
        return Verdict(case=case, engine=engine, state=State.RED, why=why, red_by=said)
    if red.outcome not in _RED:
        why = f"the check is {red.outcome.value} under its fault"
        return Verdict(case=case, engine=engine, state=State.UNPROVEN, why=why, red_by=said)
    matched = _matched(case.expects, red)
    if not matched:
        wanted = " or ".join(f"`{each}`" for each in case.expects)
        why = f"the check is red, and not by {wanted}, but: {'; '.join(said)[:300]}"
        return Verdict(case=case, engine=engine, state=State.UNPROVEN, why=why, red_by=said)
    return Verdict(case=case, engine=engine, state=State.PROVEN, red_by=said, matched=matched)


def _matched(expects: Sequence[str], red: Seen) -> str:
    """The first expectation that came true."""
    for each in expects:
        if each.startswith(SAYS):
            if each.removeprefix(SAYS) in red.reason:
                return each
        elif each in red.rules:
            return each
    return ""


def _is_contracts(reason: str) -> bool:
    return "ContractViolationError" in reason


def _of(run: dict[str, Seen], check: str) -> Seen | None:
    return next((seen for node, seen in run.items() if node.endswith(f"/{check}")), None)


def _events(recording: Path) -> Iterable[RunEvent]:
    for line in recording.read_bytes().splitlines():
        try:
            yield decode(line)
        except msgspec.MsgspecError:
            continue
