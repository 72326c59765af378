"""Where the strings and comments of a source stand that is known to parse.

In such a source a quote begins a string and a `#` a comment unless it stands in one of those, so one expression reads
them. Since Python 3.12 an f-string may hold its own quotes (PEP 701); a source that may is read token by token.
"""

import io
import re
import tokenize
from collections.abc import Iterator

import msgspec

from canonry.source.syntax.text import SourceText
from canonry.source.syntax.versions import RUNNING

_PREFIX = re.compile(rb"(?<![0-9A-Za-z_\x80-\xff])(?:[rRbBuUfFtT]|[rR][bBfFtT]|[bBfFtT][rR])$")
_LETTERS = frozenset(b"rRbBuUfFtT")
_FOUND = re.compile(  # each way begins with a sign of its own, which the engine looks for first
    rb"#[^\r\n]*"
    rb"|\"\"\"(?:[^\"\\]++|\\.|\"(?!\"\"))*\"\"\""
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*'''"
    rb"|\"(?:[^\"\\\r\n]++|\\(?:\r\n|.))*\""
    rb"|'(?:[^'\\\r\n]++|\\(?:\r\n|.))*'",
    re.DOTALL,
)
_NESTING = re.compile(rb"""(?<![0-9A-Za-z_\x80-\xff])(?:[rR]?[fFtT]|[fFtT][rR])["']""")


class TextToken(msgspec.Struct, frozen=True, gc=False):
    """A string (f-strings as a whole) or a comment, with its offsets."""

    start: int
    end: int
    comment: bool


def text_tokens(text: SourceText) -> Iterator[TextToken]:
    """The strings and comments of a source that parses, in order."""
    if may_nest(text):
        yield from token_by_token(text)
    else:
        yield from tokens_between(text.content, 0, len(text.content))


def may_nest(text: SourceText) -> bool:
    """Whether an f-string of the source could hold its own quotes."""
    return RUNNING >= (3, 12) and _NESTING.search(text.content) is not None


def tokens_between(content: bytes, first: int, last: int) -> Iterator[TextToken]:
    """The strings and comments between two places, of which none lies in one; for sources in which none nests."""
    for found in _FOUND.finditer(content, first, last):
        start, end = found.span()
        if content[start] == 0x23:
            yield TextToken(start, end, comment=True)
            continue
        if start and content[start - 1] in _LETTERS:
            prefix = _PREFIX.search(content[max(start - 3, 0) : start])
            start -= len(prefix[0]) if prefix is not None else 0
        yield TextToken(start, end, comment=False)


def token_by_token(text: SourceText) -> Iterator[TextToken]:
    """The same by Python's own tokenizer, many times slower."""
    opened: list[int] = []
    starts = {getattr(tokenize, name, None) for name in ("FSTRING_START", "TSTRING_START")} - {None}
    ends = {getattr(tokenize, name, None) for name in ("FSTRING_END", "TSTRING_END")} - {None}
    reader = io.StringIO(text.content.decode(), newline="").readline
    for token in tokenize.generate_tokens(reader):
        if token.type in starts:
            opened.append(_offset(text, *token.start))
        elif token.type in ends:
            start = opened.pop()
            if not opened:
                yield TextToken(start, _offset(text, *token.end), comment=False)
        elif not opened and token.type in (tokenize.STRING, tokenize.COMMENT):
            comment = token.type == tokenize.COMMENT
            yield TextToken(_offset(text, *token.start), _offset(text, *token.end), comment)


def _offset(text: SourceText, line: int, characters: int) -> int:
    start = text.offset(line, 0)
    if text.content.isascii():
        return start + characters
    return start + len(text.content[start : start + 4 * characters].decode("utf-8", "ignore")[:characters].encode())
