"""The versioned JSON report (schema 1)."""

from typing import IO, Any

import msgspec

from canonry import __version__
from canonry.audit.breakdown import by_folder, by_owner
from canonry.audit.result import Closed
from canonry.model.finding import Confidence, Finding, Position, Related, Severity
from canonry.report.content import Report

SCHEMA = 1


class Row(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A finding as a JSON object: the fields of `Finding` in their order."""

    code: str
    path: str
    line: int
    column: int
    end: Position
    message: str
    severity: Severity
    confidence: Confidence
    fingerprint: str
    symbol: str
    help: str
    related: tuple[Related, ...] = ()


def row_of(finding: Finding) -> Row:
    """The finding as JSON can hold it."""
    row = Row(*msgspec.structs.astuple(finding))
    if row.path.isascii() and row.message.isascii():
        return row
    return msgspec.structs.replace(row, path=_valid(row.path), message=_valid(row.message))


def render(report: Report, out: IO[str]) -> None:
    """Writes one JSON object; the findings are streamed, so memory does not grow with them."""
    text = msgspec.json.format(msgspec.json.encode(describe(report)), indent=2).decode()
    out.write(text.rstrip().removesuffix("}").rstrip())
    out.write(',\n  "findings": [')
    encoder = msgspec.json.Encoder()
    separator = "\n    "
    for finding in report.findings():
        out.write(separator + encoder.encode(row_of(finding)).decode())
        separator = ",\n    "
    out.write("\n  ]\n}\n" if separator != "\n    " else "]\n}\n")


def describe(report: Report) -> dict[str, Any]:
    """Everything but the findings."""
    header, summary = report.result.header, report.summary
    return {
        "schema": SCHEMA,
        "tool": "canonry",
        "version": __version__,
        "commit": header.commit,
        "dirty": header.dirty,
        "source": header.source,
        "target_python": {"version": header.target_python, "origin": header.target_origin},
        "ruleset": header.ruleset,
        "canon": header.canon_file,
        "scope": scope(report),
        "population": summary.population,
        "compliance": summary.compliance,
        "compliance_by": {"folder": by_folder(report.result), "owner": by_owner(report.result)},
        "rules": summary.rules,
        "facts": summary.facts,
        "suppressed": {
            "count": sum(summary.suppressed.values()),
            "rules": summary.suppressed,
            "findings": [describe_closed(each) for each in report.suppressed()],
        },
        "missing": {_valid(path): reason for path, reason in header.missing.items()},
        "passed_over": [
            {"path": _valid(document.path), "line": line, "reason": _valid(reason)}
            for document in report.result.documents()
            for line, reason in document.passed_over
        ],
        "notes": header.notes,
    }


def describe_closed(closed: Closed) -> dict[str, Any]:
    """A closed finding with what closes it: reason, last day and owner (null without), where it stands."""
    suppression = {
        "reason": _valid(closed.reason),
        "until": closed.until or None,
        "owner": _valid(closed.owner) or None,
        "origin": closed.origin,
        "line": closed.line,
    }
    found: dict[str, Any] = msgspec.to_builtins(row_of(closed.finding))
    return found | {"suppression": suppression}


def scope(report: Report) -> dict[str, tuple[str, ...]]:
    """What the audit was narrowed to; everything empty where it is the whole tree."""
    narrowing = report.result.narrowing
    names: dict[str, tuple[str, ...]] = {"owners": (), "categories": (), "flows": ()}
    if narrowing is not None:
        names = {"owners": narrowing.owners, "categories": narrowing.categories, "flows": narrowing.flows}
    return {"paths": report.result.scope} | names


def _valid(text: str) -> str:
    """The text without lone surrogates (from file names that are no UTF-8), which JSON cannot hold."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
