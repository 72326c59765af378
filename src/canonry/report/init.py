"""What `canonry init` says: the proposed keys as TOML, what it kept, what it leaves out."""

import json
from collections.abc import Iterable
from typing import IO, Any

import msgspec

from canonry.audit.infer.proposal import Entry, Proposal
from canonry.canon.insert import Addition, insert
from canonry.canon.keys import format_key, to_toml
from canonry.report.style import plural, printable

_SCHEMA_VERSION = 1
_OTHERS = 3


def additions(proposal: Proposal, prefix: tuple[str, ...], *, comments: bool) -> list[Addition]:
    """The proposed keys below a prefix, each with the sentence that explains it as its comment."""
    return [
        Addition(
            path=(*prefix, *(str(part) for part in entry.key)),
            value=entry.value,
            comment=_sentence(entry) if comments else "",
            items=entry.items if comments else (),
        )
        for entry in proposal.entries
    ]


def render_toml(proposal: Proposal, prefix: tuple[str, ...], out: IO[str], *, comments: bool) -> None:
    """Writes the proposed keys as a document of their own; nothing where there is none."""
    out.write(insert(b"", additions(proposal, prefix, comments=comments), file="the proposal").decode())


def render_json(proposal: Proposal, file: str, out: IO[str], *, written: bool) -> None:
    """Writes everything that was counted: entries with evidence and runners-up, kept keys, omissions."""
    document = {
        "schema": _SCHEMA_VERSION,
        "file": file,
        "written": written,
        "population": {"files": proposal.files, "test_files": proposal.test_files, "tests": proposal.tests},
        "entries": [_entry(entry) for entry in proposal.entries],
        "kept": [
            {"declared": kept.declared, "agrees": kept.agrees, "counted": _entry(kept.counted)}
            for kept in proposal.kept
        ],
        "omissions": msgspec.to_builtins(proposal.omissions),
    }
    out.write(json.dumps(document, indent=2, default=str) + "\n")


def narration(proposal: Proposal) -> Iterable[str]:
    """A sentence per kept and per omitted key, after the population that was counted."""
    yield (
        f"counted {plural(proposal.files, 'Python file')}, {plural(proposal.test_files, 'test file')}, "
        f"{plural(proposal.tests, 'test')}"
    )
    for kept in proposal.kept:
        key = format_key(kept.counted.key)
        if kept.agrees:
            yield f"kept `{key}`, as counting says too"
        else:
            yield f"kept `{key}` = {_short(kept.declared)}; counting says {_short(kept.counted.value)}"
    for omission in proposal.omissions:
        yield f"not proposed: `{omission.key}`: {printable(omission.why)}"


def _sentence(entry: Entry) -> str:
    others = ", ".join(f"{other.value} ({other.count:,})" for other in entry.others[:_OTHERS])
    more = ", ..." if len(entry.others) > _OTHERS else ""
    return f"{entry.why}; also counted: {others}{more}" if others else entry.why


def _entry(entry: Entry) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    return fields | {"key": format_key(entry.key)}


def _short(value: object) -> str:
    """The value on one line; of a list of symbols only the names."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        value = [each.get("name", each) for each in value]
    return printable(to_toml(value))
