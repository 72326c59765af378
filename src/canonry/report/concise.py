"""One line per finding, then the summary's last line."""

from typing import IO

from canonry.report.content import Report
from canonry.report.style import paint, printable, severity_style
from canonry.report.summary import origin, verdict, write_statistics, write_worst


def render(report: Report, out: IO[str]) -> None:
    """Writes ``path:line:column: CODE severity: message`` for each finding."""
    options = report.options
    if options.statistics:
        write_statistics(report, out)
    if options.worst:
        write_worst(report, out)
    if not options.statistics and not options.worst:
        for finding in report.findings():
            code = paint(finding.code, severity_style(finding.severity.value), color=options.color)
            place = f"{printable(finding.path)}:{finding.line}:{finding.column}"
            doubt = "" if finding.confidence.value == "certain" else f" ({finding.confidence.value})"
            out.write(f"{place}: {code} {finding.severity.value}{doubt}: {printable(finding.message)}\n")
    out.write(f"{verdict(report)}\n{origin(report)}\n")
