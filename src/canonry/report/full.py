"""Findings with code frames, then the summary."""

from typing import IO

from canonry.model.finding import Finding
from canonry.report.content import Report
from canonry.report.grouping import grouped, weighed
from canonry.report.places import doubt, place, related_lines
from canonry.report.style import paint, printable, severity_style
from canonry.report.summary import write_parts, write_statistics, write_summary, write_worst

_WIDTH = 160


def render(report: Report, out: IO[str]) -> None:
    """Writes the report: findings (or the table that was asked for), then where the tests stand."""
    options = report.options
    if options.statistics:
        write_statistics(report, out)
        write_parts(report, out)
    if options.worst:
        write_worst(report, out)
    if not options.statistics and not options.worst:
        _write_findings(report, out)
    write_summary(report, out)


def _write_findings(report: Report, out: IO[str]) -> None:
    if report.options.group_by is None:
        for finding in weighed(report):
            _write_finding(finding, report, out)
        return
    for group in grouped(report, report.options.group_by):
        heading = printable(group.heading)
        out.write(paint(f"{heading}\n{'-' * len(heading)}", "bold", color=report.options.color) + "\n\n")
        for finding in group.findings():
            _write_finding(finding, report, out)


def _write_finding(finding: Finding, report: Report, out: IO[str]) -> None:
    color = report.options.color
    where = place(finding.path, finding.line, finding.column)
    severity = paint(finding.severity.value, severity_style(finding.severity.value), color=color)
    code = paint(finding.code, "bold", severity_style(finding.severity.value), color=color)
    out.write(f"{paint(where, 'bold', color=color)}: {code} {severity}{doubt(finding)}: {printable(finding.message)}\n")
    lines = report.options.read(finding.path) if finding.symbol != "<folder>" else []
    if 0 < finding.line <= len(lines):
        out.write(_frame(finding, lines[finding.line - 1], color=color))
    for line in related_lines(finding, all_of_them=report.options.verbose):
        out.write(f"{paint('  = also:', 'dim', color=color)} {line}\n")
    out.write(f"{paint('  = next:', 'dim', color=color)} {finding.help}\n\n")


def _frame(finding: Finding, line: str, *, color: bool) -> str:
    text = printable(line.expandtabs(1))
    number = str(finding.line)
    same_line = finding.end.line == finding.line
    width = max(1, (finding.end.column if same_line else len(text) + 1) - finding.column)
    start = finding.column - 1
    if finding.symbol == "<file>" and finding.column == 1 and same_line and width == 1:  # it knows the line alone
        start = len(text) - len(text.lstrip())
        width = len(text.strip())
    if len(text) > _WIDTH:
        cut = max(0, start - 40)
        text, start = text[cut : cut + _WIDTH], start - cut
    width = max(1, min(width, len(text) - start))
    bar = paint("|", "dim", color=color)
    marker = paint(
        "^" * max(1, _cells(text[start : start + width])), severity_style(finding.severity.value), color=color
    )
    before = " " * _cells(text[:start])
    return f"{paint(number, 'dim', color=color)} {bar} {text}\n{' ' * len(number)} {bar} {before}{marker}\n"


def _cells(text: str) -> int:
    """The columns that a text takes on a terminal: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    import unicodedata

    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.category(character) in ("Mn", "Me") for character in text)
