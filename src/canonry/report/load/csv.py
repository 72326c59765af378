"""A load run in the columns of Locust's CSV files, which dashboards read (docs.locust.io)."""

import csv
from typing import IO

from canonry.model.load import LoadResult

_PERCENTILES = ("p50", "p66", "p75", "p80", "p90", "p95", "p98", "p99", "p99.9", "p99.99", "p100")
_HEADS = [f"{name[1:]}%" for name in _PERCENTILES]


def render(result: LoadResult, out: IO[str]) -> None:
    """Writes a line for each step and one for all: Locust's `_stats.csv`. Times are milliseconds."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(
        ["Type", "Name", "Request Count", "Failure Count", "Median Response Time", "Average Response Time",
         "Min Response Time", "Max Response Time", "Average Content Size", "Requests/s", "Failures/s", *_HEADS]
    )  # fmt: skip
    seconds = result.seconds or 1.0
    for timing in result.timings:
        is_turn = timing.name == "turn"
        failed = result.totals.failed if is_turn else 0
        lines.writerow(
            ["", "Aggregated" if is_turn else timing.name, timing.count, failed, _ms(timing.percentiles["p50"]),
             _ms(timing.mean), _ms(timing.least), _ms(timing.percentiles["p100"]), 0, f"{timing.count / seconds:.3f}",
             f"{failed / seconds:.3f}", *(_ms(timing.percentiles[name]) for name in _PERCENTILES)]
        )  # fmt: skip


def render_history(result: LoadResult, out: IO[str]) -> None:
    """Writes a line for each second: Locust's `_stats_history.csv`; its last has the percentiles of the whole run."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(
        ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *_HEADS, "Total Request Count",
         "Total Failure Count", "Total Median Response Time", "Total Average Response Time", "Total Min Response Time",
         "Total Max Response Time", "Total Average Content Size"]
    )  # fmt: skip
    turn = next((one for one in result.timings if one.name == "turn"), None)
    before = None
    for sample in result.samples:
        since = max(sample.at - (before.at if before else 0.0), 1e-9)
        turns = (sample.turns - (before.turns if before else 0)) / since
        failed = (sample.failed - (before.failed if before else 0)) / since
        before, last = sample, sample is result.samples[-1]
        percentiles = [_ms(turn.percentiles[name]) if turn and last else "N/A" for name in _PERCENTILES]
        sums = (
            [_ms(turn.percentiles["p50"]), _ms(turn.mean), _ms(turn.least), _ms(turn.percentiles["p100"])]
            if turn
            else [0] * 4
        )
        lines.writerow(
            [int(result.started + sample.at), sample.connections, "", "Aggregated", f"{turns:.3f}", f"{failed:.3f}",
             *percentiles, sample.turns, sample.failed, *sums, 0]
        )  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3f}"
