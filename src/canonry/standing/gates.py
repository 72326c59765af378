"""The gates of a suite: what has to hold, whether it does, and the command that shows or mends it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from canonry.canon.options import Canon, Priority
from canonry.model.gate import Judgement, Kind, Proof, ProofState
from canonry.model.outcome import Outcome
from canonry.model.quarantine import Entry
from canonry.model.readiness import About, Readiness
from canonry.model.standing import Absent, CategoryLine, Compliance, FlowLine, Gate, Judged, Quarantined, Run, Test
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
_NEWEST, _CATEGORY = "the newest run passes", "category "
PRIORITIES = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.MEDIUM: 2, Priority.LOW: 3}


def gates_of(
    canon: Canon,
    compliance: Compliance | Absent,
    judgement: Judgement | Absent,
    run: Run | Absent,
    flows: Iterable[FlowLine],
    quarantine: Sequence[Quarantined],
    proofs: Sequence[Proof],
    *,
    commit: str | None,
    dirty: bool,
) -> tuple[Gate, ...]:
    """All gates, failed ones first, the gravest of them before the others. ``commit`` and ``dirty`` are the tree's."""
    found = [
        _parsing(compliance),
        *_run(canon, run, commit, dirty=dirty),
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
    gates: Sequence[Gate],
    compliance: Compliance | Absent,
    run: Run | Absent,
    readiness: Iterable[Readiness] = (),
) -> tuple[Judged, tuple[str, ...]]:
    """The verdict and its reasons: failed where a gate is, passed where files were audited, tests ran, and none is.

    Where a critical category is not known, or ``readiness`` says so of the run's profile, there is not enough data.
    """
    failed = [gate for gate in gates if gate.state is Judged.FAILED]
    if failed:
        return Judged.FAILED, tuple(f"{gate.name}: {gate.said}" for gate in failed)
    lacking = [each.said for each in (compliance, run) if isinstance(each, Absent)]
    if isinstance(run, Run) and run.cut:
        lacking.append(f"the recording of run {run.id} is cut short")
    if isinstance(compliance, Compliance) and not compliance.files:
        lacking.append("no file was audited")
    if isinstance(run, Run):
        lacking += (f"{gate.name}: {gate.said}" for gate in gates if gate.state is Judged.UNKNOWN and _is_grave(gate))
        lacking += (
            each.said
            for profile in readiness
            if profile.profile == run.profile
            for each in profile.lacking
            if each.about in (About.COMMIT, About.CATEGORY)
        )
    if lacking:
        return Judged.UNKNOWN, tuple(lacking)
    return Judged.PASSED, tuple(f"{gate.name}: {gate.said}" for gate in gates if gate.state is Judged.UNKNOWN)


def _is_grave(gate: Gate) -> bool:
    return gate.name == _NEWEST or (gate.name.startswith(_CATEGORY) and gate.priority == 0)


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


def _run(canon: Canon, run: Run | Absent, commit: str | None, *, dirty: bool) -> Iterator[Gate]:
    if isinstance(run, Absent):
        yield Gate(name=_NEWEST, state=Judged.UNKNOWN, said=run.said, command=run.command, priority=0)
        for name, declared in canon.categories.items():
            yield _idle(name, PRIORITIES[declared.priority], run.said)
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
    stale = _stale(run, commit)
    if not stale and dirty and state is Judged.PASSED:
        stale = "the tree has uncommitted changes since"
    if stale:
        state, said, mend = Judged.UNKNOWN, f"{said}; {stale}", "canonry run"
    yield Gate(name=_NEWEST, state=state, said=said, command=mend, priority=0)
    ran = {category.name: category for category in run.categories if category.name and category.tests}
    for category in ran.values():
        yield _category(category, [test for test in bad if test.category == category.name], stale)
    for name, declared in canon.categories.items():
        if name not in ran:
            yield _idle(name, PRIORITIES[declared.priority], "no test of it ran in the shown run")


def _stale(run: Run, commit: str | None) -> str:
    """Why a run does not speak for a commit, empty where it does. Outside git it speaks for the tree."""
    ran = run.origin.commit
    if ran != commit:
        return f"ran at {ran[:10] if ran else 'no commit'}, not HEAD"
    return f"ran at {ran[:10]} with uncommitted changes, not HEAD" if ran and run.origin.dirty else ""


def _category(category: CategoryLine, bad: Sequence[Test], stale: str) -> Gate:
    ends_well = category.state in _ENDED_WELL and not category.bad
    said = failing((test.outcome for test in bad), category.tests) if bad else plural(category.tests, "test")
    if category.state not in _ENDED_WELL and category.state != "failed":
        said += f", {category.state}"
    return Gate(
        name=f"{_CATEGORY}{category.name}",
        state=Judged.UNKNOWN if stale else Judged.PASSED if ends_well else Judged.FAILED,
        said=f"{said}; {stale}" if stale else said,
        command=f"canonry run --category {category.name}",
        priority=category.priority,
    )


def _idle(name: str, priority: int, why: str) -> Gate:
    """The gate of a category of which nothing is known."""
    command = f"canonry run --category {name}"
    return Gate(name=f"{_CATEGORY}{name}", state=Judged.UNKNOWN, said=why, command=command, priority=priority)


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
            said="; ".join(dict.fromkeys(said for each in reasons for said in (each.said, each.remark) if said))
            or _SAID[kind],
            command=reasons[0].mend if reasons else "canonry gate",
            priority=_PRIORITIES.get(kind, 1),
        )


def _flow(flow: FlowLine) -> Gate:
    return Gate(
        name=f"flow {flow.name}", state=flow.state, said=flow.said, command=_next_of(flow),
        priority=0 if flow.state is Judged.FAILED else 1,
    )  # fmt: skip


def _next_of(flow: FlowLine) -> str:
    """What makes the evidence that a flow lacks: a proof takes many runs, everything else one that measures."""
    reliability, coverage = flow.wanted
    measured = coverage is None or (flow.coverage is not None and flow.coverage.headline is not None)
    if flow.state is Judged.UNKNOWN and reliability is not None and flow.tests and not flow.bad and measured:
        return f"canonry run --flow {flow.name} --prove {reliability:g}"
    return f"canonry run --flow {flow.name} --cover"


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
    bad = [each for each in proofs if each.standing is not ProofState.PROVEN]
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
