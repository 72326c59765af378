"""Where journal and contents lie: ``.canonry/changes`` at the root of the tree, with one writer at a time.

``format`` holds the version of all that lies here; ``journal/ID.jsonl`` tells of one change, ``store/`` keeps contents
by their digest, ``staging/ID/`` holds what is about to take its place in the tree.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from canonry.changes.files import sync_folders
from canonry.model.errors import UserError
from canonry.model.state import STATE, make_state_folder

FORMAT = 1


class ChangesFolder:
    """The folder of one tree. It is made when something is about to be written, never by looking."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.place = root / STATE / "changes"
        self.journal = self.place / "journal"
        self.store = self.place / "store"
        self.staging = self.place / "staging"

    def exists(self) -> bool:
        """Whether anything was ever written here. Raises `UserError` where a newer canonry did it."""
        try:
            if not self.place.is_dir():
                return False
        except PermissionError as error:
            raise UserError(f"`{self.place}` cannot be read ({error.strerror}); see to its permissions") from error
        self._check_format()
        return True

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the only right to write in this tree; the system takes it back from a process that dies.

        Raises `UserError` where another process holds it, and where the folder cannot be written.
        """
        try:
            self._make()
            handle = os.open(self.place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UserError(
                f"`{self.place}` cannot be written ({error.strerror}), and no file is changed without a journal; "
                "see to the folder's permissions and the room on the disk"
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise UserError(
                    f"another canonry is changing files in `{self.root}`; run the command again when it is done"
                ) from error
            self._check_format()
            yield
        finally:
            os.close(handle)

    def stage(self, change: str) -> Path:
        """The folder for what a change is about to put into the tree, made."""
        place = self.staging / change
        place.mkdir(parents=True, exist_ok=True)
        return place

    def clear_stage(self, change: str) -> None:
        """Takes the staged files of a change away, where there are any."""
        place = self.staging / change
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)

    def _make(self) -> None:
        if self.place.is_dir():
            self._check_format()
        else:
            make_state_folder(self.place)
            self.place.chmod(0o700)  # the contents of files that others may not read lie here
        for folder in (self.journal, self.store, self.staging):
            folder.mkdir(exist_ok=True)
        if not (self.place / "format").exists():
            self.staging.joinpath("format").write_text(f"{FORMAT}\n", encoding="ascii")
            self.staging.joinpath("format").replace(self.place / "format")
            sync_folders([self.place, self.place.parent, self.root])

    def _check_format(self) -> None:
        try:
            said = (self.place / "format").read_text(encoding="ascii").strip()
        except FileNotFoundError:  # made a moment ago, or the process that made it died
            return
        except PermissionError as error:
            raise UserError(
                f"`{self.place}` belongs to somebody else, who alone may look into it; ask them, or run as them"
            ) from error
        except (OSError, ValueError):
            said = ""
        if not said.isdecimal() or int(said) > FORMAT:
            raise UserError(
                f"`{self.place}` was written by a newer canonry, or is damaged (format `{said}`, this one knows up to "
                f"{FORMAT}); use that version, or move the folder away and lose the way back for its changes"
            )
