"""Edits put into bytes: everything outside the edited ranges is copied, never rendered again."""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from canonry.model.change_plan import FileChange
from canonry.model.edit import Edit, Grade
from canonry.model.errors import UserError


class Conflict(msgspec.Struct, frozen=True):
    """Two edits of one file that want the same bytes, or the same place with different ones."""

    first: Edit
    second: Edit


class ConflictError(UserError):
    """Edits of one file overlap, or what they expect is not there. Exit status 2."""


class MovedRange(msgspec.Struct, frozen=True, gc=False):
    """Where an edit's range went: bytes ``start`` to ``end`` of the source are ``new_start`` to ``new_end`` now."""

    start: int
    end: int
    new_start: int
    new_end: int


def digest_of(content: bytes) -> str:
    """The SHA-256 of a content in hexadecimal, by which plans, journal and store name it."""
    return hashlib.sha256(content).hexdigest()


def sort_edits(edits: Iterable[Edit]) -> list[Edit]:
    """The edits in the order of the text; those that do the same at the same place are one."""
    found = {(edit.start, edit.end, edit.replacement): edit for edit in reversed(list(edits))}
    return sorted(found.values(), key=lambda edit: (edit.start, edit.end))


def conflicts(edits: Iterable[Edit]) -> list[Conflict]:
    """Every pair of neighbours that cannot both be made: overlaps, and two insertions at one place."""
    ordered = sort_edits(edits)
    found = []
    widest: Edit | None = None
    for edit in ordered:
        if widest is not None and _collide(widest, edit):
            found.append(Conflict(widest, edit))
        if widest is None or edit.end >= widest.end:
            widest = edit
    return found


def splice(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with all edits made. Raises `ConflictError` where two collide or what one expects is not there."""
    ordered = sort_edits(edits)
    for conflict in conflicts(ordered):
        first, second = conflict.first, conflict.second
        raise ConflictError(
            f"{first.rule} and {second.rule} both edit line {line_of(content, second.start)}; apply one of them first"
        )
    parts, at = [], 0
    for edit in ordered:
        if not 0 <= edit.start <= edit.end <= len(content) or content[edit.start : edit.end] != edit.expected:
            line = line_of(content, edit.start)
            raise ConflictError(f"{edit.rule} expects other text in line {line}; plan again from what is there now")
        parts += [content[at : edit.start], edit.replacement]
        at = edit.end
    parts.append(content[at:])
    return b"".join(parts)


def moved_ranges(edits: Iterable[Edit]) -> list[MovedRange]:
    """The ranges of the edits before and after splicing, in the order of the text."""
    shift, found = 0, []
    for edit in sort_edits(edits):
        start = edit.start + shift
        found.append(MovedRange(edit.start, edit.end, start, start + len(edit.replacement)))
        shift += len(edit.replacement) - (edit.end - edit.start)
    return found


def replace_file(
    path: str, before: bytes | None, after: bytes, *, rule: str, reason: str = "", grade: Grade = Grade.SAFE
) -> FileChange:
    """The change that gives a file a new content as a whole; it is made where ``before`` is None."""
    old = before or b""
    edit = Edit(start=0, end=len(old), expected=old, replacement=after, rule=rule, grade=grade)
    digest = None if before is None else digest_of(before)
    return FileChange(path=path, digest=digest, edits=(edit,), reason=reason, grade=grade)


def remove_file(path: str, before: bytes, *, reason: str = "", grade: Grade = Grade.SAFE) -> FileChange:
    """The change that takes a file away."""
    return FileChange(path=path, digest=digest_of(before), reason=reason, grade=grade, removed=True)


def result_of(change: FileChange, before: bytes | None) -> bytes | None:
    """What a file holds after its change, None where it is taken away. Raises `ConflictError` as `splice` does."""
    if change.removed:
        return None
    try:
        return splice(before or b"", change.edits)
    except ConflictError as error:
        raise ConflictError(f"`{change.path}`: {error}") from error


def line_of(content: bytes, offset: int) -> int:
    """The line, from 1, of an offset."""
    return len(line_starts(content[:offset]))


def line_starts(content: bytes) -> Sequence[int]:
    """The offsets at which lines start; lines end with ``\\n``, ``\\r`` or ``\\r\\n`` only, as in the parser."""
    starts = [0]
    for line in content.splitlines(keepends=True):  # of bytes: those three and no other
        starts.append(starts[-1] + len(line))
    if len(starts) > 1 and not content.endswith((b"\n", b"\r")):
        starts.pop()
    return starts


def _collide(first: Edit, second: Edit) -> bool:
    """Whether the second, which does not start earlier, wants what the first takes."""
    if first.start == first.end == second.start == second.end:
        return True
    return second.start < first.end
