"""CTRF, the Common Test Report Format: one JSON object that several servers read.

Source of the format: the specification at ctrf.io (`specVersion` 0.0.0). Times are whole milliseconds.
"""

import json
from typing import IO, Any

from canonry import __version__
from canonry.model.outcome import Outcome
from canonry.report.run.formats import ReportOptions
from canonry.report.run.whole import WholeReport
from canonry.report.run.words import legal, place_of, reason_of
from canonry.run.summary import RunSummary, TestResult

_STATUS = {
    Outcome.PASSED: "passed",
    Outcome.UNEXPECTED_PASS: "passed",
    Outcome.EXPECTED_FAILURE: "passed",
    Outcome.SKIPPED: "skipped",
    Outcome.BLOCKED: "pending",
    Outcome.NOT_RUN: "pending",
    Outcome.LOST: "other",
    Outcome.SERVICE_UNAVAILABLE: "other",
}
"""What is no entry here has failed."""
_STATUSES = ("passed", "failed", "pending", "skipped", "other")


def open_report(out: IO[str], options: ReportOptions) -> WholeReport:
    """The report, written when the run is over."""
    return WholeReport(out, options, write)


def write(summary: RunSummary, out: IO[str], options: ReportOptions) -> None:
    """Writes one object. A file that cannot be collected is a failed test of the name of the file."""
    tests = [_test(result, summary) for result in summary.told_results()]
    tests += [
        {
            "name": path,
            "status": "failed",
            "duration": 0,
            "message": event.reason,
            "trace": event.text,
            "rawStatus": Outcome.UNCOLLECTABLE.value,
            "filePath": place_of(path, summary.started),
            "line": event.line,
        }
        for path, event in summary.uncollectable.items()
    ]
    start = _milliseconds(summary.started.at)
    end = start + _milliseconds(summary.ended.duration if summary.ended is not None else 0.0)
    counted = {status: sum(test["status"] == status for test in tests) for status in _STATUSES}
    document = {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "generatedBy": f"canonry {__version__}",
        "results": {
            "tool": {"name": "canonry", "version": __version__},
            "summary": {"tests": len(tests), **counted, "start": start, "stop": end},
            "tests": tests,
            "environment": {
                "commit": summary.started.commit or "",
                "testEnvironment": summary.started.profile,
                "extra": {"run": summary.started.run, **summary.started.fingerprint},
            },
        },
    }
    out.write(legal(json.dumps(document, indent=2, ensure_ascii=False)) + "\n")


def _test(result: TestResult, summary: RunSummary) -> dict[str, Any]:
    last, started = result.last, summary.started
    forgiven = summary.is_forgiven(result)
    found: dict[str, Any] = {
        "name": result.node,
        "status": "other" if forgiven else _STATUS.get(result.outcome, "failed"),
        "duration": _milliseconds(result.duration),
        "rawStatus": result.outcome.value,
        "filePath": place_of(last.path or result.node.partition("::")[0], started),
        "retries": len(result.attempts) - 1,
        "flaky": result.is_flaky,
    }
    if last.line:
        found["line"] = last.line
    entry = summary.quarantine_of(result)
    if forgiven and entry is not None:
        found["extra"] = {"quarantine": {"owner": entry.owner, "issue": entry.issue, "expires": entry.expires}}
    if result.category:
        found["tags"] = [result.category]
    if result.outcome is not Outcome.PASSED:
        found["message"] = reason_of(last)
    if last.text:
        found["trace"] = last.text
    printed = [each.text for each in last.captured if "stdout" in each.title]
    if printed:
        found["stdout"] = printed
    complained = [each.text for each in last.captured if "stdout" not in each.title]
    if complained:
        found["stderr"] = complained
    return found


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
