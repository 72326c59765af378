"""The commands that a repository runs: those of its documents, of nox, and of the script tables in pyproject.toml.

Documents are what readers give; a test tool that a session of nox starts is a fact of its file. Two kinds nobody else
reads, and they are read here: scripts that a session starts, and the tables of Hatch, PDM and Poe the Poet.
"""

import ast
import shlex
import tomllib
from collections.abc import Iterator
from typing import Any

import msgspec

from canonry.audit.infer.survey import Survey
from canonry.source.commands import tool_of_argv
from canonry.source.documents.fragment import Document, Fragment
from canonry.source.documents.languages.script import UNKNOWN_FOLDER, Finds, Setting
from canonry.source.documents.readers.registry import reader_of
from canonry.source.documents.reading import Command
from canonry.source.facts import Site

_TABLES = (("hatch", "envs", "*", "scripts"), ("pdm", "scripts"), ("poe", "tasks"))
"""Where the scripts stand below ``tool``. Source: the manuals of the three programs."""


class CommandUse(msgspec.Struct, frozen=True):
    """A command and the file that runs it."""

    path: str
    command: Command


def runs_commands(path: str) -> bool:
    """Whether a document's commands are run as they stand; documentation tells somebody to run them."""
    return reader_of(path) != "markdown"


def commands(survey: Survey) -> Iterator[CommandUse]:
    """Every command that something runs, by file; what cannot be read is passed over."""
    for path, reading in survey.documents:
        yield from (CommandUse(path, command) for command in reading.commands)
        if path.rpartition("/")[2] == "pyproject.toml":
            yield from (CommandUse(path, command) for command in _of_tables(survey.read(path) or b""))
    for path in survey.files:
        if path.rpartition("/")[2] == "noxfile.py":
            yield from (CommandUse(path, command) for command in _of_nox(path, survey))


def _of_nox(path: str, survey: Survey) -> Iterator[Command]:
    for call in survey.facts(path).calls:
        if call.how == "session":
            yield Command((), call.site, call.tool)
    try:
        tree = ast.parse(survey.read(path) or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("session.run", "session.run_always"):
            words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if not tool_of_argv(words):
                yield Command(tuple(words), Site(node.lineno, 1, node.lineno, 1, 0, "nox"), folder=UNKNOWN_FOLDER)


def _of_tables(content: bytes) -> Iterator[Command]:
    try:
        document: Any = tomllib.loads(content.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for steps in _TABLES:
        for table in _below(document, ("tool", *steps)):
            for name, script in table.items():
                for line in _lines(script, each_a_line=steps[0] == "hatch"):
                    yield from _of_line(line, f"tool.{steps[0]}.{name}")


def _below(value: Any, steps: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The tables that these keys lead to; ``*`` stands for every key."""
    if not isinstance(value, dict):
        return
    if not steps:
        yield value
        return
    for inner in value.values() if steps[0] == "*" else (value.get(steps[0]),):
        yield from _below(inner, steps[1:])


def _lines(script: Any, *, each_a_line: bool) -> Iterator[str]:
    """The command lines of one script: a text, a table that holds one, or a list (of lines, else of words)."""
    if isinstance(script, dict):
        script = script.get("cmd", script.get("shell", ""))
    if isinstance(script, str):
        yield script
    elif isinstance(script, list):
        texts = [each for each in script if isinstance(each, str)]
        yield from texts if each_a_line else (shlex.join(texts),)


def _of_line(line: str, symbol: str) -> list[Command]:
    from canonry.source.documents.languages.shell import read_shell

    document = Document(line)
    finds = Finds(document)
    read_shell(Fragment(document, [document.piece(0, len(line))]), finds, Setting(symbol=symbol))
    return finds.commands
