"""Thresholds: what a run has to reach, from the canon (`[tool.canonry.load.NAME]`) or the command line."""

import re
from collections.abc import Mapping

from canonry.load.latency import Latencies
from canonry.model.errors import UserError
from canonry.model.load import Held, LoadResult, Threshold

_GIVEN = re.compile(r"\s*([a-z0-9 ._/-]+?)\s*(<=|>=|<|>)\s*([0-9.]+)\s*(ms|s|m|h|%|)\s*", re.IGNORECASE)
_UNITS = {"": 1.0, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "%": 0.01}
_RATES = {"events-per-second", "turns-per-second", "users", "concurrent-success", "events-per-cpu-second"}
_SHARES = {"failures", "error-rate"}
_PERCENTILE = re.compile(r"(?:(?P<step>.+)\.)?(?P<which>p\d+(?:\.\d+)?|mean|max)")
_MEASURES = "`p95` or `STEP.p95` (also `mean`, `max`), `failures`, " + ", ".join(f"`{one}`" for one in sorted(_RATES))


def parse(text: str) -> Threshold:
    """Return what `answer.p99<=60s` says. Raises UserError with what can be said."""
    match = _GIVEN.fullmatch(text)
    if match is None:
        raise UserError(
            f"`{text}` is no threshold; write `answer.p99<=60s`, `failures<=0.1%` or `events-per-second>=1000`"
        )
    measure, sign, number, unit = match[1], match[2], match[3], match[4].lower()
    _require_known(measure)
    _require_unit(measure, unit, text)
    try:
        limit = float(number) * _UNITS[unit]
    except ValueError:
        raise UserError(f"`{number}` is no number; write `answer.p99<=60s`") from None
    return Threshold(measure, limit, at_least=sign.startswith(">"), strict=not sign.endswith("="))


def from_canon(table: Mapping[str, object]) -> list[Threshold]:
    """Return the thresholds of a table of the canon: rates are least values, everything else greatest ones."""
    found = []
    for name, value in table.items():
        _require_known(name)
        if isinstance(value, str):
            match = re.fullmatch(r"\s*([0-9.]+)\s*(ms|s|m|h|%|)\s*", value)
            if match is None:
                raise UserError(f"`{value}` is no value for the threshold `{name}`; write a number, `300ms` or `0.1%`")
            _require_unit(name, match[2], value)
            value = float(match[1]) * _UNITS[match[2]]
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise UserError(f"`{value}` is no value for the threshold `{name}`; write a number, `300ms` or `0.1%`")
        found.append(Threshold(name, float(value), at_least=name in _RATES))
    return found


def hold(threshold: Threshold, result: LoadResult) -> Held:
    """Return whether a result keeps a threshold. What was never measured is not kept."""
    value = measured(threshold.measure, result)
    word = "at least" if threshold.at_least else "at most"
    if threshold.strict:
        word = "more than" if threshold.at_least else "less than"
    wanted = f"`{threshold.measure}` has to be {word} {shown(threshold.measure, threshold.limit)}"
    if value is None:
        return Held(threshold, None, is_held=False, sentence=f"{wanted}, and nothing was measured")
    held = value >= threshold.limit if threshold.at_least else value <= threshold.limit
    if threshold.strict and value == threshold.limit:
        held = False
    return Held(threshold, value, held, f"{wanted}, and is {shown(threshold.measure, value)}")


def measured(measure: str, result: LoadResult) -> float | None:
    """Return what a run has of a measure: seconds, a share, or so many a second."""
    seconds = result.seconds or 1.0
    simple = {
        "events-per-second": result.events_per_second,
        "events-per-cpu-second": result.events_per_cpu_second,
        "turns-per-second": result.totals.done / seconds,
        "users": float(result.totals.users),
        "concurrent-success": result.concurrent_success,
        "failures": result.failure_share,
        "error-rate": result.failure_share,
    }
    if measure in simple:
        return simple[measure]
    match = _PERCENTILE.fullmatch(measure)
    if match is None:
        return None
    step = match["step"] or "turn"
    timing = next((one for one in result.timings if one.name == step), None)
    if timing is None or not timing.count:
        return None
    if match["which"] == "mean":
        return timing.mean
    if match["which"] == "max":
        return timing.percentiles["p100"]
    known = timing.percentiles.get(match["which"])
    if known is not None:
        return known
    latencies = Latencies()
    latencies.add({step: result.encoded[step]})
    return latencies.percentile(step, float(match["which"][1:]))


def shown(measure: str, value: float) -> str:
    """Return a value with its unit."""
    if measure in _SHARES or measure == "concurrent-success":
        return f"{value * 100:.3g} %"
    if measure in _RATES:
        return f"{value:,.0f}"
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def _require_unit(measure: str, unit: str, text: str) -> None:
    """Raises UserError where a share is said in seconds, or a time in percent."""
    is_share = measure in _SHARES or measure == "concurrent-success"
    allowed = ("", "%") if is_share else ("",) if measure in _RATES else ("", "ms", "s", "m", "h")
    if unit not in allowed:
        what = "a share, such as `0.1%`" if is_share else "a number" if measure in _RATES else "a time, such as `300ms`"
        raise UserError(f"`{text}`: `{measure}` is {what}")


def _require_known(measure: str) -> None:
    percentile = _PERCENTILE.fullmatch(measure)
    if percentile is not None and percentile["which"][0] == "p" and float(percentile["which"][1:]) > 100:
        raise UserError(f"`{measure}` is beyond `p100`, the greatest value")
    if measure not in _RATES | _SHARES and not _PERCENTILE.fullmatch(measure):
        raise UserError(f"nothing is called `{measure}` in a load run; a threshold is about {_MEASURES}")
