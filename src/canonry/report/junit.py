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
    """A test case: a file with its findings. ``reason`` says why it fails, ``skipped`` why it was not judged."""

    path: str
    findings: list[Finding]
    reason: str = ""
    skipped: str = ""


def render(report: Report, out: IO[str]) -> None:
    """Writes two suites: the test files, and whatever else has a finding.

    A test file is a case that passes exactly when it counts as compliant, so the share of passed cases in the first
    suite is the compliance; its warnings stand in its output. `--select` and `--sample` narrow what a case can fail of,
    as they narrow every other format. Files that could not be read are skipped cases.
    """
    totals: list[Counter[str]] = []
    for suite in _SUITES:
        count: Counter[str] = Counter()
        for case in _cases(report, suite):
            count["tests"] += 1
            count["failures"] += bool(case.reason)
            count["skipped"] += bool(case.skipped)
        totals.append(count)
    whole = totals[0] + totals[1]
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    out.write(f'<testsuites name="canonry" tests="{whole["tests"]}" failures="{whole["failures"]}" errors="0">\n')
    for suite, count in zip(_SUITES, totals, strict=True):
        if suite == _SUITES[0] or count["tests"]:
            _write_suite(suite, count, report, out)
    out.write("</testsuites>\n")


def _write_suite(suite: str, count: Counter[str], report: Report, out: IO[str]) -> None:
    numbers = " ".join(f'{name}="{count[name]}"' for name in ("tests", "failures", "skipped"))
    out.write(f'<testsuite name="canonry: {suite}" {numbers} errors="0">\n<properties>\n')
    for name, value in _properties(report).items():
        out.write(f"<property name={_attribute(name)} value={_attribute(value)}/>\n")
    out.write("</properties>\n")
    for case in _cases(report, suite):
        _write_case(case, report, out)
    out.write("</testsuite>\n")


def _write_case(case: _Case, report: Report, out: IO[str]) -> None:
    folder = case.path.rpartition("/")[0].replace("/", ".")
    out.write(f"<testcase name={_attribute(case.path)} classname={_attribute(f'canonry.{folder}'.rstrip('.'))}")
    if case.skipped:
        out.write(f"><skipped message={_attribute(case.skipped)}/></testcase>\n")
        return
    if not case.findings and not case.reason:
        out.write("/>\n")
        return
    text = "".join(f"{line}\n" for finding in case.findings for line in _lines(finding, report))
    if case.reason:
        kind = min(case.findings, key=lambda each: each.severity.rank).code if case.findings else "unparsable"
        out.write(f"><failure type={_attribute(kind)} message={_attribute(case.reason)}>")
        out.write(f"{escape(_legal(text))}</failure></testcase>\n")
    else:
        out.write(f"><system-out>{escape(_legal(text))}</system-out></testcase>\n")


def _cases(report: Report, suite: str) -> Iterator[_Case]:
    tests = suite == _SUITES[0]
    for path, record, findings in report.by_file():
        if (record is not None and record.is_test) is tests and (tests or findings):
            yield _Case(path, findings, _reason(report, record, findings))
    if not tests:
        for path, reason in report.result.header.missing.items():
            if report.result.holds(path):
                yield _Case(path, [], skipped=f"could not be read: {reason}")


def _reason(report: Report, record: FileRecord | None, findings: list[Finding]) -> str:
    """Why a file fails: the counts of its errors per rule; empty where it does not."""
    errors = Counter(finding.code for finding in findings if finding.severity is Severity.ERROR)
    if errors:
        codes = ", ".join(code if count == 1 else f"{count} {code}" for code, count in sorted(errors.items()))
        return f"{plural(sum(errors.values()), 'error')}: {codes}"
    everything = report.options.selected is None and report.options.sample is None
    return "does not parse" if everything and record is not None and record.broken else ""


def _lines(finding: Finding, report: Report) -> Iterator[str]:
    name = report.rule_names.get(finding.code, "")
    yield f"{finding.line}:{finding.column} {finding.code} {name} {finding.severity.value}: {finding.message}"
    for line in related_lines(finding, all_of_them=report.options.verbose):
        yield f"    also {line}"
    yield f"    next: {finding.help}"


def _properties(report: Report) -> dict[str, str]:
    header, compliance = report.result.header, report.summary.compliance
    found = {
        "canonry": __version__,
        "commit": header.commit or "none",
        "dirty": str(header.dirty).lower(),
        "ruleset": header.ruleset,
        "target-python": header.target_python,
        "compliant": str(compliance.compliant),
        "test-files": str(compliance.total),
    }
    return found | ({"scope": narrowed(report.result)} if report.result.narrowing else {})


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    """The text with what XML 1.0 cannot hold (production 2) written as an escape of Python's."""
    return _ILLEGAL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
