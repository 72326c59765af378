"""Which tests pass and fail at one tree, which are simply broken, and what both cost."""

from collections.abc import Iterable, Sequence

import msgspec

from canonry.history.statistics.flakiness import Condition, Flakiness, flakiness
from canonry.history.store import History
from canonry.model.history import KeptAttempt, KeptRun

_ORDER = (Condition.FLAKY, Condition.BROKEN, Condition.STEADY)


class FailingTest(msgspec.Struct, frozen=True, kw_only=True):
    """A test that failed by itself in some run. ``mixed``: at how many trees it did both, of ``trees``.

    ``reruns``: seconds of second and later attempts. ``failed_at``: when it failed last (seconds since the epoch), in
    ``run``, with this ``reason``.
    """

    node: str
    flakiness: Flakiness
    trees: int
    mixed: int
    failures: int
    reruns: float
    failed_at: float
    run: str
    commit: str | None = None
    reason: str = ""


def failing_tests(history: History, runs: Sequence[KeptRun], *, now: float) -> list[FailingTest]:
    """The tests that failed in these runs: flaky ones first, then broken ones, then those that do so no longer."""
    nodes = list(history.failed_nodes(runs))
    if not nodes:
        return []
    seen = history.seen(nodes, runs)
    attempts: dict[str, list[KeptAttempt]] = {node: [] for node in nodes}
    for each in history.attempts(runs, nodes=nodes):
        attempts[each.node].append(each)
    by_id = {run.id: run for run in runs}
    reasons: dict[str, dict[tuple[str, int], str]] = {}
    found = []
    for node in nodes:
        bad = [each for each in attempts[node] if each.outcome.is_bad]
        if not bad:
            continue
        last = bad[-1]  # runs come in the order of their times, also where a clock was wrong
        found.append(
            FailingTest(
                node=node,
                flakiness=flakiness(seen[node], now=now),
                trees=len(seen[node]),
                mixed=sum(each.is_mixed for each in seen[node]),
                failures=len(bad),
                reruns=_reruns(attempts[node]),
                failed_at=last.at,
                run=last.run,
                commit=by_id[last.run].commit,
                reason=_reason(history, last, reasons),
            )
        )
    return sorted(found, key=_place)


def _place(test: FailingTest) -> tuple[int, float, str]:
    return _ORDER.index(test.flakiness.condition), -test.flakiness.mean, test.node


def _reruns(attempts: Iterable[KeptAttempt]) -> float:
    """The seconds that later attempts took; what a clock says that jumped backwards counts for nothing."""
    return sum(max(0.0, each.duration) for each in attempts if each.attempt > 1)


def _reason(history: History, last: KeptAttempt, known: dict[str, dict[tuple[str, int], str]]) -> str:
    """What an attempt said; ``known`` keeps what all of its run did, so that each run is asked once."""
    if last.run not in known:
        known[last.run] = {(each.node, each.attempt): each.reason for each in history.failures(last.run)}
    return known[last.run].get((last.node, last.attempt), "")
