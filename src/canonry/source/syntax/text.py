"""Positions in a source text, as the parser counts them and as people do."""

import ast
import bisect
import codecs
import io
import itertools
import tokenize
from hashlib import blake2b

from canonry.source.facts import Site

_DROPPED = b" \t\r\n\f\"',();\\"


class EncodingError(Exception):
    """The bytes are not text in the encoding that they declare. ``str(error)`` says which and where."""


def decode_source(content: bytes) -> bytes:
    """The content as UTF-8 without a byte order mark, which is what the parser's offsets refer to."""
    if content.startswith(codecs.BOM_UTF8):
        content = content[3:]
    if content.isascii():
        return content
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        if encoding in ("utf-8", "utf-8-sig"):
            content.decode("utf-8")
            return content
        return content.decode(encoding).encode("utf-8")
    except (UnicodeError, LookupError, SyntaxError) as error:
        raise EncodingError(str(error)) from error


class SourceText:
    """A UTF-8 source and its line table; lines end with ``\\n``, ``\\r`` or ``\\r\\n`` only, as in the parser."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._ascii = content.isascii()
        self._starts: list[int] | None = None

    def offset(self, line: int, column: int) -> int:
        """The byte offset of a parser position (line from 1, column in bytes from 0)."""
        starts = self._line_starts()
        return starts[min(line, len(starts)) - 1] + column

    def site(self, node: ast.stmt | ast.expr | ast.excepthandler | ast.alias, symbol: str) -> Site:
        """The place of a whole syntax node."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        start = self.offset(node.lineno, node.col_offset)
        return self._site(node.lineno, node.col_offset, end_line, end_column, start, symbol)

    def header(self, node: ast.stmt | ast.expr | ast.excepthandler, *, words: str, symbol: str) -> Site:
        """The place of a statement's first ``words`` (``def name``, ``if``); the symbol alone is its identity."""
        column = self.characters(node.lineno, node.col_offset) + 1
        return Site(node.lineno, column, node.lineno, column + len(words), 0, symbol)

    def at(self, line: int, column: int, *, symbol: str = "<module>") -> Site:
        """The place of a parser's error: from there to the end of its line."""
        starts = self._line_starts()
        line = max(1, min(line, len(starts)))
        start = starts[line - 1]
        end = starts[line] if line < len(starts) else len(self.content)
        text = self.content[start:end].rstrip(b"\r\n").decode("utf-8", "replace")
        column = max(1, min(column, len(text) + 1))
        snippet = digest(text.encode("utf-8", "replace").translate(None, _DROPPED))
        return Site(line, column, line, max(column, len(text) + 1), snippet, symbol)

    def _site(self, line: int, column: int, end_line: int, end_column: int, start: int, symbol: str) -> Site:
        segment = self.content[start : self.offset(end_line, end_column)]
        if not self._ascii:
            column, end_column = self.characters(line, column), self.characters(end_line, end_column)
        snippet = digest(segment.translate(None, _DROPPED))
        return Site(line, column + 1, end_line, end_column + 1, snippet, symbol)

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column in characters, both from 1, of a byte offset."""
        starts = self._line_starts()
        line = bisect.bisect_right(starts, offset)
        return line, self.characters(line, offset - starts[line - 1]) + 1

    def characters(self, line: int, column: int) -> int:
        """The column of a parser position in characters, from 0."""
        if self._ascii:
            return column
        start = self.offset(line, 0)
        return len(self.content[start : start + column].decode("utf-8", "replace"))

    def _line_starts(self) -> list[int]:
        starts = self._starts
        if starts is None:
            starts = list(itertools.accumulate(map(len, self.content.splitlines(keepends=True)), initial=0))
            self._starts = starts = starts[:-1] or [0]
        return starts


def digest(normalised: bytes) -> int:
    """A 63-bit digest of a normalised snippet."""
    return int.from_bytes(blake2b(normalised, digest_size=8).digest()) >> 1
