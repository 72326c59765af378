"""Sections and values of an INI file, with places. Source: Python's `configparser`, as tox uses it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from canonry.source.documents.fragment import Fragment, Piece

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_SECTION = re.compile(r"\[([^\]\r\n]+)\]")
_KEY = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*[=:][ \t]*")


class Value(NamedTuple):
    """A key with the lines of its value, comments left out, each as a range of the text."""

    section: str
    key: str
    lines: list[tuple[int, int]]


def values(text: str, start: int = 0) -> Iterator[Value]:
    """All values of an INI text, in order."""
    section = ""
    current: Value | None = None
    at = start
    while at < len(text):
        match = _LINE.match(text, at)
        assert match is not None
        line, begin, at = match[0].rstrip("\r\n"), match.start(), max(match.end(), at + 1)
        end = begin + len(line)
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        if line[0] in " \t":
            if current is not None:
                current.lines.append((begin + len(line) - len(line.lstrip()), end))
            continue
        if current is not None:
            yield current
            current = None
        head, key = _SECTION.match(line), _KEY.match(line)
        if head:
            section = head[1]
        elif key:
            current = Value(section, key[1], [(begin + key.end(), end)] if line[key.end() :].strip() else [])
    if current is not None:
        yield current


def joined(fragment: Fragment, lines: list[tuple[int, int]]) -> Iterator[list[Piece]]:
    """The lines of a value, those that end with a backslash joined with the next."""
    pieces: list[Piece] = []
    for begin, end in lines:
        text = fragment.text[begin:end].rstrip()
        if text.endswith("\\"):
            last = begin + len(text) - 1
            pieces += [*fragment.cut(begin, last), Piece(" ", *fragment.place(last, last + 1))]
            continue
        yield [*pieces, *fragment.cut(begin, end)]
        pieces = []
    if pieces:
        yield pieces
