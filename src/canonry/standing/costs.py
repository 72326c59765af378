"""Tests that cost more than they say: flaky ones, with the attempts that they took, and slow ones."""

from canonry.history.statistics.durations import change
from canonry.history.statistics.flakiness import Condition, flakiness
from canonry.model.standing import Absent, Flaky, Run, Slow
from canonry.standing.past import Past

_SLOWEST = 20
_MOST = 200
_CANDIDATES = 2_000
"""Tests that are looked at closely: those that failed most often, and those that take longest."""


def flaky_of(past: Past, *, now: float) -> tuple[Flaky, ...] | Absent:
    """The tests that passed and failed at one tree, those that cost most first; what only fails is broken."""
    if past.history is None or not past.runs:
        return Absent("no run is in the history", "canonry run")
    failed = past.history.failed_nodes(past.runs)
    candidates = sorted(failed, key=lambda node: -failed[node])[:_CANDIDATES]
    seen = past.history.seen(candidates, past.runs)
    mixed = [node for node, trees in seen.items() if any(tree.is_mixed for tree in trees)]
    cost = dict.fromkeys(mixed, 0.0)
    for each in past.history.attempts(past.runs, nodes=mixed):
        cost[each.node] += each.duration if each.attempt > 1 else 0.0
    found = []
    for node in mixed:
        judged = flakiness(seen[node], now=now)
        if judged.condition is not Condition.BROKEN:
            found.append(
                Flaky(
                    node=node,
                    mixed=sum(tree.is_mixed for tree in seen[node]),
                    runs=len(seen[node]),
                    cost=cost[node],
                    mean=judged.mean,
                    low=judged.low,
                    high=judged.high,
                )
            )
    return tuple(sorted(found, key=lambda each: (-each.cost, -each.mixed, each.node))[:_MOST])


def slow_of(run: Run, past: Past) -> tuple[Slow, ...]:
    """The tests of a run that take longest, and those that take longer than they did."""
    whole = sum(test.duration for test in run.tests)
    if not whole:
        return ()
    longest = sorted(run.tests, key=lambda test: (-test.duration, test.node))
    slower = _slower(past, [test.node for test in longest[:_CANDIDATES]])
    shown = [test for number, test in enumerate(longest) if number < _SLOWEST or test.node in slower]
    return tuple(
        Slow(
            node=test.node,
            seconds=test.duration,
            share=test.duration / whole,
            ratio=slower.get(test.node),
            said="a lasting change, by ranks over its runs" if test.node in slower else "",
        )
        for test in shown
        if test.duration > 0
    )


def _slower(past: Past, nodes: list[str]) -> dict[str, float]:
    """The tests that became lastingly slower in the runs of the past, and how many times as long they take."""
    if past.history is None:
        return {}
    found = {node: change(durations) for node, durations in past.history.durations(nodes, past.runs).items()}
    return {node: each.ratio for node, each in found.items() if each is not None and each.ratio > 1}
