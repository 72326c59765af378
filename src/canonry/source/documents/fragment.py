"""Text cut out of a document for a reader, each character of it with the place that it comes from."""

import bisect
import codecs
import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple

from canonry.source.facts import Site
from canonry.source.syntax.text import digest

_DROPPED = b" \t\r\n\f\"',();\\"
_LINE_END = re.compile(r"\r\n|\r|\n")
_WIDE = re.compile(r"[^\x00-\x7f]")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def decode_document(content: bytes) -> str:
    """The content as text without a byte order mark: UTF-16 where a mark says so, else UTF-8, else Latin-1."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


class Piece(NamedTuple):
    """Some text, and the range of the document's characters that it stands for.

    Where both have one length, each character has its own place; else the whole text has the whole range.
    """

    text: str
    begin: int
    end: int

    def cut(self, start: int, stop: int) -> "Piece":
        """A part of it, with its place."""
        if len(self.text) != self.end - self.begin:
            return Piece(self.text[start:stop], self.begin, self.end)
        return Piece(self.text[start:stop], self.begin + start, self.begin + stop)


class Document:
    """The text of a file and its line table; lines end with ``\\n``, ``\\r`` or ``\\r\\n``."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column, both from 1, of a character."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int) -> int:
        """The offset of the first character of a line, counted from 0."""
        self.position(0)
        assert self._starts is not None
        return self._starts[min(line, len(self._starts) - 1)]

    def site(self, begin: int, end: int, symbol: str) -> Site:
        """The place of a range of characters."""
        snippet = digest(self.text[begin:end].encode("utf-8", "surrogatepass").translate(None, _DROPPED))
        return Site(*self.position(begin), *self.position(end), snippet, symbol)

    def piece(self, begin: int, end: int) -> Piece:
        """A range of characters as it is written."""
        return Piece(self.text[begin:end], begin, end)


class Fragment:
    """Pieces of a document, joined to one text."""

    def __init__(self, document: Document, pieces: Iterable[Piece]) -> None:
        self.document = document
        self.pieces = [piece for piece in pieces if piece.text]
        self.text = "".join(piece.text for piece in self.pieces)
        self._starts = list(itertools.accumulate((len(piece.text) for piece in self.pieces), initial=0))

    def place(self, start: int, stop: int) -> tuple[int, int]:
        """The range of the document's characters that a range of the text, not empty, stands for."""
        first, last = self._piece(start), self._piece(stop - 1)
        begin = self.pieces[first].cut(start - self._starts[first], start - self._starts[first] + 1).begin
        at = stop - 1 - self._starts[last]
        return begin, self.pieces[last].cut(at, at + 1).end

    def cut(self, start: int, stop: int) -> list[Piece]:
        """A range of the text as pieces."""
        if start >= stop:
            return []
        found = []
        for index in range(self._piece(start), self._piece(stop - 1) + 1):
            at = self._starts[index]
            piece = self.pieces[index]
            found.append(piece.cut(max(start - at, 0), min(stop - at, len(piece.text))))
        return found

    def site(self, start: int, stop: int, symbol: str) -> Site:
        """The place of a range of the text, not empty."""
        return self.document.site(*self.place(start, stop), symbol)

    def _piece(self, index: int) -> int:
        return min(bisect.bisect_right(self._starts, index), len(self.pieces)) - 1


def as_bytes(text: str) -> bytes:
    """The text for a parser that counts bytes: what is no ASCII becomes a letter, so bytes are characters.

    No grammar read here gives a meaning to characters beyond ASCII; words are taken from the text itself.
    """
    return text.encode() if text.isascii() else _WIDE.sub("x", text).encode()


def blank(text: str, pattern: re.Pattern[str], *, first: str) -> str:
    """The text with every match of a pattern as one word of the same length that starts with ``first``."""
    return pattern.sub(lambda match: first + "x" * (len(match[0]) - len(first)), text)
