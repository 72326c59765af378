"""Where plans of waves and their logs lie: ``.canonry/migrate/ID.json`` and ``ID.jsonl``; the newest plan is current.

A plan is never changed. Its log grows by whole lines, each on the disk before what it tells of goes on.
"""

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.model.errors import UserError
from canonry.model.state import STATE, make_state_folder
from canonry.model.waves import SCHEMA, Entry, Judged, WavePlan

_ORIGIN = re.compile(r"migrate next (\d+)/\d+")
_AGAIN = "`canonry migrate plan` makes a new one"


class WavesFolder:
    """The plans of one tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = root / STATE / "migrate"

    def next_id(self) -> str:
        """A number that no plan has, nor any change in the journal that a plan made, in four digits or more."""
        origins = (_ORIGIN.fullmatch(change.header.origin) for change in read_history(ChangesFolder(self.root)))
        taken = [*self._ids(), *(match[1] for match in origins if match is not None)]
        return f"{max(map(int, taken), default=0) + 1:04}"

    def current(self) -> WavePlan:
        """The newest plan. Raises `UserError` where there is none, and for one that cannot be read."""
        ids = self._ids()
        if not ids:
            raise UserError("no migration is planned here; `canonry migrate plan` plans one")
        return self._load(ids[-1])

    def save(self, plan: WavePlan) -> None:
        """Makes a plan the current one; a crash leaves the one before."""
        target = self.place / f"{plan.id}.json"
        draft = target.with_suffix(".draft")
        try:
            make_state_folder(self.place)
            self.place.chmod(0o700)  # edits hold the text of files that others may not read
            with open(draft, "wb") as file:
                file.write(_encoded(plan))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
            _sync(self.place)
        except OSError as error:
            raise _not_written(target, error) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the only right to take waves in this tree. Raises `UserError` where another process has it."""
        path = self.place / "lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise _not_written(path, error) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UserError(
                    f"another canonry takes waves in `{self.root}`; `canonry migrate status` shows how far it is"
                ) from error
            yield
        finally:
            os.close(handle)

    def log(self, plan: WavePlan) -> tuple[Entry, ...]:
        """Everything that was done for a plan; a last line that a crash cut off counts for nothing."""
        path = self.place / f"{plan.id}.jsonl"
        try:
            lines = path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UserError(f"`{path}` cannot be read ({error.strerror}); see to its permissions") from error
        whole = [line for line in lines if line.endswith(b"\n")]
        try:
            return tuple(msgspec.convert(json.loads(line), Entry) for line in whole)
        except (ValueError, msgspec.ValidationError) as error:
            raise UserError(f"`{path}` is damaged ({error}); move it away, and {_AGAIN}") from error

    def add(self, plan: WavePlan, entry: Entry) -> None:
        """Adds a line to a plan's log; when it returns, it survives a crash."""
        path = self.place / f"{plan.id}.jsonl"
        try:
            with open(path, "ab+") as file:
                _cut_half_line(file)
                file.write(_encoded(entry))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _not_written(path, error) from error

    def scratches(self) -> set[str]:
        """The copies that any plan's log names, also of plans that cannot be read any more."""
        found: set[str] = set()
        for path in self.place.glob("*.jsonl"):
            with contextlib.suppress(OSError):
                for line in path.read_bytes().splitlines():
                    with contextlib.suppress(ValueError, AttributeError):
                        found.add(str(json.loads(line).get("scratch", "")))
        return found - {""}

    def condemned(self) -> dict[tuple[str, str, str], str]:
        """What earlier plans could not keep: path, digest before and after -> why."""
        found: dict[tuple[str, str, str], str] = {}
        for plan in self._readable():
            files = {file.path: file for wave in plan.waves for file in wave.files}
            for entry in self.log(plan):
                if not isinstance(entry, Judged):
                    continue
                for guilty in entry.guilty:
                    file = files[guilty.path]
                    why = f"{guilty.reason} (wave {entry.wave} of plan {plan.id})"
                    found[guilty.path, file.change.digest or "", file.after] = why
        return found

    def measured_before(self, plan: WavePlan) -> tuple[int, int, float]:
        """How many waves plans before this one tried, with how many files, in how many seconds."""
        waves, files, seconds = 0, 0, 0.0
        for each in self._readable():
            sizes = {wave.number: len(wave.files) for wave in each.waves}
            for entry in self.log(each) if each.id != plan.id else ():
                if isinstance(entry, Judged):
                    waves, files, seconds = waves + 1, files + sizes[entry.wave], seconds + entry.seconds
        return waves, files, seconds

    def _readable(self) -> Iterator[WavePlan]:
        """All plans that can be read; an old one that cannot says nothing about a new one."""
        for each in self._ids():
            try:
                yield self._load(each)
            except UserError:
                continue

    def _ids(self) -> list[str]:
        try:
            names = [path.stem for path in self.place.glob("*.json") if path.stem.isdecimal()]
        except OSError as error:
            raise UserError(f"`{self.place}` cannot be read ({error.strerror}); see to its permissions") from error
        return sorted(names, key=int)

    def _load(self, each: str) -> WavePlan:
        path = self.place / f"{each}.json"
        try:
            content = json.loads(path.read_bytes())
        except OSError as error:
            raise UserError(f"`{path}` cannot be read ({error.strerror}); see to its permissions") from error
        except ValueError as error:
            raise UserError(f"`{path}` is damaged ({error}); {_AGAIN}") from error
        schema = content.get("schema") if isinstance(content, dict) else None
        if isinstance(schema, int) and schema > SCHEMA:
            raise UserError(
                f"`{path}` was written by a newer canonry (schema {schema}, this one knows up to {SCHEMA}); use that "
                f"version, or {_AGAIN}"
            )
        try:
            return msgspec.convert(content, WavePlan)
        except msgspec.ValidationError as error:
            raise UserError(f"`{path}` is damaged ({error}); {_AGAIN}") from error


def _encoded(record: WavePlan | Entry) -> bytes:
    # json of the standard library, because it can write the names of files that are no UTF-8
    return json.dumps(msgspec.to_builtins(record), separators=(",", ":")).encode("ascii") + b"\n"


def _cut_half_line(file: Any) -> None:
    """Takes away what a crash left of a line, so that the next one starts a line of its own."""
    file.seek(0)
    content = file.read()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        file.truncate(whole)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_written(path: Path, error: OSError) -> UserError:
    return UserError(f"`{path}` cannot be written ({error.strerror}); see to its permissions and the room on the disk")
