"""Recordings held against a contract, for readers and programs."""

from collections import Counter
from typing import IO, Any

import msgspec

from canonry import __version__
from canonry.contract.check.violation import Verdict
from canonry.contract.examine import Examined, Finding, Place
from canonry.contract.load import LoadedContract
from canonry.report.style import paint, plural, printable

SCHEMA = 1
_MOST_EXAMPLE = 12


def render_full(examined: Examined, loaded: LoadedContract, out: IO[str], *, color: bool) -> None:
    """Writes every violation with the lines that show it, and what came of each rule in sum."""
    sentences = {rule.id: (rule.sentence, loaded.line(rule.path)) for rule in loaded.plan.rules}
    for finding in examined.findings:
        violation = finding.violation
        out.write(f"{paint(_where(finding), 'bold', color=color)}: ")
        out.write(f"{paint(violation.rule, 'red', color=color)}: {printable(violation.message)}\n")
        sentence, line = sentences.get(violation.rule, ("", None))
        if sentence:
            said = f" ({loaded.file}:{line})" if line else ""
            out.write(f"  rule: {printable(sentence)}{said}\n")
        for place in finding.witnesses:
            out.write(f"  witness: {_place(place)}\n")
        if finding.example:
            out.write(f"  smallest example: {plural(len(finding.example), 'event')}\n")
            for place in finding.example[:_MOST_EXAMPLE]:
                out.write(f"    {_place(place)}\n")
            if len(finding.example) > _MOST_EXAMPLE:
                out.write(f"    and {len(finding.example) - _MOST_EXAMPLE} more\n")
        out.write("\n")
    out.write(_summary(examined, color=color))


def render_concise(examined: Examined, out: IO[str]) -> None:
    """Writes one line for each violation."""
    for finding in examined.findings:
        out.write(f"{_where(finding)}: {finding.violation.rule}: {printable(finding.violation.message)}\n")
    out.write(_summary(examined, color=False))


def render_json(examined: Examined, loaded: LoadedContract, out: IO[str]) -> None:
    """Writes one JSON object (schema 1): rules with their verdicts, sessions, violations with their places."""
    document = {
        "schema": SCHEMA,
        "tool": "canonry",
        "version": __version__,
        "contract": examined.contract,
        "profile": examined.profile,
        "received": examined.received,
        "judged": examined.judged,
        "verdict": str(Verdict.VIOLATED if examined.violated else Verdict.HOLDS),
        "rules": [
            {
                "id": rule.id,
                "sentence": rule.sentence,
                "line": loaded.line(rule.path),
                "verdict": str(_verdict(examined, rule.id)),
                "violations": sum(each.violation.rule == rule.id for each in examined.findings),
            }
            for rule in loaded.plan.rules
        ],
        "connections": [
            {
                "file": file,
                "connection": result.connection,
                "received": result.received,
                "judged": result.judged,
                "verdict": str(result.verdict),
                "violations": result.counted,
            }
            for file, result in examined.results
        ],
        "violations": [_described(each) for each in examined.findings],
        "notes": list(examined.notes),
    }
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    out.write(text + "\n")


def _described(finding: Finding) -> dict[str, Any]:
    violation = finding.violation
    return {
        "rule": violation.rule,
        "message": _valid(violation.message),
        "file": finding.file,
        "line": finding.place.line if finding.place else None,
        "connection": violation.connection,
        "index": violation.index,
        "event": _valid(violation.event),
        "witnesses": [_placed(each) for each in finding.witnesses],
        "example": [_placed(each) for each in finding.example],
    }


def _placed(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "event": _valid(place.event)}


def _verdict(examined: Examined, rule: str) -> Verdict:
    verdicts = {result.rules.get(rule, Verdict.HOLDS) for _, result in examined.results}
    return Verdict.VIOLATED if Verdict.VIOLATED in verdicts else Verdict.HOLDS


def _summary(examined: Examined, *, color: bool) -> str:
    broken = Counter(finding.violation.rule for finding in examined.findings)
    where = plural(len(examined.results), "connection")
    events = f"{plural(examined.received, 'event')} received, {examined.judged:,} judged, {where}"
    if not broken:
        return f"{paint('holds', 'green', color=color)}: {examined.contract}; {events}\n"
    total = sum(result.counted for _, result in examined.results)
    rules = ", ".join(f"{rule} ({count})" for rule, count in broken.most_common())
    said = f"{plural(total, 'violation')} of {plural(len(broken), 'rule')}: {rules}"
    return f"{paint('violated', 'red', color=color)}: {examined.contract}; {said}; {events}\n"


def _where(finding: Finding) -> str:
    connection = f" [{printable(finding.violation.connection)}]" if finding.violation.connection else ""
    if finding.place is None:
        return f"{printable(finding.file)}: end of stream{connection}"
    return f"{printable(finding.file)}:{finding.place.line}{connection}"


def _place(place: Place) -> str:
    return f"{printable(place.file)}:{place.line}" + (f" {printable(place.event)}" if place.event else "")


def _valid(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
