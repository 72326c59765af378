"""A load run for people at a terminal."""

from typing import IO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from canonry.model.load import LoadResult, LoadVerdict
from canonry.report.load.words import alike, began, facts, took

_COLUMNS = ("p50", "p90", "p95", "p99", "p99.9", "p100")
_LONGEST = 300
_SHOWN = 2
_STYLES = {LoadVerdict.PASSED: "green", LoadVerdict.PARTIAL: "yellow"}


def render(result: LoadResult, out: IO[str], *, color: bool) -> None:
    """Writes facts, latencies, what went wrong with its witnesses, thresholds, and the verdict last."""
    width = None if color else 120
    console = Console(file=out, force_terminal=color, no_color=not color, highlight=False, soft_wrap=True, width=width)
    for name, words in facts(result):
        console.print(Text(f"{name:<12}", "bold"), Text(words), sep="")
    if result.timings:
        console.print(_table(result))
    for kind, count in result.failures.items():
        first = result.first_failures[kind]
        console.print(Text(f"failed {count:,} x {kind}", "red"))
        console.print(Text(f"  first: {first.user}, {first.at:.1f} s: {first.message.splitlines()[-1]}"))
    for rule, count in result.rules.items():
        console.print(Text(f"violated {count:,} x {rule}", "red"))
        for leak in [one for one in result.leaks if one.rule == rule][:_SHOWN]:
            console.print(Text(f"  {leak.user}: {leak.message}"))
            for direction, text in leak.frames[-3:]:
                arrow = ">" if direction == "in" else "<"
                console.print(Text(f"    {arrow} {_excerpt(text, leak.message)}", "dim"))
        if more := alike(result, rule, _SHOWN):
            console.print(Text(f"  {more}"))
    for held in result.thresholds:
        console.print(
            Text("held    " if held.is_held else "missed  ", "green" if held.is_held else "red"), held.sentence, sep=""
        )
    console.print(
        Text(str(result.verdict), _STYLES.get(result.verdict, "red")),
        Text("; ".join(result.reasons)),
        sep=": " if result.reasons else "",
    )


def _excerpt(text: str, message: str) -> str:
    """A frame that is too long, around what the message quotes of it, or its beginning."""
    if len(text) <= _LONGEST:
        return text
    at = max((text.find(quoted) for quoted in message.split("`")[1::2]), default=-1)
    begin = max(0, min(at - _LONGEST // 2, len(text) - _LONGEST))
    return f"{'... ' if begin else ''}{text[begin : begin + _LONGEST]}{' ...' if begin + _LONGEST < len(text) else ''}"


def _table(result: LoadResult) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(f"step, from its {began(result)}", no_wrap=True)
    for name in ("times", *_COLUMNS):
        table.add_column("max" if name == "p100" else name, justify="right", no_wrap=True)
    for timing in result.timings:
        table.add_row(timing.name, f"{timing.count:,}", *(took(timing.percentiles[name]) for name in _COLUMNS))
    return table
