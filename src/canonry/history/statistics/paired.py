"""Whether a test takes longer than elsewhere, from runs of both in turn: paired, by ranks, corrected for many tests."""

import math
import statistics
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

ALPHA = 0.01
"""The chance of any false alarm among all tests of one comparison."""
MARGIN = 1.15
"""How many times as long is nothing that anybody would care for, and what two checkouts may differ by."""
ALIKE = 1.25
"""Within which times as long a test is called the same."""
_OWN = 0.002
"""Seconds of a test that are the runner's and the clock's own; added to both sides, so that nought is no ratio."""
_CONFIDENCE = 0.9


class Verdict(StrEnum):
    """What a comparison says of a test."""

    SLOWER = "slower"
    FASTER = "faster"
    SAME = "same"
    NOT_ENOUGH = "not enough"


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """A test in pairs of runs: how many times as long as there, a 90 % interval of that, and the corrected chance."""

    verdict: Verdict
    ratio: float
    low: float
    high: float
    pairs: int
    chance: float = 1.0


def log_ratio(here: float, there: float) -> float:
    """The logarithm of how many times as long a run took here as there, in seconds both."""
    return math.log((max(here, 0.0) + _OWN) / (max(there, 0.0) + _OWN))


def looks_different(ratios: Sequence[float]) -> bool:
    """Whether a first look at log ratios is worth a second one: all but one point the same way, and far enough."""
    if not ratios or abs(statistics.median(ratios)) < math.log(MARGIN):
        return False
    up = sum(one > 0 for one in ratios)
    return up >= len(ratios) - 1 or up <= 1


def pairs_needed(tests: int, *, alpha: float = ALPHA) -> int:
    """The fewest fresh pairs that tell one of so many suspects apart although one pair says the opposite, and most."""
    pairs = 2
    while 2 * max(1, tests) * signed_rank_chance([*range(1, pairs), -pairs]) > alpha:
        pairs += 1
    return pairs


def judge(suspects: Mapping[str, Sequence[float]], *, alpha: float = ALPHA) -> dict[str, Paired]:
    """The verdict on each suspect from fresh log ratios, with at most ``alpha`` for any false alarm among them.

    An exact signed-rank test of "more than `MARGIN` times as long" (or as short), by the side to which the median
    points; chances corrected after Holm (1979). The ratios must not be those by which the suspects were chosen.
    """
    raw = {}
    for name, ratios in suspects.items():
        side = 1 if _middle(ratios) >= 0 else -1
        # two sides are looked at, so each has half
        raw[name] = min(1.0, 2 * signed_rank_chance([side * one - math.log(MARGIN) for one in ratios]))
    corrected = holm(raw)
    found = {}
    for name, ratios in suspects.items():
        verdict = _calm(ratios)
        if corrected[name] <= alpha:
            verdict = Verdict.SLOWER if _middle(ratios) > 0 else Verdict.FASTER
        found[name] = _paired(ratios, verdict, corrected[name])
    return found


def first_look(ratios: Sequence[float]) -> Paired:
    """What log ratios say of a test that is no suspect: the same, or not enough."""
    return _paired(ratios, _calm(ratios), 1.0)


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Chances corrected for their number: Holm (1979), "A simple sequentially rejective multiple test procedure"."""
    found: dict[str, float] = {}
    most = 0.0
    for place, (name, chance) in enumerate(sorted(chances.items(), key=lambda each: each[1])):
        most = max(most, min(1.0, chance * (len(chances) - place)))
        found[name] = most
    return found


def signed_rank_chance(values: Sequence[float]) -> float:
    """The chance that values symmetric about nought lie as far above it: Wilcoxon's signed-rank test, exact.

    Every choice of signs is as likely as any other; ties share their ranks, values of nought are left out.
    """
    told = [one for one in values if one]
    if not told:
        return 1.0
    doubled = _doubled_ranks([abs(one) for one in told])
    above = sum(rank for rank, one in zip(doubled, told, strict=True) if one > 0)
    ways = [1] + [0] * sum(doubled)
    for rank in doubled:
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    return sum(ways[above:]) / float(2 ** len(told))


def _doubled_ranks(sizes: Sequence[float]) -> list[int]:
    """Twice the rank of each, so that shared ranks are whole numbers."""
    ordered = sorted(sizes)
    first = {size: place for place, size in reversed(list(enumerate(ordered, 1)))}
    last = {size: place for place, size in enumerate(ordered, 1)}
    return [first[size] + last[size] for size in sizes]


def _paired(ratios: Sequence[float], verdict: Verdict, chance: float) -> Paired:
    low, high = _interval(ratios)
    return Paired(
        verdict=verdict,
        ratio=math.exp(_middle(ratios)),
        low=math.exp(low),
        high=math.exp(high),
        pairs=len(ratios),
        chance=chance,
    )


def _calm(ratios: Sequence[float]) -> Verdict:
    low, high = _interval(ratios)
    return Verdict.SAME if -math.log(ALIKE) <= low and high <= math.log(ALIKE) else Verdict.NOT_ENOUGH


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    """The interval of the median by order statistics (the sign test inverted); without bounds for too few."""
    ordered, count = sorted(ratios), len(ratios)
    below, place = 0.0, 0
    while place < count // 2:
        below += math.comb(count, place) / float(2**count)
        if 2 * below > 1 - _CONFIDENCE:
            break
        place += 1
    return (ordered[place - 1], ordered[count - place]) if place else (-math.inf, math.inf)


def _middle(ratios: Sequence[float]) -> float:
    return statistics.median(ratios) if ratios else 0.0
