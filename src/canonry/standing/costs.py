"""Tests that cost more than they say: flaky ones, with the attempts that they took, and slow ones."""

from canonry.history.flaky import failing_tests
from canonry.history.slow import SlowTest, alike_runs, slow_tests
from canonry.history.statistics.flakiness import Condition
from canonry.model.standing import Absent, Flaky, Run, Slow
from canonry.standing.past import Past

_SLOWEST = 20


def flaky_of(past: Past, *, now: float) -> tuple[Flaky, ...] | Absent:
    """The tests that passed and failed at one tree, those that cost most first; what only fails is broken."""
    if past.history is None or not past.runs:
        return Absent("no run is in the history", "canonry run")
    found = [
        Flaky(
            node=each.node,
            mixed=each.mixed,
            runs=each.trees,
            cost=each.reruns,
            mean=each.flakiness.mean,
            low=each.flakiness.low,
            high=each.flakiness.high,
        )
        for each in failing_tests(past.history, past.runs, now=now)
        if each.flakiness.condition is Condition.FLAKY
    ]
    return tuple(sorted(found, key=lambda each: (-each.cost, -each.mixed, each.node)))


def slow_of(run: Run, past: Past) -> tuple[Slow, ...]:
    """The tests that take longest, and those that take lastingly longer than they did: medians where runs are kept."""
    known = slow_tests(past.history, alike_runs(past.runs)) if past.history is not None and past.runs else []
    if known:
        shown = [each for number, each in enumerate(known) if number < _SLOWEST or _ratio(each)]
        return tuple(
            Slow(node=each.node, seconds=each.median, share=each.share, ratio=_ratio(each), said=_since(each))
            for each in shown
        )
    whole = sum(test.duration for test in run.tests)
    longest = sorted(run.tests, key=lambda test: (-test.duration, test.node))[:_SLOWEST]
    return tuple(
        Slow(node=each.node, seconds=each.duration, share=each.duration / whole, said="of one run")
        for each in longest
        if whole and each.duration > 0
    )


def _ratio(test: SlowTest) -> float | None:
    return test.since.ratio if test.since is not None and test.since.ratio > 1 else None


def _since(test: SlowTest) -> str:
    runs = f"median of {test.runs:,} runs"
    if test.since is None or test.since.ratio <= 1:
        return runs
    return (
        f"{runs}, longer since {f'commit {test.since.commit[:10]}' if test.since.commit else f'run {test.since.run}'}"
    )
