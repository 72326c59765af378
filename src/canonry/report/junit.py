"""JUnit XML: the compliance of each test file as a test case, for servers that show test results.

Source of the format: the schema of the Jenkins xUnit plugin (junit-10.xsd), which names what other servers read too.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import msgspec

from canonry import __version__
from canonry.audit.result import FileRecord
from canonry.model.finding import Finding, Severity
from canonry.report.content import Report
from canonry.report.places import related_lines
from canonry.report.style import plural
from canonry.report.summary import narrowed

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUITES = ("test files", "other files")


class _Case(msgspec.Struct, frozen=True):
    """A test case: a file with its findings. ``reason`` says why it fails, ``skipped`` why it was not judged, and
    ``closed`` what suppressions close in it.
    """

    path: str
    findings: list[Finding]
    reason: str = ""
    skipped: str = ""
    closed: str = ""


def render(report: Report, out: IO[str]) -> None:
    """Writes two suites: the test files, and whatever else has a finding.

    A test file is a case that passes exactly when it counts as compliant, so the share of passed cases in the first
    suite is the compliance; its warnings stand in its output. `--select` and `--sample` narrow what a case can fail of,
    as they narrow every other format. Files that could not be read are skipped cases. What suppressions close fails
    nothing: it is counted in the output of a case, the one place beside a failure that servers show of it.
    """
    totals: list[Counter[str]] = []
    closed = _closed(report)
    for suite in _SUITES:
        count: Counter[str] = Counter()
        for case in _cases(report, suite, closed):
            count["tests"] += 1
            count["failures"] += bool(case.reason)
            count["skipped"] += bool(case.skipped)
        totals.append(count)
    whole = totals[0] + totals[1]
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuites name="canonry" tests="{whole["tests"]}" failures="{whole["failures"]}" errors="0">\n')
    for suite, count in zip(_SUITES, totals, strict=True):
        if suite == _SUITES[0] or count["tests"]:
            _write_suite(suite, count, report, closed, out)
    out.write("</testsuites>\n")


def _write_suite(
    suite: str, count: Counter[str], report: Report, closed: dict[str, Counter[str]], out: IO[str]
) -> None:
    numbers = " ".join(f'{name}="{count[name]}"' for name in ("tests", "failures", "skipped"))
    out.write(f'<testsuite name="canonry: {suite}" {numbers} errors="0">\n<properties>\n')
    for name, value in _properties(report).items():
        out.write(f"<property name={_attribute(name)} value={_attribute(value)}/>\n")
    out.write("</properties>\n")
    for case in _cases(report, suite, closed):
        _write_case(case, report, out)
    out.write("</testsuite>\n")


def _write_case(case: _Case, report: Report, out: IO[str]) -> None:
    folder = ".".join(part.lstrip(".") for part in case.path.split("/")[:-1])  # `.github` is no empty package
    out.write(f"<testcase name={_attribute(case.path)} classname={_attribute(f'canonry.{folder}'.rstrip('.'))}")
    if case.skipped:
        out.write(f"><skipped message={_attribute(case.skipped)}/></testcase>\n")
        return
    if not case.findings and not case.reason and not case.closed:
        out.write("/>\n")
        return
    text = "".join(f"{line}\n" for finding in case.findings for line in _lines(finding, report))
    if case.reason:
        kind = min(case.findings, key=lambda each: each.severity.rank).code if case.findings else "unparsable"
        out.write(f"><failure type={_attribute(kind)} message={_attribute(case.reason)}>")
        out.write(f"{escape(_legal(text))}</failure>")
        shown = case.closed
    else:
        out.write(">")
        shown = text + case.closed
    out.write(f"<system-out>{escape(_legal(shown))}</system-out></testcase>\n" if shown else "</testcase>\n")


def _closed(report: Report) -> dict[str, Counter[str]]:
    """What suppressions close, by path and rule."""
    found: dict[str, Counter[str]] = {}
    for each in report.suppressed():
        found.setdefault(each.finding.path, Counter())[each.finding.code] += 1
    return found


def _cases(report: Report, suite: str, closed: dict[str, Counter[str]]) -> Iterator[_Case]:
    tests = suite == _SUITES[0]
    for path, record, findings in report.by_file():
        if (record is not None and record.is_test) is tests and (tests or findings):
            count = closed.get(path)
            said = f"{plural(count.total(), 'finding')} closed by suppressions: {_listed(count)}\n" if count else ""
            yield _Case(path, findings, _reason(report, record, findings), closed=said)
    if not tests:
        for path, reason in report.result.header.missing.items():
            if report.result.holds(path):
                yield _Case(path, [], skipped=f"could not be read: {reason}")


def _reason(report: Report, record: FileRecord | None, findings: list[Finding]) -> str:
    """Why a file fails: the counts of its errors per rule; empty where it does not."""
    errors = Counter(finding.code for finding in findings if finding.severity is Severity.ERROR)
    if errors:
        return f"{plural(errors.total(), 'error')}: {_listed(errors)}"
    everything = report.options.selected is None and report.options.sample is None
    return "does not parse" if everything and record is not None and record.broken else ""


def _listed(codes: Counter[str]) -> str:
    return ", ".join(code if count == 1 else f"{count} {code}" for code, count in sorted(codes.items()))


def _lines(finding: Finding, report: Report) -> Iterator[str]:
    name = report.rule_names.get(finding.code, "")
    yield f"{finding.line}:{finding.column} {finding.code} {name} {finding.severity.value}: {finding.message}"
    for line in related_lines(finding, all_of_them=report.options.verbose):
        yield f"    also {line}"
    yield f"    next: {finding.help}"


def _properties(report: Report) -> dict[str, str]:
    header, compliance, population = report.result.header, report.summary.compliance, report.summary.population
    found = {
        "canonry": __version__,
        "commit": header.commit or "none",
        "dirty": str(header.dirty).lower(),
        "ruleset": header.ruleset,
        "target-python": header.target_python,
        "compliant": str(compliance.compliant),
        "test-files": str(compliance.total),
        "python-files": str(population.files),
        "documents": str(population.documents),
        "commands": str(population.commands),
        "closed-findings": str(sum(report.summary.suppressed.values())),
    }
    return found | ({"scope": narrowed(report.result)} if report.result.narrowing else {})


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    """The text with what XML 1.0 cannot hold (production 2) written as an escape of Python's."""
    return _ILLEGAL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
