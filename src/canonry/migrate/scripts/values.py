"""What a script's expressions are known to be while it is read: Python's own values, or one of these."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Protocol

written_as = lru_cache(maxsize=4_096)(ast.unparse)
"""The text of a node; loops of a script ask for the same ones in every turn."""

ROOT = "/canonry-root"
"""Stands for the root of the tree in paths."""


class CannotReadError(Exception):
    """What the script starts is known only when it runs; the message says why, and where."""


class Ended(Exception):  # noqa: N818 - the script ends here, which is no error
    """The script ends itself, with what it hands to `sys.exit`, or with an exception (``fails``)."""

    def __init__(self, value: Any = None, *, fails: bool = False) -> None:
        super().__init__()
        self.value, self.fails = value, fails


class Returned(Exception):  # noqa: N818 - control flow of what is read
    """A function returns."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Jumped(Exception):  # noqa: N818 - control flow of what is read
    """A loop is left, or its turn."""

    def __init__(self, *, leaves: bool) -> None:
        super().__init__()
        self.leaves = leaves


@dataclass(slots=True, frozen=True)
class Unknown:
    """A value that is known only when the script runs; ``what`` is how it is written there."""

    what: str


@dataclass(slots=True, frozen=True)
class Status(Unknown):
    """The exit status of tests that the script starts.

    ``encoded`` as `os.system` gives it; ``flat`` where it only says whether that is 0, ``zero`` which way round.
    """

    encoded: bool = False
    flat: bool = False
    zero: bool = False
    """Whether it is true where the status is 0."""


@dataclass(slots=True, frozen=True)
class Process:
    """A process of tests that the script has started: its ``returncode``, and what its `wait` gives, is a status."""

    status: Status


@dataclass(slots=True, frozen=True)
class External:
    """A module, function or class from elsewhere, by its dotted name."""

    name: str


@dataclass(slots=True, eq=False)
class Function:
    """A function of the script. ``click`` holds its options where decorators of click give it some."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    closure: "Scope"
    owner: "Instance | None" = None
    click: "Parser | None" = None


@dataclass(slots=True, eq=False)
class Class:
    """A class of the script: its methods and what its body assigns."""

    name: str
    members: dict[str, Any]


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class of the script."""

    of: Class
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a function or of the module."""

    names: dict[str, Any] = field(default_factory=dict)
    above: "Scope | None" = None
    shared: set[str] = field(default_factory=set)

    def find(self, name: str) -> tuple[bool, Any]:
        """Whether a name is bound here or above, and its value."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return True, scope.names[name]
            scope = scope.above
        return False, None


@dataclass(slots=True, frozen=True)
class Declared:
    """One option that a script declares, or a positional argument (whose ``names`` do not begin with a dash)."""

    names: tuple[str, ...]
    dest: str
    takes: str = "one"
    """``none`` (a flag, which sets ``const``), ``one``, ``many`` (several words), ``count`` or ``append``."""
    const: Any = True
    default: Any = None
    choices: tuple[Any, ...] = ()
    number: bool = False

    @property
    def positional(self) -> bool:
        """Whether it is given by its place."""
        return not self.names[0].startswith("-")

    @property
    def label(self) -> str:
        """The name under which people know it."""
        return next((name for name in self.names if name.startswith("--")), self.names[0])


@dataclass(slots=True, eq=False)
class Parser:
    """A parser of arguments as the script builds it."""

    kind: str
    options: dict[str, Declared] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)

    def namespace(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What it makes of the given options, by destination."""
        found = {option.dest: option.default for option in self.options.values()} | self.defaults
        return found | {dest: value for dest, value in given.items() if dest in found}


@dataclass(slots=True, eq=False)
class Namespace:
    """The parsed arguments."""

    fields: dict[str, Any]


@dataclass(slots=True, frozen=True)
class Started:
    """A test tool that the script starts: its words, and the working directory from the root.

    ``checked``: where the tests fail the script fails there.
    """

    words: tuple[str, ...]
    folder: str
    line: int
    checked: bool = False


class Reading(Protocol):
    """A script while it is read, as far as the library has to know of it."""

    path: str
    given: Mapping[str, Any]
    folder: str
    parser: Parser | None
    started: list[Started]
    passed: bool | None
    path_changed: bool

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """What an expression is."""

    def call(self, function: Function, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """What a function of the script returns."""

    def note(self, what: str) -> None:
        """Notes what the script does beside starting tests."""

    def exists(self, path: str) -> bool:
        """Whether the tree holds a file or folder at a path from its root."""

    def speaks_of_pytest(self) -> bool:
        """Whether a text of the script names it."""


PLAIN = (str, int, float, bool, type(None), list, tuple, dict, set, range)


def holds_unknown(value: Any) -> str:
    """How what is unknown in a value is written; empty where all of it is known."""
    if isinstance(value, Unknown):
        return value.what
    if isinstance(value, list | tuple | set):
        return next((found for each in value if (found := holds_unknown(each))), "")
    if isinstance(value, dict):
        return next((found for each in (*value.keys(), *value.values()) if (found := holds_unknown(each))), "")
    return "" if isinstance(value, (*PLAIN, Namespace)) or hasattr(value, "as_posix") else type(value).__name__


def text_of(value: Any) -> str | None:
    """A value as an f-string writes it, None where it is unknown."""
    return str(value) if isinstance(value, str | int | float | bool | PurePosixPath | None) else None
