"""JUnit XML of a run: a suite per category, a case per test, attempts as rerun and flaky elements.

Source of the format: the schema of the Jenkins xUnit plugin (junit-10.xsd); the elements for attempts are those that
Maven Surefire writes: `flakyFailure` before a pass, `rerunFailure` after a failure.
"""

from collections.abc import Iterable
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, Uncollectable
from canonry.report.run.claims import properties as reliability
from canonry.report.run.formats import ReportOptions
from canonry.report.run.quarantined import days
from canonry.report.run.whole import WholeReport
from canonry.report.run.words import legal, reason_of
from canonry.run.summary import RunSummary, TestResult

_FAILURES = frozenset((Outcome.FAILED, Outcome.TIMEOUT))
_SKIPS = frozenset((Outcome.SKIPPED, Outcome.EXPECTED_FAILURE))
"""What the schema calls skipped; what was blocked or not run is an error: it must not look harmless."""


def open_report(out: IO[str], options: ReportOptions) -> WholeReport:
    """The report, written when the run is over."""
    return WholeReport(out, options, write)


def write(summary: RunSummary, out: IO[str], options: ReportOptions) -> None:
    """Writes all suites; files that cannot be collected are cases with an error in a suite of their own."""
    suites: dict[str, list[TestResult]] = {}
    for result in summary.told_results():
        suites.setdefault(result.category, []).append(result)
    everything = summary.told_results()
    total = len(everything) + len(summary.uncollectable)
    errors = _errors(everything, summary) + len(summary.uncollectable)
    time = summary.ended.duration if summary.ended is not None else 0.0
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(
        f'<testsuites name="canonry" tests="{total}" failures="{_failures(everything, summary)}" errors="{errors}" '
        f'time="{time:.3f}">\n'
    )
    for name, results in suites.items():
        _write_suite(name or "tests", results, summary, out)
    if summary.uncollectable:
        _write_uncollectable(summary.uncollectable.values(), out)
    out.write("</testsuites>\n")


def _write_suite(name: str, results: list[TestResult], summary: RunSummary, out: IO[str]) -> None:
    skipped = sum(result.outcome in _SKIPS or summary.is_forgiven(result) for result in results)
    time = sum(result.duration for result in results)
    out.write(
        f'<testsuite name={_attribute(name)} tests="{len(results)}" failures="{_failures(results, summary)}" '
        f'errors="{_errors(results, summary)}" skipped="{skipped}" time="{time:.3f}">\n<properties>\n'
    )
    started = summary.started
    properties = {"run": started.run, "commit": started.commit or "none", "profile": started.profile}
    for claim in summary.claims.values():
        properties |= reliability(claim)
    for key, value in properties.items():
        out.write(f"<property name={_attribute(key)} value={_attribute(value)}/>\n")
    out.write("</properties>\n")
    for result in results:
        _write_case(result, summary, out)
    out.write("</testsuite>\n")


def _write_uncollectable(events: Iterable[Uncollectable], out: IO[str]) -> None:
    listed = list(events)
    out.write(
        f'<testsuite name="uncollectable" tests="{len(listed)}" failures="0" errors="{len(listed)}" skipped="0">\n'
    )
    for event in listed:
        out.write(f"<testcase name={_attribute(event.path)} classname={_attribute(_package(event.path))}>")
        message = f"{event.reason} (line {event.line})" if event.line else event.reason
        out.write(f'<error type="uncollectable" message={_attribute(message)}>{_text(event.text)}</error></testcase>\n')
    out.write("</testsuite>\n")


def _write_case(result: TestResult, summary: RunSummary, out: IO[str]) -> None:
    path, _, name = result.node.partition("::")
    parts = name.split("::")
    classname = ".".join([_package(path), *parts[:-1]])
    out.write(f"<testcase name={_attribute(parts[-1] or path)} classname={_attribute(classname)} ")
    out.write(f'time="{result.duration:.3f}">')
    last = result.last
    if last.outcome in _SKIPS:
        out.write(f"<skipped type={_attribute(last.outcome.value)} message={_attribute(reason_of(last))}/>")
    elif (entry := summary.quarantine_of(result)) is not None and summary.is_forgiven(result):
        # a failure here would fail the build of every server that reads this
        message = f"in quarantine, {days(entry)} ({entry.owner}, {entry.issue}): {reason_of(last)}"
        out.write(f'<skipped type="quarantined" message={_attribute(message)}>{_text(last.text)}</skipped>')
    elif last.outcome.is_bad:
        first = result.attempts[0]
        kind = "failure" if first.outcome in _FAILURES else "error"
        out.write(f"<{kind} type={_attribute(first.outcome.value)} message={_attribute(reason_of(first))}>")
        out.write(f"{_text(first.text)}</{kind}>")
        for attempt in result.attempts[1:]:
            _write_attempt("rerun", attempt, out)
    else:
        for attempt in result.attempts:
            if attempt.outcome.is_bad:
                _write_attempt("flaky", attempt, out)
    _write_output(last, result, out)
    out.write("</testcase>\n")


def _write_attempt(prefix: str, attempt: AttemptEnded, out: IO[str]) -> None:
    element = f"{prefix}{'Failure' if attempt.outcome in _FAILURES else 'Error'}"
    out.write(f"<{element} message={_attribute(reason_of(attempt))} type={_attribute(attempt.outcome.value)}>")
    out.write(f"<stackTrace>{_text(attempt.text)}</stackTrace></{element}>")


def _write_output(last: AttemptEnded, result: TestResult, out: IO[str]) -> None:
    printed = "".join(f"{each.title}\n{each.text}\n" for each in last.captured if "stderr" not in each.title)
    complained = "".join(f"{each.title}\n{each.text}\n" for each in last.captured if "stderr" in each.title)
    printed += "".join(f"leak: {leak.kind} {leak.name} {leak.detail}\n" for leak in result.leaks)
    printed += "".join(f"[[PROPERTY|{name}={value}]]\n" for name, value in last.properties)
    if printed:
        out.write(f"<system-out>{_text(printed)}</system-out>")
    if complained:
        out.write(f"<system-err>{_text(complained)}</system-err>")


def _failures(results: list[TestResult], summary: RunSummary) -> int:
    return sum(_counts(result, summary) and result.attempts[0].outcome in _FAILURES for result in results)


def _counts(result: TestResult, summary: RunSummary) -> bool:
    return result.outcome.is_bad and not summary.is_forgiven(result)


def _errors(results: list[TestResult], summary: RunSummary) -> int:
    return sum(_counts(result, summary) and result.attempts[0].outcome not in _FAILURES for result in results)


def _package(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").lstrip(".")


def _attribute(text: str) -> str:
    return quoteattr(legal(text))


def _text(text: str) -> str:
    return escape(legal(text))
