"""One line per finding, then the summary's last line."""

from typing import IO

from canonry.model.finding import Confidence, Finding, Severity
from canonry.report.content import Report
from canonry.report.grouping import grouped
from canonry.report.places import doubt, place, related_lines
from canonry.report.style import paint, printable, severity_style
from canonry.report.summary import origin, verdict, write_statistics, write_worst

_SEVERITIES = {each: each.value for each in Severity}
_DOUBTS = {each: "" if each is Confidence.CERTAIN else f" ({each.value})" for each in Confidence}
_TOGETHER = 500


def render(report: Report, out: IO[str]) -> None:
    """Writes ``path:line:column: CODE severity: message`` for each finding, the other places of a cluster below it."""
    options = report.options
    if options.statistics:
        write_statistics(report, out)
    if options.worst:
        write_worst(report, out)
    if not options.statistics and not options.worst:
        if options.group_by:
            for group in grouped(report, options.group_by):
                out.write(paint(printable(group.heading), "bold", color=options.color) + "\n")
                for finding in group.findings():
                    _write_finding(finding, report, out)
                out.write("\n")
        else:
            _write_all(report, out)
    out.write(f"{verdict(report)}\n{origin(report)}\n")


def _write_all(report: Report, out: IO[str]) -> None:
    """All findings, a few hundred a write: there may be a hundred thousand."""
    lines: list[str] = []
    for finding in report.findings():
        if finding.related or report.options.color:
            _write_lines(lines, out)
            _write_finding(finding, report, out)
            continue
        said = f"{finding.code} {_SEVERITIES[finding.severity]}{_DOUBTS[finding.confidence]}: {finding.message}"
        line = f"{finding.path}:{finding.line}:{finding.column}: {said}"
        if not line.isprintable():
            line = f"{place(finding.path, finding.line, finding.column)}: {printable(said)}"
        lines.append(line)
        if len(lines) >= _TOGETHER:
            _write_lines(lines, out)
    _write_lines(lines, out)


def _write_lines(lines: list[str], out: IO[str]) -> None:
    if lines:
        out.write("\n".join(lines) + "\n")
        lines.clear()


def _write_finding(finding: Finding, report: Report, out: IO[str]) -> None:
    severity = finding.severity.value
    code = paint(finding.code, severity_style(severity), color=report.options.color)
    where = place(finding.path, finding.line, finding.column)
    out.write(f"{where}: {code} {severity}{doubt(finding)}: {printable(finding.message)}\n")
    for line in related_lines(finding, all_of_them=report.options.verbose):
        out.write(f"    {line}\n")
