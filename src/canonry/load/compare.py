"""Which of two services is faster, said honestly: interleaved runs, an effect, and an interval that may hold nought."""

import math
import statistics
from collections.abc import Callable, Sequence

from canonry.history.statistics import beta
from canonry.model.errors import NothingValidatedError
from canonry.model.load import Comparison, Effect, LoadResult, LoadVerdict

FEW = 5
"""Rounds below which the interval is so wide that only a large difference is shown."""
_CHANCE = 0.05
"""Of calling any measure different where none is."""


def compare(run: Callable[[str], LoadResult], a: str, b: str, *, rounds: int) -> Comparison:
    """Return how B does against A: latencies by step, throughput, and which runs failed.

    Intervals hold for all measures together (Bonferroni). A run that is interrupted is the last; the pairs before it
    are compared, where there are two. Raises NothingValidatedError where one of them was not judged at all.
    """
    pairs, interrupted = interleaved(run, a, b, rounds=rounds)
    if interrupted and len(pairs) < 2:
        return Comparison(a, b, (), (), interrupted=True)
    measured: list[tuple[str, list[tuple[float, float]], bool]] = []
    for step in [one.name for one in pairs[0][0].timings]:
        for percentile in ("p50", "p95"):
            values = [(_timing(left, step, percentile), _timing(right, step, percentile)) for left, right in pairs]
            if all(left and right for left, right in values):
                measured.append((f"{step}.{percentile}", [(x or 1.0, y or 1.0) for x, y in values], False))
    rates = [(left.events_per_second, right.events_per_second) for left, right in pairs]
    if not all(left and right for left, right in rates):
        raise NothingValidatedError("a run received no event, so nothing can be compared")
    measured.append(("events-per-second", rates, True))
    effects = [effect(measure, values, more_is_better=up, measures=len(measured)) for measure, values, up in measured]
    failed = [
        f"{name}, run {number}: {'; '.join(result.reasons)}"
        for number, pair in enumerate(pairs, 1)
        for name, result in zip("AB", pair, strict=True)
        if result.reasons
    ]
    return Comparison(a, b, tuple(effects), tuple(failed), interrupted=interrupted)


def interleaved(
    run: Callable[[str], LoadResult], a: str, b: str, *, rounds: int
) -> tuple[list[tuple[LoadResult, LoadResult]], bool]:
    """Return pairs of runs, in the order A B, B A, A B and so on, so that what drifts meets both alike.

    Also whether a run was interrupted: its pair is left out, and no other run follows.
    """
    pairs: list[tuple[LoadResult, LoadResult]] = []
    for number in range(rounds):
        done = []
        for url in (a, b) if number % 2 == 0 else (b, a):
            done.append(run(url))
            if done[-1].verdict is LoadVerdict.PARTIAL:
                return pairs, True
        first, second = done
        pairs.append((first, second) if number % 2 == 0 else (second, first))
    return pairs, False


def effect(
    measure: str, pairs: Sequence[tuple[float, float]], *, more_is_better: bool = False, measures: int = 1
) -> Effect:
    """Return the effect of B against A: the geometric mean of the paired ratios and its interval by Student's t.

    The interval is one of ``measures`` that hold together, each with so much smaller a chance of being wrong. Raises
    ValueError for fewer than two pairs, or a value that is not above nought.
    """
    if len(pairs) < 2:
        raise ValueError(f"an interval needs two pairs at least, and there are {len(pairs)}")
    logs = [math.log(b / a) for a, b in pairs]
    middle = statistics.fmean(logs)
    around = two_sided_t(_CHANCE / measures, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    ratio, low, high = math.exp(middle), math.exp(middle - around), math.exp(middle + around)
    a, b = (statistics.median(side) for side in zip(*pairs, strict=True))
    return Effect(
        measure,
        a,
        b,
        ratio,
        low,
        high,
        len(pairs),
        _sentence(measure, ratio, low, high, up=more_is_better, measures=measures),
    )


def two_sided_t(chance: float, freedom: int) -> float:
    """Return what Student's t with ``freedom`` degrees exceeds, on either side, with this chance.

    From P(|T| > t) = I_x(n/2, 1/2) at x = n / (n + t^2), the regularised incomplete beta function (DLMF 8.17).
    """
    x = beta.quantile(chance, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 - x) / x)


def _timing(result: LoadResult, step: str, percentile: str) -> float | None:
    return next((one.percentiles[percentile] for one in result.timings if one.name == step and one.count), None)


def _sentence(measure: str, ratio: float, low: float, high: float, *, up: bool, measures: int) -> str:
    together = f" for all {measures} measures together" if measures > 1 else ""
    interval = f"{low:.2f} to {high:.2f} x, at 95 %{together}"
    if low <= 1 <= high:
        return f"{measure}: no difference is shown: B has {ratio:.2f} x of A ({interval})"
    better = (ratio > 1) == up
    return f"{measure}: B is {'better' if better else 'worse'}: {ratio:.2f} x of A ({interval})"
