"""The canon of a tree: found, checked, resolved with its defaults, and where each value came from."""

import re
import tomllib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from canonry.canon.check import Problem, check
from canonry.canon.keys import KeyPath, parse_key
from canonry.canon.options import Canon
from canonry.model.errors import UserError

Read = Callable[[str], bytes | None]
"""Returns the contents of a path relative to the root of the tree, with ``/``, or None when it is absent.

Raises `UserError` where something is there and cannot be read: a canon that nobody can read is not none.
"""

_PROJECT = "pyproject.toml"
_STANDALONE = "canonry.toml"


class CanonError(UserError):
    """Everything that is wrong with a canon: one line per problem, sorted by line. Exit status 2."""

    def __init__(self, file: str, problems: Iterable[tuple[int, str]]) -> None:
        super().__init__("\n".join(f"{file}:{line}: {message}" for line, message in sorted(problems)))


class Source(msgspec.Struct, frozen=True):
    """The file that declares the canon, and the table of it that does."""

    file: str
    contents: bytes
    prefix: tuple[str, ...]
    table: Any


class LoadedCanon(msgspec.Struct, frozen=True, kw_only=True):
    """A canon with every default filled in.

    ``declared`` is False when no file declares one; ``file`` is then None. ``notes`` are sentences for the user.
    """

    canon: Canon
    declared: bool
    file: str | None
    notes: tuple[str, ...]
    requires_python: str | None
    source: Source | None = None

    @property
    def digest(self) -> str:
        """The SHA-256 of the values, in hexadecimal: it does not depend on the formatting or order of the file."""
        # Not every command asks, and hashlib takes a fifth of the time that loading does.
        import hashlib

        return hashlib.sha256(msgspec.json.encode(self.canon, order="sorted")).hexdigest()

    def origin(self, key: str) -> str:
        """Return the file and line that set ``key`` such as ``canonry.toml:12``, or ``default``."""
        path = parse_key(key)
        found = None if path is None else self.place(path)
        return "default" if found is None else f"{found[0]}:{found[1]}"

    def place(self, path: KeyPath) -> tuple[str, int] | None:
        """Return the file and the line that set the key at ``path``, or None where nothing but a default does."""
        if self.source is None:
            return None
        # A canon without errors that nobody asks about needs no line.
        from canonry.canon.lines import locate

        line = locate(self.source.contents).get((*self.source.prefix, *path))
        return None if line is None else (self.source.file, line)


Also = Callable[[Any], Iterable[Problem]]
"""Returns what else is wrong with the table of a canon, whatever its types."""


def load_canon(read: Read, *, explicit: tuple[str, bytes] | None = None, also: Also = lambda _table: ()) -> LoadedCanon:
    """Return the canon of the tree that ``read`` reads, or the one in ``explicit`` (display name and contents).

    Raises CanonError with every problem of the file that declares the canon, those that ``also`` finds among them.
    """
    notes: list[str] = []
    standalone = read(_STANDALONE) if explicit is None else None
    contents = None
    try:
        contents = read(_PROJECT)
        project = {} if contents is None else _parse(_PROJECT, contents)
    except UserError as error:
        if explicit is None and standalone is None:
            raise
        # The canon stands elsewhere, so a broken project file costs no more than what it would have said.
        notes.append(f"{error}; its `requires-python` is unknown")
        project = {}
    declares = "canonry" in _table(project, "tool")
    source = None
    if explicit is not None:
        source = _from_explicit(*explicit, notes)
    elif standalone is not None:
        source = Source(_STANDALONE, standalone, (), _parse(_STANDALONE, standalone))
        if declares:
            notes.append(f"`{_STANDALONE}` wins over `[tool.canonry]` in `{_PROJECT}`, which is ignored")
    elif contents is not None and declares:
        source = _from_project(_PROJECT, contents, project)
    canon = Canon() if source is None else _resolve(source, also)
    return LoadedCanon(
        canon=canon,
        declared=source is not None,
        file=None if source is None else source.file,
        requires_python=_requires_python(project, read, notes),
        notes=tuple(notes),
        source=source,
    )


def _from_explicit(name: str, contents: bytes, notes: list[str]) -> Source | None:
    document = _parse(name, contents)
    if "canonry" in _table(document, "tool"):
        return _from_project(name, contents, document)
    if re.split(r"[/\\]", name)[-1] != _PROJECT:
        return Source(name, contents, (), document)
    notes.append(f"`{name}` has no `[tool.canonry]`, so the defaults apply")
    return None


def _from_project(file: str, contents: bytes, document: dict[str, Any]) -> Source:
    return Source(file, contents, ("tool", "canonry"), document["tool"]["canonry"])


def _resolve(source: Source, also: Also) -> Canon:
    problems = [*check(source.table, root=".".join(source.prefix)), *also(source.table)]
    if problems:
        from canonry.canon.lines import line_of

        raise CanonError(
            source.file,
            ((line_of(source.contents, (*source.prefix, *one.path)), one.message) for one in problems),
        )
    return msgspec.convert(source.table, Canon)


def _parse(file: str, contents: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(contents.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        raise CanonError(file, [(line, "not valid TOML: expected UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        text = str(error)
        match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", text, re.DOTALL)
        if match is None:
            line = len(contents.splitlines()) or 1
        else:
            line, text = int(match[2]), f"{match[1]} in column {match[3]}"
        raise CanonError(file, [(line, f"not valid TOML: {text[:1].lower()}{text[1:]}")]) from None


def _requires_python(project: dict[str, Any], read: Read, notes: list[str]) -> str | None:
    """Return which versions of Python the project admits, as pyproject.toml or else setup.cfg says."""
    declared = _table(project, "project").get("requires-python")
    if isinstance(declared, str):
        return declared
    try:
        contents = read("setup.cfg")
    except UserError as error:
        notes.append(f"{error}; its `python_requires` is unknown")
        return None
    if contents is None:
        return None
    # Rarely needed, and slow to import.
    import configparser

    settings = configparser.RawConfigParser(strict=False)
    try:
        settings.read_string(contents.decode())
    except (configparser.Error, UnicodeDecodeError):
        notes.append("`setup.cfg` does not parse; its `python_requires` is unknown")
        return None
    return settings.get("options", "python_requires", fallback="").strip() or None


def _table(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}
