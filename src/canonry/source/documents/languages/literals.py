"""Lists and strings as JSON writes them, with the place of each character."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from canonry.source.documents.fragment import Document, Fragment, Piece

_TOKEN = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.", re.DOTALL)


class Text(NamedTuple):
    """A string of a JSON text: the keys and indexes that lead to it, and its range with the quotes."""

    path: tuple[str | int, ...]
    begin: int
    end: int


def strings(document: Document) -> Iterator[Text]:
    """All strings that are values, in order. Raises `ValueError` where the text is no JSON."""
    json.loads(document.text)
    path: list[str | int] = []
    kinds: list[str] = []
    key: str | None = None
    for match in _TOKEN.finditer(document.text):
        token = match[0]
        if token in "{[":
            kinds.append(token)
            path.append("" if token == "{" else 0)
            key = None
        elif token in "}]":
            kinds.pop()
            path.pop()
        elif token == ",":
            if kinds[-1] == "[":
                index = path[-1]
                assert isinstance(index, int)
                path[-1] = index + 1
            key = None
        elif token[0] == '"' and kinds and kinds[-1] == "{" and key is None:
            key = path[-1] = json.loads(token, strict=False)
        elif token[0] == '"':
            yield Text(tuple(path), match.start(), match.end())


def fragment_of_string(document: Document, begin: int, end: int) -> Fragment:
    """The text of a string in double quotes, whose range is given with the quotes."""
    pieces: list[Piece] = []
    at = begin + 1
    for match in _ESCAPE.finditer(document.text, begin + 1, end - 1):
        pieces.append(document.piece(at, match.start()))
        try:
            value = str(json.loads(f'"{match[0]}"'))
        except ValueError:
            value = match[0][1:]
        pieces.append(Piece(value, match.start(), match.end()))
        at = match.end()
    return Fragment(document, [*pieces, document.piece(at, end - 1)])
