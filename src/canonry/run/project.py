"""The project that a run is about, opened: its tree, its canon, its pytest settings, its test files."""

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from canonry.audit.listing import Listing, list_files
from canonry.audit.request import Request
from canonry.audit.session import Session, open_session
from canonry.canon.options import Canon
from canonry.canon.selection import matches, plain
from canonry.model.errors import UserError
from canonry.model.state import STATE
from canonry.rules.catalogue import Catalogue
from canonry.source.pytest_settings import read_pytest_values

if TYPE_CHECKING:
    from canonry.audit.files import Files
    from canonry.source.index import Index

_NOT_ENTERED = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
"""pytest's default of `norecursedirs`."""


@dataclass(slots=True)
class Project:
    """A working tree that tests can run in. Paths are relative to ``root``, with ``/``."""

    session: Session
    listing: Listing
    root: Path
    notes: list[str]
    imports: dict[str, frozenset[str]] = field(default_factory=dict)
    """Path -> the files of the tree that it imports itself, as far as they were looked at."""
    _facts: "tuple[Files, Index] | None" = None

    @property
    def canon(self) -> Canon:
        """The canon of the tree, or the defaults."""
        return self.session.loaded.canon

    @property
    def state(self) -> Path:
        """The folder in which recordings and the history lie."""
        return self.root / STATE

    @property
    def commit(self) -> str | None:
        """The commit that is checked out."""
        return self.session.tree.commit

    def test_files(self) -> list[str]:
        """What pytest would collect when it is called without arguments, shadow trees left out, sorted."""
        settings, canon = self.session.settings, self.canon
        below = canon.tests if canon.tests is not None else settings.testpaths
        folders = [f"{plain(each)}/" for each in below if plain(each)]
        skipped = _not_entered(self.session)
        whole = _collects_doctests(self.session)
        return [
            path
            for path in self.listing.live
            if (whole or settings.is_test_path(path))
            and (not folders or path.startswith(tuple(folders)) or any(_is_glob_of(path, each) for each in below))
            and not any(fnmatchcase(part, pattern) for part in path.split("/")[:-1] for pattern in skipped)
        ]

    def relative(self, path: str) -> str:
        """A path as the user gives it, from the root of the tree. Raises `UserError` where it is not of the tree."""
        absolute = Path(path).absolute()
        resolved = absolute.parent.resolve() / absolute.name if absolute.name else absolute.resolve()
        if not os.path.lexists(resolved):
            raise UserError(f"`{path}` does not exist; name a folder, a file or a test of `{self.root}`")
        root = self.root.resolve()
        if resolved == root:
            return ""
        if not resolved.is_relative_to(root):
            raise UserError(f"`{path}` lies outside `{self.root}`; run the tests of one repository at a time")
        return resolved.relative_to(root).as_posix()

    def nested_configuration(self, paths: Iterable[str]) -> str:
        """The file below the root, empty where there is none, that pytest would take its options from for these paths:
        the nearest above all of them (pytest's `locate_config`, with its order of names).
        """
        given = [PurePosixPath(self.relative(path.partition("::")[0])) for path in paths]
        folders = [path if (self.root / path).is_dir() else path.parent for path in given]
        above = [
            folder
            for folder in (folders[0], *folders[0].parents)
            if all(each.is_relative_to(folder) for each in folders)
        ]
        for folder in above[:-1]:
            _, name = read_pytest_values(partial(self._read_in, folder))
            if name:
                return str(folder / name)
        return ""

    def _read_in(self, folder: PurePosixPath, name: str) -> bytes | None:
        try:
            return (self.root / folder / name).read_bytes()
        except OSError:
            return None

    def facts(self) -> "tuple[Files, Index]":
        """The facts of live files and the index over them, read when they are asked for and kept in the cache."""
        if self._facts is None:
            from canonry.audit.documents import origin_of  # few runs ask, and these load all that reads
            from canonry.audit.files import Files
            from canonry.audit.run import silent
            from canonry.source.index import Index

            files = Files(self.session, self.listing, origin_of(self.session), silent)
            index = Index(self.listing.live, files.facts, pythonpath=self.session.settings.pythonpath)
            self._facts = files, index
        return self._facts


@contextmanager
def open_project(*, config: Path | None = None, workers: int = 1) -> Iterator[Project]:
    """The project around the current folder. Raises `UserError` for everything that the user can mend."""
    session = open_session(Request(config=config, workers=workers), catalogue=Catalogue())
    try:
        if session.tree.by_blob:
            raise UserError(f"`{session.tree.root}` is a git directory, which holds no files; run in a working tree")
        listing = list_files(session)
        notes = [*session.loaded.notes, *session.cache.notes]
        project = Project(session, listing, session.tree.root, notes)
        left_out = sum(listing.shadow_files.values())
        if left_out:
            folders = ", ".join(f"`{each}`" for each in list(listing.shadow_files)[:3])
            notes.append(f"{left_out:,} Python files in copies of live code ({folders}) are left out")
        yield project
    finally:
        session.close()


def _is_glob_of(path: str, pattern: str) -> bool:
    return "*" in pattern and matches(path, (pattern,))


def _values(session: Session) -> dict[str, object]:
    return read_pytest_values(session.tree.read)[0]


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    try:
        return shlex.split(str(value or ""))
    except ValueError:
        return str(value).split()


def _not_entered(session: Session) -> tuple[str, ...]:
    """The folders that pytest does not enter; patterns with a ``/`` are left to pytest itself."""
    words = _words(_values(session).get("norecursedirs"))
    return tuple(each for each in words if "/" not in each) or _NOT_ENTERED


def _collects_doctests(session: Session) -> bool:
    return "--doctest-modules" in _words(_values(session).get("addopts"))
