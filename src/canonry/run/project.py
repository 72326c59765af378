"""The project that a run is about, opened: its tree, its canon, its pytest settings, its test files."""

import os
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from canonry.audit.listing import Listing, list_files
from canonry.audit.request import Request
from canonry.audit.session import Session, open_session
from canonry.audit.test_folders import with_existing_testpaths
from canonry.canon.options import Canon
from canonry.canon.selection import matches, plain
from canonry.model.errors import UserError
from canonry.model.state import STATE
from canonry.rules.catalogue import Catalogue
from canonry.run.naming import as_pytest
from canonry.source.pytest_root import pytest_root
from canonry.source.pytest_settings import PytestSettings, read_pytest_settings, read_pytest_values

if TYPE_CHECKING:
    from canonry.audit.files import Files
    from canonry.source.index import Index

_NOT_ENTERED = ("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
"""pytest's default of `norecursedirs`."""


@dataclass(slots=True)
class Project:
    """A working tree that tests can run in. Paths are relative to ``root``, with ``/``.

    ``place`` is pytest's own root as seen from there: below it where a nested project has its own configuration.
    """

    session: Session
    listing: Listing
    root: Path
    notes: list[str]
    settings: PytestSettings
    """Those that pytest takes, with paths from ``root``."""
    place: str = ""
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
    def pytest_root(self) -> Path:
        """pytest's root directory, in which tests run."""
        return self.root / self.place

    @property
    def here(self) -> str:
        """The current folder as seen from ``root``."""
        here = Path.cwd().resolve()
        root = self.root.resolve()
        return plain(here.relative_to(root).as_posix()) if here.is_relative_to(root) else ""

    @property
    def commit(self) -> str | None:
        """The commit that is checked out."""
        return self.session.tree.commit

    def test_files(self) -> list[str]:
        """What pytest would collect when it is called without arguments, shadow trees left out, sorted."""
        settings, below = self.settings, self.testpaths
        folders = [f"{plain(each)}/" for each in below if plain(each)]
        values = _values(self.session, self.place)
        skipped = _not_entered(values)
        whole = _collects_doctests(values)
        return [
            path
            for path in self.listing.live
            if self.is_within(path)
            and (whole or settings.is_test_path(path))
            and (not folders or path.startswith(tuple(folders)) or any(_is_glob_of(path, each) for each in below))
            and not any(
                fnmatchcase(part, pattern)
                for part in as_pytest(path, self.place).split("/")[:-1]
                for pattern in skipped
            )
        ]

    @property
    def testpaths(self) -> Iterable[str]:
        """Where tests lie, as the canon says it, else pytest's configuration; empty where neither does."""
        declared = self.canon.tests
        if declared is not None and (not self.place or any(plain(each).startswith(self.place) for each in declared)):
            return declared
        return self.settings.testpaths

    def is_within(self, path: str) -> bool:
        """Whether a path lies below pytest's root."""
        return not self.place or path.startswith(f"{self.place}/")

    def settle(self, paths: Iterable[str] = ()) -> None:
        """pytest's root is that of a call in the current folder which names these paths or node ids.

        Where it would not hold all of them, for which pytest has no names, it is the root of the tree, which is noted.
        """
        here = Path.cwd().resolve()
        named = [(here / path.partition("::")[0]).resolve() for path in paths]
        found, root = pytest_root(here, named), self.root.resolve()
        place = plain(found.relative_to(root).as_posix()) if found and found.is_relative_to(root) else ""
        if found and place and not all(path.is_relative_to(found) for path in named):
            self.notes.append(f"pytest's configuration in `{place}` does not hold: other paths lie outside it")
            place = ""
        self.settle_at(place)

    def settle_at(self, place: str) -> None:
        """pytest's root is this folder of the tree."""
        if place != self.place:
            self.place, self._facts = place, None
            self.settings = _settings(self.session, place)

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

    def facts(self) -> "tuple[Files, Index]":
        """The facts of live files and the index over them, read when they are asked for and kept in the cache."""
        if self._facts is None:
            from canonry.audit.documents import origin_of  # few runs ask, and these load all that reads
            from canonry.audit.files import Files
            from canonry.audit.run import silent
            from canonry.source.index import Index

            files = Files(self.session, self.listing, origin_of(self.session), silent)
            index = Index(self.listing.live, files.facts, pythonpath=self.settings.pythonpath)
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
        project = Project(session, listing, session.tree.root, notes, session.settings)
        project.settle()
        left_out = sum(listing.shadow_files.values())
        if left_out:
            folders = ", ".join(f"`{each}`" for each in list(listing.shadow_files)[:3])
            notes.append(f"{left_out:,} Python files in copies of live code ({folders}) are left out")
        yield project
    finally:
        session.close()


def _is_glob_of(path: str, pattern: str) -> bool:
    return "*" in pattern and matches(path, (pattern,))


def _settings(session: Session, place: str) -> PytestSettings:
    """What pytest's configuration in a folder of the tree says, with paths from the root of the tree."""
    if not place:
        return session.settings
    found = read_pytest_settings(lambda name: session.tree.read(f"{place}/{name}"))
    below = msgspec.structs.replace(
        found,
        testpaths=tuple(f"{place}/{plain(each)}" for each in found.testpaths),
        pythonpath=(place, *(f"{place}/{plain(each)}".rstrip("/") for each in found.pythonpath)),
    )
    return with_existing_testpaths(below, session.tree)


def _values(session: Session, place: str) -> dict[str, object]:
    return read_pytest_values(lambda name: session.tree.read(f"{place}/{name}" if place else name))[0]


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    try:
        return shlex.split(str(value or ""))
    except ValueError:
        return str(value).split()


def _not_entered(values: dict[str, object]) -> tuple[str, ...]:
    """The folders that pytest does not enter; patterns with a ``/`` are left to pytest itself."""
    words = _words(values.get("norecursedirs"))
    return tuple(each for each in words if "/" not in each) or _NOT_ENTERED


def _collects_doctests(values: dict[str, object]) -> bool:
    return "--doctest-modules" in _words(values.get("addopts"))
