"""One line per finding, then the summary's last line."""

from typing import IO

from canonry.model.finding import Finding
from canonry.report.content import Report
from canonry.report.grouping import grouped
from canonry.report.places import doubt, place, related_lines
from canonry.report.style import paint, printable, severity_style
from canonry.report.summary import origin, verdict, write_statistics, write_worst


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
            for finding in report.findings():
                _write_finding(finding, report, out)
    out.write(f"{verdict(report)}\n{origin(report)}\n")


def _write_finding(finding: Finding, report: Report, out: IO[str]) -> None:
    severity = finding.severity.value
    code = paint(finding.code, severity_style(severity), color=report.options.color)
    where = place(finding.path, finding.line, finding.column)
    out.write(f"{where}: {code} {severity}{doubt(finding)}: {printable(finding.message)}\n")
    for line in related_lines(finding, all_of_them=report.options.verbose):
        out.write(f"    {line}\n")
