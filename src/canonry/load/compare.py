"""Which of two services is faster, said honestly: interleaved runs, an effect, and an interval that may hold nought."""

import math
import statistics
from collections.abc import Callable, Sequence

from canonry.model.errors import NothingValidatedError
from canonry.model.load import Comparison, Effect, LoadResult

_T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Quantiles of Student's t at 97.5 % for 1 to 30 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2)."""


def compare(run: Callable[[str], LoadResult], a: str, b: str, *, rounds: int) -> Comparison:
    """Return how B does against A: latencies by step, throughput, and which runs failed.

    Raises NothingValidatedError where one of them was not judged at all.
    """
    pairs = interleaved(run, a, b, rounds=rounds)
    effects = []
    for step in [one.name for one in pairs[0][0].timings]:
        for percentile in ("p50", "p95"):
            values = [(_timing(left, step, percentile), _timing(right, step, percentile)) for left, right in pairs]
            if all(left and right for left, right in values):
                effects.append(effect(f"{step}.{percentile}", [(x or 1.0, y or 1.0) for x, y in values]))
    rates = [(left.events_per_second, right.events_per_second) for left, right in pairs]
    if not all(left and right for left, right in rates):
        raise NothingValidatedError("a run received no event, so nothing can be compared")
    effects.append(effect("events-per-second", rates, more_is_better=True))
    failed = [
        f"{name}, run {number}: {'; '.join(result.reasons)}"
        for number, pair in enumerate(pairs, 1)
        for name, result in zip("AB", pair, strict=True)
        if result.reasons
    ]
    return Comparison(a, b, tuple(effects), tuple(failed))


def interleaved(
    run: Callable[[str], LoadResult], a: str, b: str, *, rounds: int
) -> list[tuple[LoadResult, LoadResult]]:
    """Return pairs of runs, in the order A B, B A, A B and so on, so that what drifts meets both alike."""
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            left = run(a)
            pairs.append((left, run(b)))
        else:
            right = run(b)
            pairs.append((run(a), right))
    return pairs


def effect(measure: str, pairs: Sequence[tuple[float, float]], *, more_is_better: bool = False) -> Effect:
    """Return the effect of B against A: the geometric mean of the paired ratios and its interval by Student's t.

    Raises ValueError for fewer than two pairs, or a value that is not above nought.
    """
    if len(pairs) < 2:
        raise ValueError(f"an interval needs two pairs at least, and there are {len(pairs)}")
    logs = [math.log(b / a) for a, b in pairs]
    middle = statistics.fmean(logs)
    freedom = len(logs) - 1
    quantile = _T95[freedom - 1] if freedom <= len(_T95) else 1.96
    around = quantile * statistics.stdev(logs) / math.sqrt(len(logs))
    ratio, low, high = math.exp(middle), math.exp(middle - around), math.exp(middle + around)
    a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Effect(measure, a, b, ratio, low, high, len(pairs), _sentence(measure, ratio, low, high, up=more_is_better))


def _timing(result: LoadResult, step: str, percentile: str) -> float | None:
    return next((one.percentiles[percentile] for one in result.timings if one.name == step and one.count), None)


def _sentence(measure: str, ratio: float, low: float, high: float, *, up: bool) -> str:
    interval = f"{low:.2f} to {high:.2f} x, at 95 %"
    if low <= 1 <= high:
        return f"{measure}: no difference is shown: B has {ratio:.2f} x of A ({interval})"
    better = (ratio > 1) == up
    return f"{measure}: B is {'better' if better else 'worse'}: {ratio:.2f} x of A ({interval})"
