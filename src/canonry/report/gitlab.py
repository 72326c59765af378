"""GitLab's Code Quality report: one JSON array of issues.

Source: GitLab's documentation, "Code Quality report format" (a subset of the Code Climate specification).
"""

from hashlib import blake2b
from typing import IO, Any

import msgspec

from canonry.model.finding import Finding, Severity
from canonry.report.content import Report
from canonry.report.style import plural

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, out: IO[str]) -> None:
    """Writes one issue a line; streamed. What the format has no room for (numbers, notes) is left out."""
    encode = msgspec.json.Encoder().encode
    separator = "["
    for finding in report.findings():
        out.write(separator + "\n" + encode(_issue(finding, report)).decode())
        separator = ","
    out.write("\n]\n" if separator == "," else "[]\n")


def _issue(finding: Finding, report: Report) -> dict[str, Any]:
    others = f" (and {plural(len(finding.related), 'other place')})" if finding.related else ""
    return {
        "description": f"{finding.code} {finding.message}{others}",
        "check_name": report.rule_names.get(finding.code, finding.code),
        "fingerprint": _fingerprint(finding),
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.path, "lines": {"begin": finding.line, "end": finding.end.line}},
    }


def _fingerprint(finding: Finding) -> str:
    """32 hexadecimal digits that name the finding within the report: its own fingerprint knows no path."""
    return blake2b(f"{finding.path}\0{finding.fingerprint}".encode(), digest_size=16).hexdigest()
