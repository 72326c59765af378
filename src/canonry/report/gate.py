"""A gate's judgement as text, JSON, annotations, SARIF and JUnit."""

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from hashlib import blake2b
from typing import IO, Any

import msgspec

from canonry import __version__
from canonry.model.gate import Change, Direction, Judgement, Kind, Reason, Verdict
from canonry.report.style import paint, plural, printable

_LINES = 3
"""The reasons that a refusal shows: a reader acts on the first, and all stand in the other formats."""
_COLORS = {Verdict.WORSE: "red", Verdict.BETTER: "green", Verdict.NEUTRAL: "bold"}
_WORDS = {Verdict.WORSE: "refused", Verdict.BETTER: "passes, better", Verdict.NEUTRAL: "passes"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Format(StrEnum):
    """A name for ``--output-format`` of `canonry gate`."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"
    GITHUB = "github"
    GITLAB = "gitlab"
    SARIF = "sarif"
    JUNIT = "junit"


def renderer(name: str) -> Callable[[Judgement, IO[str], bool, bool], None]:
    """What writes a judgement in this format: given it, where to, whether coloured, whether every change is wanted."""
    return _RENDERERS[Format(name)]


def _full(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    """The verdict, the three lines that matter, and the command that mends the first."""
    out.write(f"{_verdict(judgement, color)}\n")
    reasons = judgement.reasons if verbose else judgement.reasons[:_LINES]
    width = max((len(each.said) for each in reasons), default=0)
    for reason in reasons:
        out.write(f"  {reason.said:<{width}}  {_first(reason)}\n")
        for change in reason.changes[1:] if verbose else ():
            out.write(f"  {'':<{width}}  {_place(change)}{printable(change.message)}\n")
    left = len(judgement.reasons) - len(reasons)
    if left:
        out.write(f"  {plural(left, 'more reason')} (all with -v)\n")
    for line in _told(judgement, verbose=verbose):
        out.write(f"{line}\n")
    if judgement.reasons:
        first = judgement.reasons[0]
        out.write(f"next  {first.mend}\n")
        if first.remark:
            out.write(f"      {first.remark}\n")


def _concise(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    for reason in judgement.reasons:
        for change in reason.changes:
            out.write(f"{_place(change)}{reason.kind.value}: {printable(_message(change))}\n")
    out.write(f"{_verdict(judgement, color)}\n")


def _verdict(judgement: Judgement, color: bool) -> str:
    word = paint(_WORDS[judgement.verdict], _COLORS[judgement.verdict], color=color)
    gains = _gains(judgement)
    part = "" if judgement.complete else " (the files that changed; the whole tree is compared without paths)"
    return f"{word}  {judgement.head} against {judgement.base}{part}{f': {gains}' if gains else ''}"


def _gains(judgement: Judgement) -> str:
    """What became better, counted."""
    better: Counter[Kind] = Counter()
    for each in judgement.changes:
        if each.direction is Direction.BETTER:
            better[each.kind] += each.count
    words = {
        Kind.PARSING: "{} fewer that do not parse",
        Kind.TESTS: "{} more",
        Kind.ASSERTIONS: "{} more",
        Kind.VIOLATIONS: "{} fewer",
        Kind.EXEMPTIONS: "{} fewer",
    }
    nouns = {
        Kind.PARSING: "file",
        Kind.TESTS: "test",
        Kind.ASSERTIONS: "assertion",
        Kind.VIOLATIONS: "violation",
        Kind.EXEMPTIONS: "exemption",
    }
    return ", ".join(words[kind].format(plural(better[kind], nouns[kind])) for kind in words if better[kind])


def _told(judgement: Judgement, *, verbose: bool) -> list[str]:
    """What neither refuses nor is to be overlooked."""
    found = [f"agreed to: {kind.value} ({_count(judgement, kind)})" for kind in judgement.allowed]
    told = [each for each in judgement.changes if each.direction is Direction.TOLD]
    declared = [each for each in told if each.kind in (Kind.QUARANTINE, Kind.CONTRACTS, Kind.CANON)]
    found += [f"told  {printable(each.message)}" for each in (told if verbose else declared[:_LINES])]
    return found


def _count(judgement: Judgement, kind: Kind) -> int:
    return sum(e.count for e in judgement.changes if e.kind is kind and e.direction is Direction.WORSE)


def _first(reason: Reason) -> str:
    change = reason.changes[0]
    more = len(reason.changes) - 1
    return f"{_place(change)}{printable(change.message)}{f', and {more:,} more' if more else ''}"


def _place(change: Change) -> str:
    if not change.path:
        return ""
    return f"{printable(change.path)}:{change.line}: " if change.line else f"{printable(change.path)}: "


def _message(change: Change) -> str:
    code = f"{change.rule} " if change.kind is Kind.VIOLATIONS else ""
    return f"{code}{change.message}"


def _json(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    data = {"schema": 1, "version": __version__, "refused": judgement.refused} | msgspec.to_builtins(judgement)
    out.write(msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n")


def _github(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    """Annotations; the first ten of a kind are shown by GitHub, so the reasons come first, one each."""
    for reason in judgement.reasons:
        first, *rest = reason.changes
        for change, said in (
            (first, f"{reason.said}: {_message(first)}; next: {_next(reason)}"),
            *zip(rest, map(_message, rest), strict=True),
        ):
            place = f"file={_property(change.path)}," if change.path else ""
            place += f"line={change.line}," if change.line else ""
            out.write(f"::error {place}title=canonry gate {reason.kind.value}::{_data(printable(said))}\n")
    out.write(f"{_verdict(judgement, False)}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _gitlab(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    issues = [
        {
            "description": f"{reason.said}: {_message(change)}",
            "check_name": f"canonry-gate-{reason.kind.value}",
            "fingerprint": _identity(change, number),
            "severity": "critical" if reason.kind is Kind.PARSING else "major",
            "location": {"path": change.path or ".", "lines": {"begin": max(change.line, 1)}},
        }
        for reason in judgement.reasons
        for number, change in enumerate(reason.changes)
    ]
    out.write(msgspec.json.format(msgspec.json.encode(issues), indent=1).decode() + "\n")


def _identity(change: Change, number: int) -> str:
    words = f"{change.kind}\0{change.path}\0{change.rule}\0{change.fingerprint or change.message}\0"
    return blake2b(
        f"{words}{number if change.fingerprint else ''}".encode("utf-8", "replace"), digest_size=16
    ).hexdigest()


def _sarif(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    kinds = [*Kind]
    rules = [{"id": f"gate-{kind.value}", "shortDescription": {"text": _KINDS[kind]}} for kind in kinds]
    results = [_result(reason, change, kinds) for reason in judgement.reasons for change in reason.changes]
    run = {
        "tool": {"driver": {"name": "canonry gate", "version": __version__, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "properties": {"head": judgement.head, "base": judgement.base, "verdict": judgement.verdict.value},
        "results": results,
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    out.write(msgspec.json.format(msgspec.json.encode(log), indent=1).decode() + "\n")


def _next(reason: Reason) -> str:
    return f"`{reason.mend}`; {reason.remark}" if reason.remark else reason.mend


def _result(reason: Reason, change: Change, kinds: list[Kind]) -> dict[str, Any]:
    text = f"{_message(change)}; next: {_next(reason)}".replace("{", "{{").replace("}", "}}").replace("](", "] (")
    found: dict[str, Any] = {
        "ruleId": f"gate-{reason.kind.value}",
        "ruleIndex": kinds.index(reason.kind),
        "level": "error",
        "message": {"text": printable(text)},
    }
    if change.path:
        from urllib.parse import quote

        place: dict[str, Any] = {"artifactLocation": {"uri": quote(change.path, safe="/", errors="replace")}}
        if change.line:
            place["region"] = {"startLine": change.line}
        found["locations"] = [{"physicalLocation": place}]
    if change.fingerprint:
        found["partialFingerprints"] = {"canonry/v1": change.fingerprint}
    return found


_KINDS = {
    Kind.PARSING: "a file that does not parse, where none did",
    Kind.TESTS: "a test that is gone",
    Kind.ASSERTIONS: "a test that asserts less",
    Kind.VIOLATIONS: "a violation more than there was",
    Kind.EXEMPTIONS: "an exemption more than there was",
    Kind.QUARANTINE: "a change of the quarantine",
    Kind.CONTRACTS: "a contract that demands less",
    Kind.CANON: "a canon that demands less",
}


def _junit(judgement: Judgement, out: IO[str], color: bool, verbose: bool) -> None:
    """One case for each kind: it fails with the changes that refuse."""
    from xml.sax.saxutils import escape, quoteattr  # brings a client of HTTP, and a hook waits

    by_kind = {kind: [each for each in judgement.reasons if each.kind is kind] for kind in Kind}
    failed = sum(1 for reasons in by_kind.values() if reasons)
    out.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    numbers = f'tests="{len(Kind)}" failures="{failed}"'
    out.write(f'<testsuites name="canonry gate" {numbers} errors="0">\n')
    out.write(f'<testsuite name="canonry gate" {numbers} errors="0" skipped="0">\n')
    for kind, reasons in by_kind.items():
        out.write(f'<testcase name={quoteattr(f"not worse: {kind.value}")} classname="canonry.gate">')
        if reasons:
            said = quoteattr(printable("; ".join(each.said for each in reasons)))
            lines = "\n".join(f"{_place(each)}{_message(each)}" for reason in reasons for each in reason.changes)
            out.write(f'<failure type="refused" message={said}>{escape(_xml(lines))}</failure>')
        out.write("</testcase>\n")
    out.write("</testsuite>\n</testsuites>\n")


def _xml(text: str) -> str:
    return "\n".join(
        printable(line).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") for line in text.split("\n")
    )


_RENDERERS: dict[Format, Callable[[Judgement, IO[str], bool, bool], None]] = {
    Format.FULL: _full,
    Format.CONCISE: _concise,
    Format.JSON: _json,
    Format.GITHUB: _github,
    Format.GITLAB: _gitlab,
    Format.SARIF: _sarif,
    Format.JUNIT: _junit,
}
