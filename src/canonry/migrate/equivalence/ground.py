"""Where changes are tried: in a copy of the tree, or in the tree itself under a journal.

Either way the tree is byte for byte what it was when a trial is over, and what a killed trial left is put right by
the next command.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from canonry.changes.apply import apply_plan
from canonry.changes.splice import result_of
from canonry.changes.transaction import UndoneError
from canonry.model.change_plan import ChangePlan, FileChange
from canonry.model.errors import UserError
from canonry.model.state import STATE
from canonry.source.syntax.versions import Version
from canonry.source.trees.git import find_repository, git_environment
from canonry.source.trees.tree import read_file

T = TypeVar("T")
_NOT_COPIED = frozenset(
    (".git", STATE, "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox", "node_modules")
)
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
        paths = [*imported_from(self._original, self.root), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}

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


def imported_from(original: Path, place: Path) -> list[str]:
    """The folders of a copy that stand for what this Python imports from the original tree, however it is installed."""
    top = original.resolve()
    named = [Path(entry) for entry in sys.path[1:] if entry]
    for finder in sys.meta_path:  # setuptools' editable installs: package -> folder
        mapping = getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", None)
        if isinstance(mapping, dict):
            named += [Path(str(folder)).parent for folder in mapping.values()]
    found = []
    for folder in named:
        resolved = folder.resolve()
        if resolved.is_relative_to(top) and not _is_environment(resolved, top):
            found.append(str(place / resolved.relative_to(top)))
    return list(dict.fromkeys(found))


@contextlib.contextmanager
def copied(original: Path, place: Path) -> Iterator[Copy]:
    """A copy of a tree below ``place``, which is deleted at the end. Raises `UserError` where there is no room."""
    try:
        _copy(original, place)
    except OSError as error:
        raise UserError(
            f"`{original}` cannot be copied to `{place}` ({error.strerror or error}); make room there, set TMPDIR, or "
            "use `--in-place`"
        ) from error
    else:
        yield Copy(original, place)
    finally:
        remove_copy(place)


def remove_copy(place: Path) -> None:
    """Deletes a copy, as far as the system lets us."""
    shutil.rmtree(place, ignore_errors=True)


def _copy(original: Path, place: Path) -> None:
    """Everything but caches, environments (which stay where they are, behind a link) and what is canonry's own."""
    place.mkdir(parents=True, exist_ok=True)
    found = find_repository(original)
    if found is not None and found[1] is not None and found[1].resolve() == original.resolve():
        _clone(original, place)
    for folder, folders, names in os.walk(original, followlinks=False):
        relative = os.path.relpath(folder, original)
        target = place if relative == "." else place / relative
        for name in [*folders]:
            source = Path(folder, name)
            if name in _NOT_COPIED:
                folders.remove(name)
                if name == "node_modules":
                    (target / name).symlink_to(source)
            elif source.is_symlink() or (source / "pyvenv.cfg").is_file():
                folders.remove(name)
                (target / name).symlink_to(_link(source, original, place) if source.is_symlink() else source)
            else:
                (target / name).mkdir(exist_ok=True)
        for name in names:
            source = Path(folder, name)
            if source.is_symlink():
                (target / name).symlink_to(_link(source, original, place))
            elif name != ".git" and source.is_file():  # of a submodule, or of a tree that is a worktree itself
                shutil.copy2(source, target / name)
    cache = original / STATE / "cache.db"
    if cache.is_file():  # what was read of each content holds in the copy, too
        (place / STATE).mkdir(exist_ok=True)
        shutil.copy2(cache, place / STATE / "cache.db")


def _link(source: Path, original: Path, place: Path) -> Path:
    """Where a link leads in the copy: one into the original would let tests write there."""
    target = source.readlink()
    return place / target.relative_to(original) if target.is_relative_to(original) else target


def _clone(original: Path, place: Path) -> None:
    """A repository of the copy's own, at the same commit; contents stay in the original's store."""
    command = ["git", "clone", "--quiet", "--shared", "--no-checkout", str(original), str(place)]
    done = subprocess.run(command, capture_output=True, check=False, env=git_environment())
    if done.returncode == 0:
        subprocess.run(
            ["git", "-C", str(place), "read-tree", "HEAD"], capture_output=True, check=False, env=git_environment()
        )


def _is_environment(folder: Path, top: Path) -> bool:
    """Whether a folder lies in an environment that was made inside the tree."""
    return any((each / "pyvenv.cfg").is_file() for each in (folder, *folder.parents) if each.is_relative_to(top))
