"""GitHub's workflow commands: failures, flaky tests and leaks as annotations of a workflow run.

Source: GitHub's documentation, "Workflow commands for GitHub Actions". GitHub shows the first ten of each kind.
"""

from typing import IO

from canonry.model.outcome import Outcome
from canonry.report.run.formats import ReportOptions
from canonry.report.run.quarantined import said_of, sentence
from canonry.report.run.whole import WholeReport
from canonry.report.run.words import again, leak_words, legal, place_of, reason_of, verdict, why_nothing
from canonry.run.summary import RunSummary

_COUNTED = (Outcome.BLOCKED, Outcome.NOT_RUN)


def open_report(out: IO[str], options: ReportOptions) -> WholeReport:
    """The commands, written when the run is over."""
    return WholeReport(out, options, write)


def write(summary: RunSummary, out: IO[str], options: ReportOptions) -> None:
    """Writes errors, then warnings, then the numbers."""
    for path, event in summary.uncollectable.items():
        out.write(_command("error", place_of(path, summary.started), event.line, "uncollectable", event.reason))
    for result in summary.bad():
        if result.outcome in _COUNTED or (
            result.outcome is Outcome.UNCOLLECTABLE and result.path in summary.uncollectable
        ):
            continue
        last = result.last
        path = place_of(last.path or result.node.partition("::")[0], summary.started)
        said = f"{result.node}: {reason_of(last)}\n{again(result.node, summary.started, options)}"
        out.write(_command("error", path, last.line, result.outcome.value, said))
    for each in said_of(summary):
        if each.state != "well":
            path = place_of(each.result.path, summary.started)
            out.write(_command("warning", path, 0, "quarantine", f"{each.result.node}: {sentence(each)}"))
    for result in summary.flaky():
        path = place_of(result.node.partition("::")[0], summary.started)
        out.write(_command("warning", path, 0, "flaky", f"{result.node} passed in attempt {len(result.attempts)} only"))
    for leak in summary.leaks:
        if not leak.restored:
            path = place_of(leak.node.partition("::")[0], summary.started)
            out.write(_command("warning", path, 0, "leak", f"{leak.node} leaves {leak_words(leak)}"))
    nothing = why_nothing(summary)
    if nothing:
        out.write(f"::error title=nothing validated::{_data(nothing)}\n")
    out.write(f"{legal(verdict(summary))}\n")


def _command(kind: str, path: str, line: int, title: str, message: str) -> str:
    properties = f"file={_property(path)}" + (f",line={line}" if line else "") + f",title={_property(title)}"
    return f"::{kind} {properties}::{_data(message)}\n"


def _data(text: str) -> str:
    return legal(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
