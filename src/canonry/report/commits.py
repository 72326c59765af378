"""Commits with what audits of them measured: a table, and how each number moved."""

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import IO

import msgspec

from canonry import __version__
from canonry.model.history import Measured, MeasuredCommit, MeasuredRange
from canonry.report.markdown import plain
from canonry.report.style import plural, printable

_BARS = "▁▂▃▄▅▆▇█"
_WIDEST = 40
_RULES = 8
"""Rules that have a column in a table; CSV and JSON hold all."""


class Format(StrEnum):
    """A name for ``--output-format`` of `canonry report history`."""

    FULL = "full"
    MARKDOWN = "markdown"
    JSON = "json"
    CSV = "csv"


def renderer(name: str) -> Callable[[MeasuredRange, IO[str]], None]:
    """What writes a range in this format."""
    return _RENDERERS[Format(name)]


def _full(found: MeasuredRange, out: IO[str]) -> None:
    head, rows = _table(found, plain_text=True)
    columns = list(zip(head, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    for row in (head, *rows):
        cells = [
            cell.ljust(width) if number in (0, 1) else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        out.write("  ".join(cells).rstrip() + "\n")
    out.write("\n")
    for name, values in _moved(found):
        out.write(f"{name:<16}  {_change(name, values)}  {_line(values)}\n")
    out.write(f"\n{_origin(found)}\n")


def _markdown(found: MeasuredRange, out: IO[str]) -> None:
    head, rows = _table(found, plain_text=False)
    out.write(f"## {plain(found.revisions)}\n\n| {' | '.join(head)} |\n")
    out.write(f"| {' | '.join(':--' if number < 2 else '--:' for number in range(len(head)))} |\n")
    for row in rows:
        out.write(f"| {' | '.join(row)} |\n")
    out.write("\n| number | first to last | course |\n| :-- | :-- | :-- |\n")
    for name, values in _moved(found):
        out.write(f"| {name} | {_change(name, values)} | {_line(values)} |\n")
    out.write(f"\n<sub>{_origin(found)}</sub>\n")


def _json(found: MeasuredRange, out: IO[str]) -> None:
    commits = [
        {
            "commit": each.commit,
            "at": each.at,
            "subject": each.subject,
            "command": each.measured.command,
            "kept": each.kept,
            "values": each.measured.values,
            "parts": _nested(each.measured),
        }
        for each in found.commits
    ]
    data = {
        "schema": 1,
        "tool": "canonry",
        "version": __version__,
        "revisions": found.revisions,
        "command": found.command,
        "canon": found.canon,
        "of": found.of,
        "notes": found.notes,
        "commits": commits,
    }
    out.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")


def _csv(found: MeasuredRange, out: IO[str]) -> None:
    rules = sorted({part for each in found.commits for group, part in each.measured.parts if group == "rule"})
    names = list(found.commits[0].measured.values)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["commit", "time", *names, *rules])
    for each in found.commits:
        numbers = [each.measured.values.get(name, 0.0) for name in names]
        numbers += [each.measured.parts.get(("rule", rule), 0.0) for rule in rules]
        writer.writerow([each.commit, _time(each.at), *(f"{number:.12g}" for number in numbers)])


_RENDERERS = {Format.FULL: _full, Format.MARKDOWN: _markdown, Format.JSON: _json, Format.CSV: _csv}


def _table(found: MeasuredRange, *, plain_text: bool) -> tuple[list[str], list[list[str]]]:
    rules = _shown_rules(found)
    head = ["commit", "date", "files", "unparsable", "tests", "compliance", "errors", "findings", *rules]
    if plain_text:
        head.append("subject")
    rows = []
    for each in found.commits:
        values, parts = each.measured.values, each.measured.parts
        row = [each.commit[:10], _time(each.at)[:10]]
        row += [f"{values.get(name, 0):,.0f}" for name in ("files", "unparsable", "tests")]
        row.append(_percent(compliance(each.measured)))
        row += [f"{values.get(name, 0):,.0f}" for name in ("errors", "findings")]
        row += [f"{parts.get(('rule', rule), 0):,.0f}" for rule in rules]
        if plain_text:
            subject = printable(each.subject)
            row.append(subject if len(subject) <= _WIDEST else f"{subject[: _WIDEST - 3]}...")
        rows.append(row)
    return head, rows


def _shown_rules(found: MeasuredRange) -> list[str]:
    """The rules that moved most between the first and the last commit, and then those with most findings."""
    first, last = found.commits[0].measured.parts, found.commits[-1].measured.parts
    counts = {part: number for (group, part), number in {**first, **last}.items() if group == "rule"}

    def rank(rule: str) -> tuple[float, float, str]:
        before, after = first.get(("rule", rule), 0.0), last.get(("rule", rule), 0.0)
        return -abs(after - before), -max(before, after), rule

    return sorted(sorted(counts, key=rank)[:_RULES])


def _moved(found: MeasuredRange) -> list[tuple[str, list[float]]]:
    """The course of each number of the table."""
    rows: Sequence[MeasuredCommit] = found.commits
    names = ("files", "unparsable", "tests", "errors", "findings")
    courses = [(name, [row.measured.values.get(name, 0.0) for row in rows]) for name in names]
    percents = [share for row in rows if (share := compliance(row.measured)) is not None]
    if percents:
        courses.insert(3, ("compliance", percents))
    rules = _shown_rules(found)
    return courses + [(rule, [row.measured.parts.get(("rule", rule), 0.0) for row in rows]) for rule in rules]


def compliance(measured: Measured) -> float | None:
    """The compliant share of the test files in percent, None where there is none. 100 only where all of them are."""
    judged = measured.values.get("judged", 0.0)
    if not judged:
        return None
    percent = 100 * measured.values.get("compliant", 0.0) / judged
    return percent if percent == 100 else min(percent, 99.99)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f} %"


def _change(name: str, values: Sequence[float]) -> str:
    first, last = values[0], values[-1]
    if name == "compliance":
        return f"{_percent(first)} to {_percent(last)} ({last - first:+.2f})"
    return f"{first:,.0f} to {last:,.0f} ({last - first:+,.0f})"


def _line(values: Sequence[float]) -> str:
    """The course as one line of bars between the least and the most; of more values every so many."""
    if len(values) > _WIDEST:
        values = [values[(number + 1) * len(values) // _WIDEST - 1] for number in range(_WIDEST)]
    least, most = min(values), max(values)
    if least == most:
        return _BARS[0] * len(values)
    return "".join(_BARS[round((value - least) / (most - least) * (len(_BARS) - 1))] for value in values)


def _origin(found: MeasuredRange) -> str:
    kept = sum(each.kept for each in found.commits)
    known = f", {kept:,} of them known before" if kept else ""
    return f"{plural(len(found.commits), 'commit')}{known}; judged by {found.canon}; {found.command}"


def _nested(measured: Measured) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (group, part), number in measured.parts.items():
        found.setdefault(group, {})[part] = number
    return found


def _time(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
