"""Whether a test became slower: against its own robust baseline, never by a single time."""

import math
import statistics
from collections.abc import Sequence

import msgspec

NORMAL_MAD = 1.4826
"""By which a median absolute deviation is multiplied to be a standard deviation of normal values (Rousseeuw 1993)."""
_LEAST = 8
"""Durations that a baseline needs at least."""
_FLOOR = 0.05
"""The least spread of logarithms that is believed: timers and machines are no better than about 5 %."""


class Baseline(msgspec.Struct, frozen=True):
    """What a test takes: the median in seconds, the spread of the logarithm, and of how many runs."""

    median: float
    spread: float
    count: int


class Change(msgspec.Struct, frozen=True):
    """A lasting change: from which run on (index), how many times as long as before, and how sure (a score)."""

    index: int
    ratio: float
    score: float


def baseline(durations: Sequence[float]) -> Baseline | None:
    """Return the baseline of durations in seconds, None of too few. Medians, so that one slow machine moves nothing."""
    logs = [math.log(max(one, 1e-6)) for one in durations]
    if len(logs) < _LEAST:
        return None
    middle = statistics.median(logs)
    spread = NORMAL_MAD * statistics.median(abs(one - middle) for one in logs)
    return Baseline(math.exp(middle), max(spread, _FLOOR), len(logs))


def change(durations: Sequence[float], *, least: int = 4, threshold: float = 4.0, ratio: float = 1.3) -> Change | None:
    """Return the last lasting change of level in durations in order of time, None where there is none.

    Splits the logarithms where the medians of both sides differ most, in units of their spread by ranks (a two-sample
    scan after Pettitt 1979, "A non-parametric approach to the change-point problem"). A split counts from ``threshold``
    on, with ``least`` runs at each side and a ``ratio`` of medians beyond which somebody would care.
    """
    logs = [math.log(max(one, 1e-6)) for one in durations]
    best: Change | None = None
    for index in range(least, len(logs) - least + 1):
        left, right = logs[:index], logs[index:]
        score = abs(_rank_score(left, right))
        by = statistics.median(right) - statistics.median(left)
        if score >= threshold and abs(by) >= math.log(ratio) and (best is None or score > best.score):
            best = Change(index, math.exp(by), score)
    return best


def _rank_score(left: Sequence[float], right: Sequence[float]) -> float:
    """The standardised rank-sum statistic of Wilcoxon, Mann and Whitney; scans of 40 runs stay below 4 by chance."""
    wins = sum((one > other) - (one < other) for one in right for other in left)
    n, m = len(left), len(right)
    return wins / math.sqrt(n * m * (n + m + 1) / 3)
