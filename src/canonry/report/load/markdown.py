"""A load run for an issue or a pull request."""

from typing import IO

from canonry.model.load import LoadResult
from canonry.report.load.words import facts, took

_COLUMNS = ("p50", "p95", "p99", "p100")


def render(result: LoadResult, out: IO[str]) -> None:
    """Writes the verdict first, then facts, latencies, and what went wrong."""
    out.write(f"## Load: `{result.scenario}`: {result.verdict}\n\n")
    for reason in result.reasons:
        out.write(f"- {reason}\n")
    out.write("\n| | |\n| -- | -- |\n" if result.reasons else "| | |\n| -- | -- |\n")
    for name, words in facts(result):
        out.write(f"| {name} | {_cell(words)} |\n")
    out.write("\n| step | times | p50 | p95 | p99 | max |\n| -- | --: | --: | --: | --: | --: |\n")
    for timing in result.timings:
        times = " | ".join(took(timing.percentiles[name]) for name in _COLUMNS)
        out.write(f"| {_cell(timing.name)} | {timing.count:,} | {times} |\n")
    for title, counted in (("failure", result.failures), ("violated rule", result.rules)):
        if counted:
            out.write(f"\n| {title} | times | first |\n| -- | --: | -- |\n")
            for name, count in counted.items():
                out.write(f"| {_cell(name)} | {count:,} | {_cell(_first(result, name))} |\n")


def _first(result: LoadResult, name: str) -> str:
    if name in result.first_failures:
        return result.first_failures[name].message.splitlines()[-1]
    return next((f"{leak.user}: {leak.message}" for leak in result.leaks if leak.rule == name), "")


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
