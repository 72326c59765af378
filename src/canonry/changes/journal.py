"""The journal: one file per change, whose first line says what is to be done and whose other lines how far it got.

A change is done when its line ``sealed`` is on the disk. Until then whoever finds the journal undoes it.
"""

import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from canonry.changes.files import sync_files, sync_folders, write_new
from canonry.model.edit import Grade
from canonry.model.errors import UserError

ENDS = frozenset(("sealed", "undone", "recovered"))
"""The events after which nothing is left to do."""


class FileRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of a change: the digests before and after (None: not there), and how it is made where it is made."""

    path: str
    before: str | None
    after: str | None
    mode: int
    owner: tuple[int, int] | None = None
    folders: tuple[str, ...] = ()
    """The folders that the change makes for it, from the outermost inwards."""
    emptied: tuple[str, ...] = ()
    """The folders that go with it where it is taken away and they are empty then: a rollback's, of what was made."""
    reason: str = ""
    grade: Grade = Grade.SAFE
    rules: tuple[str, ...] = ()


class Header(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a change is to do. ``made`` is a time (ISO 8601, UTC); ``undoes`` names the change that it rolls back."""

    id: str
    made: str
    reason: str
    origin: str
    verification: str
    files: tuple[FileRecord, ...]
    head: str | None = None
    undoes: str | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a change got. ``kept`` are files that undoing left alone because somebody edited them meanwhile."""

    kind: str
    at: str
    note: str = ""
    kept: tuple[str, ...] = ()


class Journal:
    """The journal of one change; ``events`` are those that are on the disk."""

    def __init__(self, path: Path, header: Header, events: list[Event]) -> None:
        self.path = path
        self.header = header
        self.events = events

    @property
    def end(self) -> Event | None:
        """The event that ended the change, None while it is unfinished."""
        return next((event for event in self.events if event.kind in ENDS), None)

    def has(self, kind: str) -> bool:
        """Whether it got as far as this."""
        return any(event.kind == kind for event in self.events)

    def add(self, kind: str, *, note: str = "", kept: tuple[str, ...] = ()) -> None:
        """Adds an event; when it returns, it survives a crash, and where it raises, it is as if it was never tried."""
        event = Event(kind=kind, at=now(), note=note, kept=kept)
        size = self.path.stat().st_size
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            line = _line(event)
            if os.write(handle, line) != len(line):
                raise OSError(28, os.strerror(28))
            os.fsync(handle)
        except BaseException:  # no half line stays, also after Ctrl-C; it is raised again
            os.ftruncate(handle, size)
            raise
        finally:
            os.close(handle)
        self.events.append(event)


def begin(folder: Path, staging: Path, header: Header) -> Journal:
    """A new journal with its first line on the disk; there is never half of it."""
    fresh, target = staging / "journal", folder / f"{header.id}.jsonl"
    write_new(fresh, _line(header), mode=0o644)
    sync_files([fresh])
    fresh.replace(target)
    sync_folders([folder])
    return Journal(target, header, [])


def read_journal(path: Path) -> Journal:
    """The journal in a file; a last line that a crash cut off is taken away. Raises `UserError` for a damaged one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    lines = content.splitlines(keepends=True)
    try:
        header = _read(lines[0], Header)
        events = [_read(line, Event) for line in lines[1:] if line.endswith(b"\n")]
    except (IndexError, ValueError, msgspec.ValidationError) as error:
        raise UserError(
            f"`{path}` is damaged; move it away, which gives up the way back for this change, and look at the tree"
        ) from error
    return Journal(path, header, events)


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"`{path}` cannot be read ({error.strerror}); see to its permissions")


def mend_tail(journal: Journal) -> None:
    """Cuts off what a crash left of a line, so that the next event starts a line of its own."""
    content = journal.path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(journal.path, whole)


def journals(folder: Path) -> Iterator[Journal]:
    """All journals, the oldest first."""
    try:
        names = [path.name for path in folder.iterdir() if path.suffix == ".jsonl"]
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(folder, error) from error
    for name in sorted(names, key=lambda name: (len(name), name)):
        yield read_journal(folder / name)


def next_id(folder: Path) -> str:
    """The next free number, in four digits or more."""
    taken = [int(path.stem) for path in folder.glob("*.jsonl") if path.stem.isdecimal()]
    return f"{max(taken, default=0) + 1:04}"


def now() -> str:
    """The time in UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(record: Header | Event) -> bytes:
    # json of the standard library, because it can write the names of files that are no UTF-8
    return json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode("ascii") + b"\n"


def _read(line: bytes, kind: type[Any]) -> Any:
    return msgspec.convert(json.loads(line), kind)
