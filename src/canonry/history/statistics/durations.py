"""Whether a test became slower: against its own robust baseline, never by a single time."""

import functools
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
    """A lasting change: from which run on (index), how many times as long as before, and its standardised rank sum."""

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


def change(
    durations: Sequence[float], *, tests: int = 1, least: int = 4, level: float = 0.05, ratio: float = 1.3
) -> Change | None:
    """Return the lasting change of level that is least likely by chance, None where there is none.

    Durations come in order of time. Each split with ``least`` runs at each side is a two-sided exact rank-sum test
    (Mann and Whitney 1947). The ``level`` is shared among ``tests``, and among splits by the inverse of their shorter
    side, as neighbours of long sides say nearly the same: by Bonferroni's inequality some unchanged test is called
    changed at most that often where its runs are exchangeable. ``ratio`` of medians: what somebody would care for.
    """
    logs = [math.log(max(one, 1e-6)) for one in durations]
    splits = range(least, len(logs) - least + 1)
    whole = sum(1 / min(each, len(logs) - each) for each in splits)
    best, least_likely = None, 1.0
    for index in splits:
        left, right = logs[:index], logs[index:]
        by = statistics.median(right) - statistics.median(left)
        if abs(by) < math.log(ratio):
            continue
        wins = _wins(left, right)
        n, m = len(left), len(right)
        chance = 2 * _chance(min(n, m), max(n, m), (n * m - abs(wins) + 1) // 2)
        chance *= tests * whole * min(n, m)
        if chance <= level and (best is None or chance < least_likely):
            least_likely = chance
            best = Change(index, math.exp(by), abs(wins) / math.sqrt(n * m * (n + m + 1) / 3))
    return best


def _wins(left: Sequence[float], right: Sequence[float]) -> int:
    """How many pairs are longer at the right, less those that are shorter."""
    return sum((one > other) - (one < other) for one in right for other in left)


@functools.lru_cache(maxsize=4096)
def _chance(few: int, many: int, losses: int) -> float:
    """The chance that at most so many of the pairs of two samples of one population go the other way.

    The coefficients of the Gaussian binomial count the orders with each number of losses, exactly.
    """
    ways = [1] + [0] * losses
    for each in range(1, few + 1):
        for at in range(losses, many + each - 1, -1):
            ways[at] -= ways[at - many - each]
        for at in range(each, losses + 1):
            ways[at] += ways[at - each]
    return sum(ways) / math.comb(few + many, few)
