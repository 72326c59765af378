"""Where changes are tried: in a copy of the tree, or in the tree itself under a journal.

Either way the tree is byte for byte what it was when a trial is over, and what a killed trial left is put right by
the next command.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from canonry.changes.apply import apply_plan
from canonry.changes.splice import result_of
from canonry.changes.transaction import UndoneError
from canonry.model.change_plan import ChangePlan, FileChange
from canonry.model.errors import UserError
from canonry.run.tree_copy import copy_tree, import_variables, remove_copy
from canonry.source.syntax.versions import Version
from canonry.source.trees.tree import read_file

T = TypeVar("T")
_TRIED = "tried, and taken back"


class Ground(Protocol):
    """A place in which tests run. ``kind`` names it: ``copy`` or ``in place``."""

    kind: str
    root: Path

    def trial(self, changes: Sequence[FileChange], observe: Callable[[], T]) -> T:
        """What is observed while these changes, and no others, stand in the tree."""

    def keep(self, changes: Sequence[FileChange]) -> None:
        """These changes have been made in the user's tree, and stand from now on."""

    def surroundings(self) -> Mapping[str, str]:
        """The environment variables with which a Python that runs tests has to start."""


class InPlace:
    """The tree itself. A trial is a change that is never sealed, so a killed one is undone as any other."""

    kind = "in place"

    def __init__(self, root: Path, *, target: Version) -> None:
        self.root = root
        self._target = target

    def trial(self, changes: Sequence[FileChange], observe: Callable[[], T]) -> T:
        """What is observed while the changes stand in the user's files."""
        if not changes:
            return observe()
        seen: list[T] = []

        def prove() -> str:
            seen.append(observe())
            return _TRIED

        plan = ChangePlan(files=tuple(changes), reason="a trial of a wave", origin="migrate next, trial")
        try:
            apply_plan(self.root, plan, target=self._target, prove=prove)
        except UndoneError:
            if not seen:
                raise
        return seen[0]

    def keep(self, changes: Sequence[FileChange]) -> None:
        """They stand already."""

    def surroundings(self) -> Mapping[str, str]:
        """No byte code is kept: it is told by size and second, and a trial may take less."""
        return {"PYTHONDONTWRITEBYTECODE": "1"}


class Copy:
    """A copy of the tree in a temporary folder, with a repository of its own where the tree has one."""

    kind = "copy"

    def __init__(self, original: Path, place: Path) -> None:
        self.root = place
        self._original = original
        self._clock = int(time.time())

    def trial(self, changes: Sequence[FileChange], observe: Callable[[], T]) -> T:
        """What is observed while the changes stand in the copy."""
        before = {change.path: read_file(self.root / change.path) for change in changes}
        for change in changes:
            self._put(change.path, result_of(change, before[change.path]))
        try:
            return observe()
        finally:
            for path, content in before.items():
                self._put(path, content)

    def keep(self, changes: Sequence[FileChange]) -> None:
        """The copy follows the tree."""
        for change in changes:
            self._put(change.path, read_file(self._original / change.path))

    def surroundings(self) -> Mapping[str, str]:
        """What imports code of the tree imports the copy's: installed in place, it would be the original's."""
        return import_variables(self._original, self.root)

    def _put(self, path: str, content: bytes | None) -> None:
        """Gives a file of the copy this content, at a second of its own: byte code is told by size and second."""
        target = self.root / path
        if content is None:
            target.unlink(missing_ok=True)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self._clock += 2
        os.utime(target, (self._clock, self._clock))


@contextlib.contextmanager
def copied(original: Path, place: Path) -> Iterator[Copy]:
    """A copy of a tree below ``place``, which is deleted at the end. Raises `UserError` where there is no room."""
    try:
        copy_tree(original, place)
    except OSError as error:
        raise UserError(
            f"`{original}` cannot be copied to `{place}` ({error.strerror or error}); make room there, set TMPDIR, or "
            "use `--in-place`"
        ) from error
    else:
        yield Copy(original, place)
    finally:
        remove_copy(place)
