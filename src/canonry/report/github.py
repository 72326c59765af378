"""GitHub's workflow commands: findings as annotations of a workflow run.

Source: GitHub's documentation, "Workflow commands for GitHub Actions"; the escapes are those of the toolkit that
GitHub publishes for actions (`@actions/core`).
"""

from typing import IO

from canonry.audit.result import FOLDER
from canonry.model.finding import Finding, Severity
from canonry.report.content import Report
from canonry.report.places import related_lines
from canonry.report.style import printable
from canonry.report.summary import origin, verdict

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MOST = 10
"""The annotations of one kind that GitHub shows of a step; the log holds all."""


def render(report: Report, out: IO[str]) -> None:
    """Writes a command a finding, the gravest first because GitHub shows the first ones only; then the numbers."""
    for severity in Severity:
        for finding in report.findings():
            if finding.severity is severity:
                out.write(_command(finding, report))
    out.write(f"{verdict(report)}\n{origin(report)}\n")
    if any(count > _MOST for count in report.summary.severities.values()):
        out.write(f"GitHub shows the first {_MOST} annotations of each kind; all of them stand in this log\n")


def _command(finding: Finding, report: Report) -> str:
    properties = {"file": finding.path}
    if finding.symbol != FOLDER:
        properties |= {"line": str(finding.line), "endLine": str(finding.end.line)}
        if finding.end.line == finding.line:  # columns hold within one line only
            properties |= {"col": str(finding.column), "endColumn": str(finding.end.column)}
    properties["title"] = f"{finding.code} {report.rule_names.get(finding.code, '')}".rstrip()
    words = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    also = "".join(f"\nalso {line}" for line in related_lines(finding, all_of_them=report.options.verbose))
    message = f"{printable(finding.message)}; next: {finding.help}{also}"
    return f"::{_COMMANDS[finding.severity]} {words}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
