"""Tests that cost more than they say: flaky ones, with the attempts that they took, and slow ones."""

from collections.abc import Mapping, Sequence

from canonry.history.statistics.flakiness import Condition, Flakiness, Seen, flakiness
from canonry.model.outcome import Outcome
from canonry.model.standing import Flaky, Run, Slow
from canonry.standing.past import PastRun

_SLOWEST = 20
_OUTCOMES = {Outcome.PASSED: True, Outcome.UNEXPECTED_PASS: True, Outcome.FAILED: False, Outcome.TIMEOUT: False}


def flaky_of(past: Sequence[PastRun], *, now: float) -> tuple[Flaky, ...]:
    """The tests that passed and failed at one clean commit, or in one run, those that cost most first.

    Only such runs can say it: between two commits, or on a tree with changes, the code may be the reason.
    """
    seen = _seen(past)
    extra: dict[str, float] = {}
    for run in past:
        for node, seconds in run.extra.items():
            extra[node] = extra.get(node, 0.0) + seconds
    found = []
    for node in {node for node, trees in seen.items() if any(tree.is_mixed for tree in trees.values())}:
        judged: Flakiness = flakiness(seen[node].values(), now=now)
        if judged.condition is Condition.BROKEN:
            continue
        trees = seen[node].values()
        found.append(
            Flaky(
                node=node,
                mixed=sum(tree.is_mixed for tree in trees),
                runs=len(trees),
                cost=extra.get(node, 0.0),
                mean=judged.mean,
                low=judged.low,
                high=judged.high,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.cost, -each.mixed, each.node)))


def slow_of(run: Run) -> tuple[Slow, ...]:
    """The tests of a run that take longest, with their share of all seconds of tests."""
    whole = sum(test.duration for test in run.tests)
    longest = sorted(run.tests, key=lambda test: (-test.duration, test.node))[:_SLOWEST]
    return tuple(
        Slow(node=test.node, seconds=test.duration, share=test.duration / whole)
        for test in longest
        if whole and test.duration > 0
    )


def _seen(past: Sequence[PastRun]) -> Mapping[str, dict[str, Seen]]:
    """How often each test passed and failed at each tree; a run on a tree with changes is a tree of its own."""
    found: dict[str, dict[str, Seen]] = {}
    for run in past:
        head, attempts = run.kept
        tree = head.commit if head.commit and not head.dirty else head.id
        for each in attempts:
            passed = _OUTCOMES.get(each.outcome)
            if passed is None:
                continue
            trees = found.setdefault(each.node, {})
            known = trees.get(tree)
            if known is None:
                trees[tree] = Seen(int(passed), int(not passed), head.at)
            else:
                trees[tree] = Seen(known.passed + passed, known.failed + (not passed), max(known.at, head.at))
    return found
