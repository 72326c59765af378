"""Claims of flows: what counts as a run of a flow, what leaves the denominator, and when a claim is made."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.history.reliability import (
    FlowRun,
    Trial,
    claim_flow,
    clean_runs_needed,
    first_outcomes,
    lower_bound_at_any_time,
    trial_of,
)
from canonry.history.statistics.claims import CLAIM_AT, evidence
from canonry.model.history import KeptAttempt, KeptRun
from canonry.model.outcome import Outcome
from canonry.model.reliability import ClaimState, FlowClaim
from canonry.model.run_event import FlowClaimed, decode, encode

A, B = "t/test_a.py::test_a", "t/test_b.py::test_b"
P, F, S, LOST = Outcome.PASSED, Outcome.FAILED, Outcome.SKIPPED, Outcome.LOST
DOWN = Outcome.SERVICE_UNAVAILABLE


def run(name: str, **more: object) -> KeptRun:
    return msgspec.structs.replace(KeptRun(id=name, at=1.0, commit="c1", environment="e1"), **more)


def runs(*outcomes: Outcome, **more: object) -> list[FlowRun]:
    """Runs of the whole flow: the first test passes, the second one ends so."""
    return [FlowRun(run(str(number), **more), {A: P, B: each}) for number, each in enumerate(outcomes)]


def claimed(found: list[FlowRun], **more: object) -> FlowClaim:
    options = {"commit": "c1", "environment": "e1", "profile": "local"} | more
    return claim_flow("buy", found, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("firsts", "trial"),
    [
        ({A: P, B: P}, Trial.SUCCEEDED),
        ({A: P, B: Outcome.UNEXPECTED_PASS}, Trial.SUCCEEDED),
        *(({A: P, B: each}, Trial.FAILED) for each in (F, Outcome.SETUP_ERROR, Outcome.TEARDOWN_ERROR)),
        *(({A: P, B: each}, Trial.FAILED) for each in (Outcome.TIMEOUT, Outcome.CRASHED)),
        ({A: P, "t/test_b.py": Outcome.UNCOLLECTABLE}, Trial.FAILED),
        ({A: P, B: P, "t/test_b.py": F}, Trial.FAILED),  # it leaves something behind
        ({A: P, B: LOST}, Trial.EXCLUDED),
        ({A: DOWN, B: S}, Trial.EXCLUDED),
        ({A: LOST, B: F}, Trial.FAILED),  # what failed, failed
        ({A: F, B: Outcome.NOT_RUN}, Trial.FAILED),  # --fail-fast hides no failure
        ({A: F, "t/test_b.py": Outcome.NOT_RUN}, Trial.FAILED),
        ({A: P, "t/test_b.py": Outcome.NOT_RUN}, Trial.INCOMPLETE),
        *(({A: P, B: each}, Trial.INCOMPLETE) for each in (S, Outcome.EXPECTED_FAILURE, Outcome.BLOCKED)),
        ({A: P}, Trial.PARTIAL),
        ({A: F}, Trial.PARTIAL),  # a rerun of what failed is no run of the flow
        ({A: P, "t/test_b.py": F}, Trial.PARTIAL),
        ({}, Trial.PARTIAL),
    ],
)
def test_what_a_run_says_of_a_flow(firsts: dict[str, Outcome], trial: Trial) -> None:
    assert trial_of(firsts, {A, B}) is trial


def test_only_first_attempts_count() -> None:
    attempts = [
        KeptAttempt(run="1", node=A, outcome=P),
        KeptAttempt(run="1", node=B, outcome=F),
        KeptAttempt(run="1", node=B, outcome=P, attempt=2),
        KeptAttempt(run="1", node="other/test_c.py::test_c", outcome=F),
    ]

    assert first_outcomes(attempts, lambda node: node.startswith("t/")) == {A: P, B: F}


def test_a_claim_needs_65_clean_runs_and_says_how_many_are_missing() -> None:
    assert (claimed(runs(*[P] * 64)).state, claimed(runs(*[P] * 64)).needed) == (ClaimState.NOT_YET, 1)
    assert (claimed(runs(*[P] * 65)).state, claimed(runs(*[P] * 65)).needed) == (ClaimState.PROVEN, 0)
    claim = claimed(runs(*[P] * 10, *[F] * 10))
    assert claim.state is ClaimState.REFUTED
    assert claim.failing == ((B, 10),)
    assert (claim.rate, claim.tests) == (0.5, 2)
    assert claimed(runs(*[F] * 3, *[P] * 3), target=0.2).state is ClaimState.NOT_YET


def test_runs_of_another_commit_environment_or_profile_and_of_a_dirty_tree_prove_nothing_here() -> None:
    good = runs(*[P] * 40)
    for more in ({"commit": "c2"}, {"environment": "e2"}, {"profile": "ci"}, {"dirty": True}, {"commit": None}):
        claim = claimed([*good, *runs(*[P] * 40, **more)])
        assert (claim.state, claim.successes) == (ClaimState.NOT_YET, 40), more
    assert "of no commit" in claimed(runs(P, dirty=True), dirty=True).reason
    assert claimed(runs(*[P] * 65), dirty=True).state is ClaimState.NOT_ENOUGH  # what ran now is not that commit
    for target in (0.0, 1.0):
        assert "declare one between 0 and 1" in claimed(runs(*[P] * 65), target=target).reason
    assert "no commit" in claimed(runs(P, commit=None), commit=None).reason


def test_what_infrastructure_fails_leaves_the_denominator_until_it_is_too_much() -> None:
    claim = claimed(runs(*[P] * 95, *[LOST] * 5))
    assert (claim.state, claim.rate, claim.raw_rate, claim.excluded_share) == (ClaimState.PROVEN, 1.0, 0.95, 0.05)
    claim = claimed(runs(*[P] * 94, *[DOWN] * 6))
    assert claim.state is ClaimState.NOT_ENOUGH
    assert "6.0% of the runs" in claim.reason
    assert claimed(runs(*[F] * 50, *[LOST] * 6)).state is ClaimState.NOT_ENOUGH  # refuted is a claim, too


def test_skipped_and_partial_runs_are_no_evidence_and_are_counted() -> None:
    claim = claimed([*runs(*[P] * 65, S, S), FlowRun(run("x"), {A: P})])
    assert (claim.state, claim.successes, claim.incomplete, claim.partial) == (ClaimState.PROVEN, 65, 2, 1)
    claim = claimed(runs(*[S] * 100))
    assert (claim.state, claim.rate, claim.reason) == (ClaimState.NOT_ENOUGH, None, "no run of the whole flow counts")
    # a test that the flow is known to have, and that no run holds
    assert claimed(runs(*[P] * 65), tests={"t/test_c.py::test_c"}).partial == 65


@given(st.integers(0, 300), st.integers(0, 30), st.floats(0.3, 0.99))
def test_the_clean_runs_that_are_missing_are_exactly_enough(successes: int, failures: int, target: float) -> None:
    more = clean_runs_needed(successes, failures, target)

    assert evidence(successes + more, failures, target) >= CLAIM_AT
    assert not more or evidence(successes + more - 1, failures, target) < CLAIM_AT


@given(st.integers(1, 300), st.integers(0, 60), st.floats(0.01, 0.99))
def test_the_bound_parts_what_is_claimed_from_what_is_not(successes: int, failures: int, target: float) -> None:
    bound = lower_bound_at_any_time(successes, failures)

    assert bound < successes / (successes + failures)
    if abs(target - bound) > 1e-6:
        assert (evidence(successes, failures, target) >= CLAIM_AT) == (target < bound)


def test_a_claim_survives_a_recording() -> None:
    claim = claimed(runs(*[P] * 5000), target=0.5)
    assert decode(encode(FlowClaimed(claim=claim))) == FlowClaimed(claim=claim)
