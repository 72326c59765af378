"""A flow's reliability, from the first attempts of all its tests on one commit and in one environment.

The definition of a trial, and its reasons: docs/decisions/0024.
"""

import bisect
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from canonry.history.statistics.claims import CLAIM_AT, evidence, refuting_evidence
from canonry.model.history import KeptRun
from canonry.model.outcome import Outcome
from canonry.model.reliability import MOST_EXCLUDED, TARGET, ClaimState, FlowClaim

INFRASTRUCTURE = frozenset((Outcome.LOST, Outcome.SERVICE_UNAVAILABLE))
"""Outcomes that are decided from typed evidence and are no fault of the flow's."""
_SUCCEEDED = frozenset((Outcome.PASSED, Outcome.UNEXPECTED_PASS))
_SAYS_NOTHING = frozenset((Outcome.SKIPPED, Outcome.EXPECTED_FAILURE, Outcome.BLOCKED, Outcome.NOT_RUN))
_BESIDE_ITS_TESTS = frozenset((Outcome.FAILED, Outcome.TEARDOWN_ERROR))
"""Outcomes of a file that stand beside those of its tests, not for them."""
_KNOWN = frozenset(Outcome)
_MOST = 1e12
"""Where e-values are cut off."""


class Trial(StrEnum):
    """What a run says of a flow."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXCLUDED = "excluded"
    INCOMPLETE = "incomplete"
    PARTIAL = "partial"


class FlowRun(msgspec.Struct, frozen=True):
    """A run, and how the first attempt of each test of the flow in it ended (and of files that stand for tests)."""

    run: KeptRun
    firsts: Mapping[str, Outcome]


class Attempted(Protocol):
    """What is asked of an attempt."""

    @property
    def node(self) -> str:
        """Its test, from the root of the tree."""

    @property
    def outcome(self) -> str:
        """How it ended: an `Outcome`, or the word of one."""

    @property
    def attempt(self) -> int:
        """Which attempt of the run it is, from 1."""


def first_outcomes(attempts: Iterable[Attempted], is_test: Callable[[str], bool]) -> dict[str, Outcome]:
    """The outcome of the first attempt of every node that a flow calls its own; the bad one where there are two."""
    found: dict[str, Outcome] = {}
    for each in attempts:
        if each.attempt != 1 or each.outcome not in _KNOWN or not is_test(each.node):
            continue
        if not found.get(each.node, Outcome.PASSED).is_bad:
            found[each.node] = Outcome(each.outcome)
    return found


def tests_of(runs: Iterable[FlowRun]) -> frozenset[str]:
    """The tests of the flow that these runs know of."""
    return frozenset(
        node
        for each in runs
        for node, outcome in each.firsts.items()
        if "::" in node and outcome is not Outcome.UNCOLLECTABLE
    )


def trial_of(firsts: Mapping[str, Outcome], tests: Collection[str]) -> Trial:
    """What a run says of a flow with these tests."""
    files = {node for node, outcome in firsts.items() if "::" not in node and outcome not in _BESIDE_ITS_TESTS}
    if not firsts or any(test not in firsts and test.partition("::")[0] not in files for test in tests):
        return Trial.PARTIAL
    outcomes = set(firsts.values())
    if outcomes - _SUCCEEDED - _SAYS_NOTHING - INFRASTRUCTURE:
        return Trial.FAILED
    if outcomes & INFRASTRUCTURE:
        return Trial.EXCLUDED
    return Trial.INCOMPLETE if outcomes & _SAYS_NOTHING or files else Trial.SUCCEEDED


def claim_flow(
    flow: str,
    runs: Iterable[FlowRun],
    *,
    commit: str | None,
    environment: str,
    profile: str = "",
    dirty: bool = False,
    target: float | None = None,
    tests: Collection[str] = (),
) -> FlowClaim:
    """What may be claimed of a flow at this commit in this environment; runs of others are passed over.

    ``tests`` are those that the flow is known to have, beside those that the runs name. Runs on a dirty tree are of no
    commit.
    """
    target = TARGET if target is None else target
    alike = _alike(runs, commit=commit, environment=environment, profile=profile)
    known = frozenset(tests) | tests_of(alike)
    counted: Counter[Trial] = Counter()
    failing: Counter[str] = Counter()
    for each in alike:
        trial = trial_of(each.firsts, known)
        counted[trial] += 1
        if trial is Trial.FAILED:
            failing.update(node for node, outcome in each.firsts.items() if _is_failure(outcome))
    claim = FlowClaim(
        flow=flow,
        state=ClaimState.NOT_ENOUGH,
        target=target,
        commit=commit,
        environment=environment,
        profile=profile,
        tests=len(known),
        successes=counted[Trial.SUCCEEDED],
        failures=counted[Trial.FAILED],
        excluded=counted[Trial.EXCLUDED],
        incomplete=counted[Trial.INCOMPLETE],
        partial=counted[Trial.PARTIAL],
        first=min((each.run.at for each in alike), default=0.0),
        last=max((each.run.at for each in alike), default=0.0),
        failing=tuple(failing.most_common()),
    )
    return _judged(claim, dirty=dirty)


def clean_runs_needed(successes: int, failures: int, target: float) -> int:
    """How many runs without a failure would bring the evidence to where the claim may be made."""

    def is_enough(more: int) -> bool:
        return evidence(successes + more, failures, target) >= CLAIM_AT

    most = 1
    while not is_enough(most):
        most *= 2
    return bisect.bisect_left(range(most + 1), True, key=is_enough)


def lower_bound_at_any_time(successes: int, failures: int) -> float:
    """The greatest reliability that the evidence exceeds; false in at most 1 of 20 histories, however often one looks.

    The e-process inverted: the targets for which it stays below `CLAIM_AT` are a confidence sequence.
    """
    if not successes:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        if evidence(successes, failures, middle) >= CLAIM_AT:
            low = middle
        else:
            high = middle
    return low


def _alike(runs: Iterable[FlowRun], *, commit: str | None, environment: str, profile: str) -> list[FlowRun]:
    """The runs at a commit in one environment and profile, of trees that were that commit."""
    wanted = (commit, environment, profile)
    return [
        each
        for each in runs
        if each.run.commit is not None
        and not each.run.dirty
        and (each.run.commit, each.run.environment, each.run.profile) == wanted
    ]


def _judged(claim: FlowClaim, *, dirty: bool) -> FlowClaim:
    successes, failures, target = claim.successes, claim.failures, claim.target
    reason = _why_not(claim, dirty=dirty)
    can_be_told = 0 < target < 1
    support = min(evidence(successes, failures, target), _MOST) if can_be_told else 1.0
    against = min(refuting_evidence(successes, failures, target), _MOST) if can_be_told else 1.0
    if reason:
        state = ClaimState.NOT_ENOUGH
    elif support >= CLAIM_AT:
        state = ClaimState.PROVEN
    elif against >= CLAIM_AT:
        state = ClaimState.REFUTED
    else:
        state = ClaimState.NOT_YET
    return msgspec.structs.replace(
        claim,
        state=state,
        reason=reason,
        evidence=support,
        against=against,
        lower=lower_bound_at_any_time(successes, failures),
        needed=clean_runs_needed(successes, failures, target) if can_be_told else 0,
    )


def _why_not(claim: FlowClaim, *, dirty: bool) -> str:
    """Why nothing may be claimed, empty where something may."""
    if claim.commit is None:
        return "there is no commit that the runs could be of"
    if not 0 < claim.target < 1:
        return f"no number of runs proves a reliability of {claim.target:g}; declare one between 0 and 1"
    if dirty:
        return "the tree has uncommitted changes, and a run of it is of no commit"
    if claim.excluded_share > MOST_EXCLUDED:
        return (
            f"infrastructure took {claim.excluded_share:.1%} of the runs away, and with more than "
            f"{MOST_EXCLUDED:.0%} nothing is claimed"
        )
    if not claim.trials:
        return "no run of the whole flow counts"
    return ""


def _is_failure(outcome: Outcome) -> bool:
    return outcome not in _SUCCEEDED | _SAYS_NOTHING | INFRASTRUCTURE
