"""What tests cost, and since which commit they cost more: each against its own baseline on one kind of machine."""

import math
import statistics
from collections.abc import Sequence

import msgspec

from canonry.history.statistics.durations import baseline, change
from canonry.history.store import History
from canonry.model.history import KeptRun
from canonry.model.outcome import Outcome

RUNS = 60
"""The newest runs of a test that are looked at."""
TESTS = 500
"""The tests that are looked at: those that are expected to take longest."""
_OWN = 0.001
"""Seconds below which a test's time is the runner's and the clock's own."""
_TREND = 8
"""Runs from which on the newest quarter is compared with the oldest."""


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """A lasting change: how many times as long as before, in which run and at which commit it began, and its score."""

    ratio: float
    score: float
    run: str
    at: float
    commit: str | None = None


class SlowTest(msgspec.Struct, frozen=True, kw_only=True):
    """What a test takes: its median in seconds over ``runs``, the newest time, and the share of all tests' medians.

    ``spread`` is that of the logarithm; it, ``trend`` (newest quarter by oldest quarter of runs) and ``since`` are None
    where there are too few runs, or nothing to say.
    """

    node: str
    median: float
    newest: float
    runs: int
    share: float = 0.0
    spread: float | None = None
    trend: float | None = None
    since: Since | None = None


def alike_runs(runs: Sequence[KeptRun]) -> list[KeptRun]:
    """The runs on the machine of the newest one, with its Python and as many cores: times of others say nothing."""
    if not runs:
        return []
    return [each for each in runs if _kind(each) == _kind(runs[-1])][-RUNS:]


def slow_tests(history: History, runs: Sequence[KeptRun], *, tests: int = TESTS) -> list[SlowTest]:
    """What the tests of these runs take, the dearest first, with the commit since which they take longer or less."""
    expected = history.expected()
    nodes = sorted(expected, key=lambda node: (-expected[node], node))[:tests]
    by_id = {run.id: run for run in runs}
    series: dict[str, list[tuple[KeptRun, float]]] = {node: [] for node in nodes}
    for each in history.attempts(runs, nodes=nodes, first_only=True) if nodes else ():
        if each.outcome is Outcome.PASSED and math.isfinite(each.duration):
            series[each.node].append((by_id[each.run], max(each.duration, _OWN)))
    found = [_test(node, times, tests=len(series)) for node, times in series.items() if times]
    whole = sum(each.median for each in found)
    shared = [msgspec.structs.replace(each, share=each.median / whole) for each in found]
    return sorted(shared, key=lambda each: (-each.median, each.node))


def _kind(run: KeptRun) -> tuple[str, ...]:
    return run.machine, *(run.fingerprint.get(key, "") for key in ("python", "implementation", "machine", "cores"))


def _test(node: str, times: Sequence[tuple[KeptRun, float]], *, tests: int) -> SlowTest:
    seconds = [each for _, each in times]
    known, moved = baseline(seconds), change(seconds, tests=tests)
    since = None
    if moved is not None:
        run = times[moved.index][0]
        commit = None if run.dirty else run.commit
        since = Since(ratio=moved.ratio, score=moved.score, run=run.id, at=run.at, commit=commit)
    quarter = len(seconds) // 4
    trend = None
    if len(seconds) >= _TREND:
        trend = statistics.median(seconds[-quarter:]) / statistics.median(seconds[:quarter])
    return SlowTest(
        node=node,
        median=statistics.median(seconds),
        newest=seconds[-1],
        runs=len(seconds),
        spread=known.spread if known is not None else None,
        trend=trend,
        since=since,
    )
