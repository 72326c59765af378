"""The flows of the canon: what they are worth, what may be claimed of them, and how far tests cover them."""

from collections.abc import Collection, Iterator, Sequence

from canonry.canon.options import Canon, Flow
from canonry.history.reliability import claim_flow
from canonry.model.outcome import Outcome
from canonry.model.reliability import ClaimState, FlowClaim
from canonry.model.run_event import FlowCovered
from canonry.model.standing import FlowLine, Judged, Origin, Run
from canonry.report.style import plural
from canonry.run.flow_claims import flow_runs, is_of_flow
from canonry.standing.gates import failing
from canonry.standing.past import Past


def flow_lines(
    canon: Canon, run: Run | None, past: Past, *, commit: str | None, dirty: bool, at: float
) -> tuple[FlowLine, ...]:
    """A line for each flow, those of most weight first; claims are made at ``commit``."""
    lines = [_line(name, flow, run, past, commit, dirty=dirty, at=at) for name, flow in canon.flows.items()]
    return tuple(sorted(lines, key=lambda line: (-line.weight, line.name)))


def _line(
    name: str, flow: Flow, run: Run | None, past: Past, commit: str | None, *, dirty: bool, at: float
) -> FlowLine:
    tests = [test for test in run.tests if is_of_flow(flow, test.node)] if run is not None else []
    bad = [test.outcome for test in tests if test.outcome.is_bad]
    claim = _claim(name, flow, past, commit, {test.node for test in tests}, dirty=dirty)
    covered = past.history.flows(past.runs, flow=name) if past.history is not None else []
    coverage = covered[-1].covered if covered else None
    state, said = _judged(flow, len(tests), bad, claim, coverage)
    return FlowLine(
        origin=Origin(
            command=f"canonry run --flow {name} --cover",
            population=f"{claim.trials:,} whole runs that count at this commit, {len(tests):,} tests of the shown run",
            commit=commit,
            dirty=dirty,
            at=at,
        ),
        name=name,
        weight=flow.weight,
        value=flow.value or "",
        tests=len(tests),
        bad=len(bad),
        state=state,
        said=said,
        claim=claim,
        coverage=coverage,
        wanted=(flow.reliability, flow.coverage),
    )


def _claim(name: str, flow: Flow, past: Past, commit: str | None, tests: Collection[str], *, dirty: bool) -> FlowClaim:
    """What may be claimed at a commit, in the environment and profile of the newest run there."""
    runs = past.history.runs(commits=[commit]) if past.history is not None and commit is not None else []
    environment, profile = (runs[-1].environment, runs[-1].profile) if runs else ("", "")
    alike = [run for run in runs if run.environment == environment and run.profile == profile]
    return claim_flow(
        name,
        flow_runs(past.history, alike, flow, tests) if past.history is not None else (),
        commit=commit,
        environment=environment,
        profile=profile,
        dirty=dirty,
        target=flow.reliability,
        tests=tests,
    )


def _judged(
    flow: Flow, tests: int, bad: Sequence[Outcome], claim: FlowClaim, coverage: FlowCovered | None
) -> tuple[Judged, str]:
    """What is said of a flow, and why: failed by a test, a refuted claim or too little coverage; passed on evidence."""
    headline = coverage.headline if coverage is not None else None
    if bad:
        return Judged.FAILED, failing(bad, tests)
    if claim.state is ClaimState.REFUTED:
        return (
            Judged.FAILED,
            f"{claim.target:.0%} reliability is refuted: {claim.failures:,} of {claim.trials:,} runs fail",
        )
    if flow.coverage is not None and headline is not None and headline < flow.coverage:
        return Judged.FAILED, f"its coverage is {headline:.0%}, and {flow.coverage:.0%} is demanded"
    lacking = "; ".join(_lacking(flow, tests, claim, headline))
    return (Judged.UNKNOWN, lacking) if lacking else (Judged.PASSED, f"{plural(tests, 'test')}, all of them pass")


def _lacking(flow: Flow, tests: int, claim: FlowClaim, headline: float | None) -> Iterator[str]:
    if not tests:
        yield "no test of it ran"
    if flow.reliability is not None and claim.state is not ClaimState.PROVEN:
        left = f", {claim.needed:,} clean runs would prove it" if claim.needed else ""
        yield f"reliability of {claim.target:.0%} is not proven ({claim.reason or claim.state.value}{left})"
    if flow.coverage is not None and headline is None:
        yield "its coverage was not measured"
