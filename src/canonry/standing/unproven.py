"""What is green, or silent, and proves nothing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from canonry.model.gate import Proof, ProofState
from canonry.model.outcome import Outcome
from canonry.model.reliability import ClaimState
from canonry.model.standing import FlowLine, Unproven
from canonry.report.style import plural
from canonry.run.summary import RunSummary

_SKIPS = 10


def unproven_of(proofs: Sequence[Proof], flows: Iterable[FlowLine], summary: RunSummary | None) -> tuple[Unproven, ...]:
    """Proof tests that prove nothing, flows without a claim, contracts' rules without a mutant, what did not run."""
    return (*_proofs(proofs), *_flows(flows), *(_run(summary) if summary is not None else ()))


def _proofs(proofs: Sequence[Proof]) -> Iterator[Unproven]:
    for each in proofs:
        if each.standing is not ProofState.PROVEN:
            yield Unproven(
                kind="proof", what=f"{each.test} ({each.claim})", why=each.said, command="canonry gate proofs"
            )


def _flows(flows: Iterable[FlowLine]) -> Iterator[Unproven]:
    for flow in flows:
        claim, coverage = flow.claim, flow.coverage
        if claim.state is not ClaimState.PROVEN:
            why = claim.reason or f"reliability of {claim.target:.0%} is {claim.state.value}"
            yield Unproven(kind="flow", what=flow.name, why=why, command=f"canonry run --flow {flow.name}")
        if coverage is not None and coverage.mutants.missing:
            missing = coverage.mutants.missing
            yield Unproven(
                kind="contract",
                what=coverage.contract,
                why=f"{len(missing):,} of {coverage.mutants.whole:,} rules are turned red by no mutant: "
                + ", ".join(missing[:5]),
                command=f"canonry contract mutants {coverage.contract}",
            )


def _run(summary: RunSummary) -> Iterator[Unproven]:
    command = f"canonry run --replay {summary.started.run} -v"
    reasons: Counter[tuple[Outcome, str]] = Counter()
    for result in summary.results.values():
        if result.outcome in (Outcome.SKIPPED, Outcome.NOT_RUN, Outcome.BLOCKED, Outcome.EXPECTED_FAILURE):
            reasons[result.outcome, result.last.reason or "no reason is said"] += 1
    for (outcome, reason), count in reasons.most_common(_SKIPS):
        yield Unproven(kind=outcome.value, what=plural(count, "test"), why=reason, command=command)
    rest = sum(reasons.values()) - sum(count for _, count in reasons.most_common(_SKIPS))
    if rest:
        yield Unproven(kind="skipped", what=plural(rest, "test"), why="other reasons", command=command)
    for name, category in summary.categories.items():
        if name and category.tests and not category.evidence:
            yield Unproven(
                kind="category",
                what=name,
                why=f"none of its {category.tests:,} tests ran to its end",
                command=f"canonry run --category {name}",
            )
