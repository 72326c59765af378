"""Justfiles: the recipes of `just`.

Source: the manual of just (just.systems): indented recipe lines, each in a shell of its own, prefixes ``@`` and ``-``,
``{{name}}``, ``name := 'text'``, shebang recipes, ``set shell``.
"""

import re

from canonry.source.documents.fragment import Document, Fragment, Piece, blank
from canonry.source.documents.languages.dispatch import read_script
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.started import mentions_tool
from canonry.source.documents.reading import Reading

PATTERNS = ("justfile", "Justfile", ".justfile", "JUSTFILE", "*.just")

_LINE = re.compile(r"(?:\\\r?\n|[^\r\n])*(?:\r\n|\r|\n|$)")
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(?:'([^']*)'|\"([^\"\\]*)\")\s*(?:#.*)?")
_RECIPE = re.compile(r"@?([A-Za-z_][\w-]*)(?:\s+[^:=]*(?:=\s*(?:'[^']*'|\"[^\"]*\"|\S+)[^:=]*)*)?:(?!=)")
_TICKS = re.compile(r"(?:^[^#'\"`]*:=[^#'\"`]*)`([^`\r\n]+)`")
"""A command in backticks, whose output a variable is set to."""
_SHELL = re.compile(r"^set\s+shell\s*:=\s*\[\s*['\"]([^'\"]+)", re.MULTILINE)
_EXPRESSION = re.compile(r"\{\{((?:(?!\{\{|\}\})[^\r\n])*)\}\}")


def read(document: Document) -> Reading:
    """The commands of all recipes."""
    finds = Finds(document)
    text = document.text
    shell = _SHELL.search(text)
    variables: dict[str, str] = {}
    recipes: list[tuple[str, list[tuple[int, int]]]] = []
    for match in _LINE.finditer(text):
        line = match[0]
        if not line.strip():
            continue
        if line[0] in " \t":
            if recipes:
                recipes[-1][1].append((match.start(), match.start() + len(line.rstrip("\r\n"))))
            continue
        for ticks in _TICKS.finditer(line):
            begin = match.start() + ticks.start(1)
            pieces = [document.piece(begin, match.start() + ticks.end(1))]
            _script(pieces, finds, Setting(symbol="<file>"), shell[1] if shell else "sh")
        assignment = _ASSIGNMENT.fullmatch(line.strip())
        if assignment:
            variables[assignment[1]] = assignment[2] if assignment[2] is not None else assignment[3]
            continue
        found = _RECIPE.match(line)
        recipes.append((found[1] if found else "", []))
    for name, lines in recipes:
        if name and lines:
            _read_recipe(name, lines, variables, finds, shell[1] if shell else "sh")
    return finds.reading()


def _read_recipe(name: str, lines: list[tuple[int, int]], variables: dict[str, str], finds: Finds, shell: str) -> None:
    document = finds.document
    first = document.text[slice(*lines[0])].strip()
    if first.startswith("#!"):
        pieces: list[Piece] = []
        for start, stop in lines:
            pieces += [*_pieces(start, stop, variables, finds), Piece("\n", stop, stop)]
        words = first.removeprefix("#!").split()
        program = words[-1] if words and words[0].endswith("env") else words[0] if words else "sh"
        _script(pieces, finds, Setting(symbol=name, stops=False), program)
        return
    for start, stop in lines:
        match = re.compile(r"\s*([@-]*)\s*").match(document.text, start, stop)
        assert match is not None
        forgiven = "just's `-`" if "-" in match[1] else ""
        _script(_pieces(match.end(), stop, variables, finds), finds, Setting(symbol=name, forgiven=forgiven), shell)


def _script(pieces: list[Piece], finds: Finds, setting: Setting, shell: str) -> None:
    fragment = Fragment(finds.document, pieces)
    read_script(fragment, finds, setting, shell=shell, mask=blank(fragment.text, _EXPRESSION, first="$"))


def _pieces(start: int, stop: int, variables: dict[str, str], finds: Finds) -> list[Piece]:
    """A line with the variables that the file sets."""
    document = finds.document
    pieces: list[Piece] = []
    at = start
    for match in _EXPRESSION.finditer(document.text, start, stop):
        value = variables.get(match[1].strip())
        if value is not None and finds.expands(len(value), match.start(), match.end()):
            pieces += [document.piece(at, match.start()), Piece(value, match.start(), match.end())]
            at = match.end()
        elif value is None and match[1].lstrip().startswith("if ") and mentions_tool([match[1]]):
            finds.pass_over(match.start(), match.end(), "a condition inside an expression of just")
    return [*pieces, document.piece(at, stop)]
