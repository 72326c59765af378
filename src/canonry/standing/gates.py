"""The gates of a suite: what has to hold, whether it does, and the command that shows or mends it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from canonry.model.gate import Judgement, Kind, Proof
from canonry.model.gate import Standing as Proven
from canonry.model.outcome import Outcome
from canonry.model.quarantine import Entry
from canonry.model.standing import Absent, Compliance, FlowLine, Gate, Judged, Quarantined, Run
from canonry.report.style import plural

_SAID = {
    Kind.PARSING: "no file stopped parsing",
    Kind.TESTS: "no test was lost",
    Kind.ASSERTIONS: "no assertion was lost",
    Kind.VIOLATIONS: "no violation came in",
    Kind.EXEMPTIONS: "no exemption came in",
    Kind.QUARANTINE: "the quarantine did not grow",
    Kind.CONTRACTS: "no contract demands less",
    Kind.CANON: "the canon demands no less",
}
_PRIORITIES = {Kind.PARSING: 0, Kind.TESTS: 0}
_IDLE = frozenset((Outcome.BLOCKED, Outcome.NOT_RUN))
_ENDED_WELL = frozenset(("passed", ""))


def gates_of(
    compliance: Compliance | Absent,
    judgement: Judgement | Absent,
    run: Run | Absent,
    flows: Iterable[FlowLine],
    quarantine: Sequence[Quarantined],
    proofs: Sequence[Proof],
) -> tuple[Gate, ...]:
    """All gates, failed ones first, the gravest of them before the others."""
    found = [
        _parsing(compliance),
        *_run(run),
        *_baseline(judgement),
        *map(_flow, flows),
        *_quarantine(quarantine),
        *_proofs(proofs),
    ]
    order = {Judged.FAILED: 0, Judged.UNKNOWN: 1, Judged.PASSED: 2}
    return tuple(sorted(found, key=lambda gate: (order[gate.state], gate.priority)))


def failing(bad: Iterable[Outcome], tests: int) -> str:
    """How many of some tests fail and how many did not run, in words; ``bad`` are the outcomes that are."""
    outcomes = list(bad)
    idle = sum(outcome in _IDLE for outcome in outcomes)
    failed = len(outcomes) - idle
    said = [f"{failed:,} of {plural(tests, 'test')} {'fails' if failed == 1 else 'fail'}"] if failed else []
    said += [f"{idle:,} did not run" if failed else f"{idle:,} of {plural(tests, 'test')} did not run"] if idle else []
    return ", ".join(said)


def verdict_of(
    gates: Sequence[Gate], compliance: Compliance | Absent, run: Run | Absent
) -> tuple[Judged, tuple[str, ...]]:
    """The verdict and its reasons: failed where a gate is, passed where files were audited, tests ran, and none is."""
    failed = [gate for gate in gates if gate.state is Judged.FAILED]
    if failed:
        return Judged.FAILED, tuple(f"{gate.name}: {gate.said}" for gate in failed)
    lacking = [each.said for each in (compliance, run) if isinstance(each, Absent)]
    if isinstance(run, Run) and run.cut:
        lacking.append(f"the recording of run {run.id} is cut short")
    if isinstance(compliance, Compliance) and not compliance.files:
        lacking.append("no file was audited")
    if lacking:
        return Judged.UNKNOWN, tuple(lacking)
    return Judged.PASSED, tuple(f"{gate.name}: {gate.said}" for gate in gates if gate.state is Judged.UNKNOWN)


def _parsing(compliance: Compliance | Absent) -> Gate:
    command = "canonry repair"
    if isinstance(compliance, Absent):
        return Gate(name="every file parses", state=Judged.UNKNOWN, said=compliance.said, command=compliance.command)
    broken, files = compliance.unparsable, compliance.files
    if broken:
        said = f"{broken:,} of {plural(files, 'file')} {'does' if broken == 1 else 'do'} not parse"
        return Gate(name="every file parses", state=Judged.FAILED, said=said, command=command, priority=0)
    state = Judged.PASSED if files else Judged.UNKNOWN
    said = f"{plural(files, 'file')}, and all of them do" if files else "there is no Python file"
    return Gate(name="every file parses", state=state, said=said, command="canonry audit --select SYN", priority=0)


def _run(run: Run | Absent) -> Iterator[Gate]:
    if isinstance(run, Absent):
        yield Gate(name="the newest run passes", state=Judged.UNKNOWN, said=run.said, command=run.command, priority=0)
        return
    tests, command = len(run.tests), run.origin.command
    bad = [test for test in run.tests if test.outcome.is_bad and not test.quarantined]
    said = (
        failing((test.outcome for test in bad), tests) if bad else f"{plural(tests, 'test')}, exit status {run.status}"
    )
    if run.cut:
        said += "; its recording is cut short"
    elif run.reason:
        said += f"; it ended early: {run.reason}"
    state = Judged.FAILED if run.status or bad else Judged.UNKNOWN if run.cut or not tests else Judged.PASSED
    mend = "canonry run --failed" if bad else command
    yield Gate(name="the newest run passes", state=state, said=said, command=mend, priority=0)
    for category in run.categories:
        if not category.name or not category.tests:
            continue
        ends_well = category.state in _ENDED_WELL and not category.bad
        mine = [test.outcome for test in bad if test.category == category.name]
        said = failing(mine, category.tests) if mine else plural(category.tests, "test")
        if category.state not in _ENDED_WELL and category.state != "failed":
            said += f", {category.state}"
        yield Gate(
            name=f"category {category.name}",
            state=Judged.PASSED if ends_well else Judged.FAILED,
            said=said,
            command=f"canonry run --category {category.name}",
            priority=category.priority,
        )


def _baseline(judgement: Judgement | Absent) -> Iterator[Gate]:
    if isinstance(judgement, Absent):
        yield Gate(
            name="nothing is worse than the baseline",
            state=Judged.UNKNOWN,
            said=judgement.said,
            command=judgement.command,
        )
        return
    for kind in Kind:
        reasons = [reason for reason in judgement.reasons if reason.kind is kind]
        yield Gate(
            name=f"baseline: {kind.value}",
            state=Judged.FAILED if reasons else Judged.PASSED,
            said="; ".join(reason.said for reason in reasons) or _SAID[kind],
            command=reasons[0].mend if reasons else "canonry gate",
            priority=_PRIORITIES.get(kind, 1),
        )


def _flow(flow: FlowLine) -> Gate:
    return Gate(
        name=f"flow {flow.name}", state=flow.state, said=flow.said, command=f"canonry run --flow {flow.name} --cover",
        priority=0 if flow.state is Judged.FAILED else 1,
    )  # fmt: skip


def _quarantine(entries: Sequence[Quarantined]) -> Iterator[Gate]:
    if not entries:
        return
    over = [each for each in entries if each.days < 0]
    whole = plural(len(entries), "entry", "entries")
    said = (
        f"{len(over):,} of {whole} {'has' if len(over) == 1 else 'have'} expired" if over else f"{whole}, none expired"
    )
    yield Gate(
        name="quarantine",
        state=Judged.FAILED if over else Judged.PASSED,
        said=said,
        command="canonry report quarantine",
    )


def _proofs(proofs: Sequence[Proof]) -> Iterator[Gate]:
    if not proofs:
        return
    bad = [each for each in proofs if each.standing is not Proven.PROVEN]
    whole = plural(len(proofs), "test")
    said = (
        f"{len(bad):,} of {whole} {'proves' if len(bad) == 1 else 'prove'} nothing" if bad else f"{whole}, all proven"
    )
    yield Gate(
        name="proof tests", state=Judged.FAILED if bad else Judged.PASSED, said=said, command="canonry gate proofs"
    )


def quarantine_lines(entries: Iterable[Entry], today: dt.date) -> tuple[Quarantined, ...]:
    """Entries of the quarantine with the days that are left, those that are over first."""
    found = [
        Quarantined(
            test=each.test,
            reason=each.reason,
            owner=each.owner,
            issue=each.issue,
            expires=each.expires.isoformat(),
            days=each.days_left(today),
        )
        for each in entries
    ]
    return tuple(sorted(found, key=lambda line: (line.days, line.test)))
