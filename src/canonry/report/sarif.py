"""SARIF 2.1.0, for GitHub code scanning, Azure DevOps and editors.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01"; which properties code
scanning reads, and its limits: GitHub's documentation, "SARIF support for code scanning".
"""

from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote

import msgspec

from canonry import __version__
from canonry.audit.result import Closed, RuleRecord
from canonry.model.finding import Confidence, Finding, Related, Severity
from canonry.report.content import Report
from canonry.report.explain import family_title, page, summary
from canonry.report.json import scope
from canonry.report.places import about
from canonry.report.style import plural
from canonry.rules.registry import all_rules
from canonry.rules.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_MOST_RESULTS = 25_000
"""The results a run that code scanning takes; it refuses a file with more."""
_MOST_PLACES = 100
"""The related places of a result that are written; code scanning shows no more than 100 locations."""
_LONGEST = 1_000
"""The characters that code scanning keeps of a description."""
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEMS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_PRECISION = {Confidence.CERTAIN: "very-high", Confidence.LIKELY: "medium", Confidence.REVIEW: "low"}


def render(report: Report, out: IO[str]) -> None:
    """Writes one SARIF log with one run. Its results come last, one a line and streamed: memory does not grow.

    Open findings come first, then those that suppressions close, but for a sample, which is drawn of open ones.
    Nothing is left out above code scanning's limit of results; a notification in the log says so.
    """
    encode = msgspec.json.Encoder().encode
    rules = _rules(report)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    out.write(f'{{"$schema":"{SCHEMA}","version":"2.1.0","runs":[{{\n')
    for key, value in _run(report, rules).items():
        out.write(f'"{key}":{encode(value).decode()},\n')
    out.write('"results":[')
    separator = "\n"
    for result in _results(report, index):
        out.write(separator + encode(result).decode())
        separator = ",\n"
    out.write("\n]}]}\n" if separator != "\n" else "]}]}\n")


def _run(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    """The run without its results."""
    header, numbers = report.result.header, report.summary
    return {
        "tool": {"driver": {"name": "canonry", "version": __version__, "rules": rules}},
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": list(_notifications(report))}],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the audited tree."}}},
        "columnKind": "unicodeCodePoints",
        "properties": {
            "commit": header.commit,
            "dirty": header.dirty,
            "source": header.source,
            "targetPython": header.target_python,
            "ruleset": header.ruleset,
            "canon": header.canon_file,
            "scope": scope(report),
            "population": numbers.population,
            "compliance": numbers.compliance,
            "suppressed": sum(numbers.suppressed.values()),
        },
    }


def _notifications(report: Report) -> Iterator[dict[str, Any]]:
    """What the reader of the results has to know: what could not be read, and what code scanning will not take."""
    header = report.result.header
    for note in header.notes:
        yield {"level": "note", "message": {"text": _text(note)}}
    for path, reason in header.missing.items():
        if report.result.holds(path):
            location = {"physicalLocation": {"artifactLocation": _artifact(path)}}
            text = _text(f"the file could not be read: {reason}")
            yield {"level": "warning", "message": {"text": text}, "locations": [location]}
    if report.options.sample is not None:
        return
    closed = sum(report.summary.suppressed.values())
    results = sum(report.summary.severities.values()) + closed
    if closed:
        text = (
            f"{plural(closed, 'result')} {'is' if closed == 1 else 'are'} closed by suppressions; GitHub code scanning "
            "does not read `suppressions` and shows them as open unless another step takes them out or dismisses them"
        )
        yield {"level": "note", "message": {"text": text}}
    if results > _MOST_RESULTS:
        text = (
            f"the run has {plural(results, 'result')}, and GitHub code scanning refuses a run with more than "
            f"{_MOST_RESULTS:,}; narrow it with `--select`, `--owner`, `--category` or paths"
        )
        yield {"level": "warning", "message": {"text": text}}


def _rules(report: Report) -> list[dict[str, Any]]:
    """The rules that judged, as far as they are shown, and any other that a finding names; by code."""
    selected, known, own = report.options.selected, all_rules(), report.result.header.own_rules
    found = {rule.code: (rule.name, rule.severity) for rule in report.summary.rules}
    judging = {code for code, rule in own.items() if rule.judged}
    judging |= {code for code, rule in known.items() if not rule.preview}
    shown = {code for code in judging if selected is None or code in selected}
    codes = shown | found.keys() | report.summary.suppressed.keys()
    return [
        _described(known[code]) if code in known else _named(code, own.get(code) or RuleRecord(*found[code]))
        for code in sorted(codes)
    ]


def _named(code: str, rule: RuleRecord) -> dict[str, Any]:
    """A rule that is not built in. Code scanning asks for descriptions and help, so the name stands in for them."""
    words = rule.name.replace("-", " ")
    return {
        "id": code,
        "name": rule.name,
        "shortDescription": {"text": _clipped(rule.summary or words)},
        "fullDescription": {"text": _clipped(rule.summary or words)},
        "help": {"text": rule.help or words},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "confidence": rule.confidence.value,
            "precision": _PRECISION[rule.confidence],
            "problem.severity": _PROBLEMS[rule.severity],
            "tags": ["tests", code.rstrip("0123456789"), "own rule"],
        },
    }


def _described(rule: Rule) -> dict[str, Any]:
    text = page(rule)
    title = family_title(rule.code.rstrip("0123456789"))
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _clipped(summary(rule))},
        "fullDescription": {"text": _clipped(" ".join((rule.__doc__ or rule.name).split()))},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "confidence": rule.confidence.value,
            "precision": _PRECISION[rule.confidence],
            "problem.severity": _PROBLEMS[rule.severity],
            "tags": ["tests", rule.code.rstrip("0123456789"), *([title] if title else [])],
        },
    }


def _results(report: Report, index: dict[str, int]) -> Iterator[dict[str, Any]]:
    """All results. Each has `suppressions`, empty for open ones: all have the property or none (3.27.23)."""
    for finding in report.findings():
        yield _result(finding, index) | {"suppressions": []}
    if report.options.sample is None:
        for each in report.suppressed():
            yield _result(each.finding, index) | {"suppressions": [_suppression(each, report)]}


def _suppression(closed: Closed, report: Report) -> dict[str, Any]:
    """What closes a finding, and where it stands: in a comment of the file, or in the canon (SARIF 2.1.0, 3.35)."""
    properties: dict[str, Any] = {key: value for key in ("until", "owner") if (value := getattr(closed, key))}
    found: dict[str, Any] = {"kind": "external", "status": "accepted", "justification": closed.reason}
    if closed.origin == "comment":
        place = {"artifactLocation": _artifact(closed.finding.path), "region": {"startLine": closed.line}}
        found |= {"kind": "inSource", "location": {"physicalLocation": place}}
    else:
        properties |= {"canon": report.result.header.canon_file, "line": closed.line}
    return found | ({"properties": properties} if properties else {})


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(finding.path)}}
    location["physicalLocation"]["region"] = {
        "startLine": finding.line,
        "startColumn": finding.column,
        "endLine": finding.end.line,
        "endColumn": finding.end.column,
    }
    if not finding.symbol.startswith("<"):  # a module, a script, a folder has no name of its own
        location["logicalLocations"] = [{"fullyQualifiedName": finding.symbol}]
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(f"{finding.message}; next: {finding.help}")},
        "locations": [location],
        "partialFingerprints": {"canonry/v1": finding.fingerprint},
        "properties": {"confidence": finding.confidence.value},
    }
    if finding.related:
        shown = finding.related[:_MOST_PLACES]
        result["relatedLocations"] = [_related(number, other) for number, other in enumerate(shown, 1)]
        result["properties"]["relatedPlaces"] = len(finding.related)
    return result


def _related(number: int, other: Related) -> dict[str, Any]:
    region = {"startLine": other.line, "startColumn": other.column}
    return {
        "id": number,
        "physicalLocation": {"artifactLocation": _artifact(other.path), "region": region},
        "message": {"text": _text(about(other))},
    }


def _artifact(path: str) -> dict[str, str]:
    """A path as a reference relative to the root, percent-encoded: a colon at its start would read as a scheme."""
    return {"uri": quote(path, safe="/"), "uriBaseId": _ROOT}


def _text(text: str) -> str:
    """A message string: braces are doubled, and brackets before a parenthesis parted from it.

    Unescaped they mean placeholders and links (SARIF 2.1.0, 3.11.5 and 3.11.6).
    """
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
