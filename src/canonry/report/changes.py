"""The changes that were made in a tree: as a list, and one with its difference."""

import json
from collections.abc import Sequence
from typing import IO, Any

import msgspec

from canonry.changes.history import Change
from canonry.changes.journal import FileRecord
from canonry.report.style import paint, plural, printable

_SCHEMA_VERSION = 1
_STATES = {"sealed": "green", "unfinished": "red", "partly rolled back": "yellow"}
_SIGNS = {"+": "green", "-": "red", "@": "cyan"}

Diffs = Sequence[tuple[FileRecord, str]]
"""The files of a change, each with its difference."""


def render_list(changes: Sequence[Change], out: IO[str], *, color: bool) -> None:
    """Writes one line per change, the oldest first."""
    if not changes:
        return
    rows = [
        (change.header.id, _time(change), change.state, f"{len(change.header.files):,}", _reason(change))
        for change in changes
    ]
    widths = [max(len(row[column]) for row in [_TITLES, *rows]) for column in range(4)]
    for row in [_TITLES, *rows]:
        state = paint(f"{row[2]:<{widths[2]}}", *_style(row[2]), color=color)
        cells = (f"{row[0]:<{widths[0]}}", f"{row[1]:<{widths[1]}}", state, f"{row[3]:>{widths[3]}}", row[4])
        out.write("  ".join(cells).rstrip() + "\n")


def render_change(change: Change, diffs: Diffs, out: IO[str], *, color: bool, raw: bool) -> None:
    """Writes what a change was, why each file was changed and how sure that was, and its difference.

    ``raw`` keeps every byte of the difference; without it, what a terminal would act on is replaced.
    """
    header = change.header
    out.write(f"change {paint(header.id, 'bold', color=color)}  {printable(header.reason)}\n")
    out.write(f"made   {_time(change)} by `canonry {header.origin}`, at {_commit(header.head)}\n")
    out.write(f"state  {paint(_state(change), *_style(change.state), color=color)}\n")
    if change.kept:
        out.write(f"kept   {', '.join(printable(path) for path in change.kept)}: edited while it was at work\n")
    out.write(f"files  {len(header.files):,}\n")
    for record, _ in diffs:
        back = "" if record.path in change.standing or change.state not in _BACK else "  (rolled back)"
        out.write(f"       {record.grade.value:<6}  {printable(record.path)}  {_why(record)}{back}\n")
    for _, diff in diffs:
        if diff:
            out.write("\n")
            render_diff(diff, out, color=color, raw=raw)


def render_diff(diff: str, out: IO[str], *, color: bool, raw: bool) -> None:
    """Writes a unified difference, its lines in the usual colours where they are wanted."""
    if raw and not color:
        out.write(diff)
        return
    for line in diff.split("\n")[:-1]:
        text = line if raw else printable(line)
        style = () if line.startswith(("+++ ", "--- ")) else (_SIGNS.get(line[:1]),)
        out.write(paint(text, *(each for each in style if each), color=color) + "\n")


def render_list_json(changes: Sequence[Change], out: IO[str]) -> None:
    """Writes all changes with their files."""
    _write({"schema": _SCHEMA_VERSION, "changes": [_fields(change) for change in changes]}, out)


def render_change_json(change: Change, diffs: Diffs, out: IO[str]) -> None:
    """Writes one change; each file with its difference."""
    fields = _fields(change)
    for file, (_, diff) in zip(fields["files"], diffs, strict=True):
        file["diff"] = diff
    _write({"schema": _SCHEMA_VERSION, "change": fields}, out)


_TITLES = ("id", "made (UTC)", "state", "files", "reason")
_BACK = ("rolled back", "partly rolled back")


def _fields(change: Change) -> dict[str, Any]:
    header = change.header
    return {
        "id": header.id,
        "made": header.made,
        "state": change.state,
        "reason": header.reason,
        "origin": header.origin,
        "verification": header.verification,
        "commit": header.head,
        "rolls_back": header.undoes,
        "rolled_back_by": list(change.undone_by),
        "note": change.note,
        "left_alone": list(change.kept),
        "files": [_file(change, record) for record in header.files],
    }


def _file(change: Change, record: FileRecord) -> dict[str, Any]:
    fields = msgspec.to_builtins(record)
    return {
        "path": record.path,
        "before": record.before,
        "after": record.after,
        "mode": f"{record.mode:04o}",
        "grade": record.grade.value,
        "reason": record.reason,
        "rules": list(fields.get("rules", ())),
        "standing": record.path in change.standing,
    }


def _write(document: dict[str, Any], out: IO[str]) -> None:
    out.write(json.dumps(document, indent=2) + "\n")


def _time(change: Change) -> str:
    return change.header.made.replace("T", " ").removesuffix("Z")


def _reason(change: Change) -> str:
    return printable(change.header.reason)


def _state(change: Change) -> str:
    said = change.state
    if change.undone_by:
        said += f" by {' and '.join(change.undone_by)}"
    return f"{said}: {printable(change.note)}" if change.note else said


def _style(state: str) -> tuple[str, ...]:
    return (_STATES[state],) if state in _STATES else ()


def _commit(head: str | None) -> str:
    return f"commit {head[:10]}" if head else "no commit"


def _why(record: FileRecord) -> str:
    done = "made" if record.before is None else "removed" if record.after is None else ""
    parts = [printable(record.reason), ", ".join(record.rules), done]
    return "; ".join(part for part in parts if part)


def summary(paths: Sequence[str], change: str, verb: str) -> str:
    """What was done, in a few words."""
    return f"{verb} {plural(len(paths), 'file')} as change {change}"
