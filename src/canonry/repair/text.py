"""A file's bytes as text with ``\\n`` line ends, and back: byte order mark, encoding and line ends are kept."""

import codecs
import io
import re
import tokenize
from collections import Counter
from difflib import SequenceMatcher

import msgspec

_LINE_END = re.compile(r"\r\n|\r|\n")
_COOKIE_LINE = "# -*- coding: latin-1 -*-\n"


class Text(msgspec.Struct, frozen=True, gc=False):
    """A decoded file. ``body`` has ``\\n`` line ends and no byte order mark; ``ends`` are the line ends as they were.

    ``declared`` tells whether the encoding is UTF-8 or the one that the file declares; otherwise the bytes were read
    as Latin-1, which loses none, and the file needs a declaration to parse at all.
    """

    body: str
    encoding: str
    declared: bool
    mark: bool
    ends: tuple[str, ...]


def decode(content: bytes) -> Text | None:
    """The text of a file's bytes; None where they are no text (NUL bytes, UTF-16 and UTF-32 included)."""
    if b"\0" in content or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    mark = content.startswith(codecs.BOM_UTF8)
    content = content.removeprefix(codecs.BOM_UTF8)
    encoding, declared = _encoding(content), True
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding, declared = "latin-1", False
        text = content.decode(encoding)
    ends = tuple(_LINE_END.findall(text))
    return Text(_LINE_END.sub("\n", text), encoding, declared, mark, ends)


def encode(text: Text, body: str) -> bytes | None:
    """The bytes of another body in a file's form; None where its encoding lacks a character.

    A file of mixed line ends keeps those of unchanged lines; new lines get the commonest one.
    """
    if not text.declared:
        body = with_declaration(body)
    try:
        content = _line_ends(text, body).encode(text.encoding)
    except UnicodeEncodeError:
        return None
    return codecs.BOM_UTF8 + content if text.mark else content


def with_declaration(body: str) -> str:
    """The body with a declaration of Latin-1 on its first line, or on its second where the first starts a program."""
    first, end, rest = body.partition("\n")
    return f"{first}{end}{_COOKIE_LINE}{rest}" if first.startswith("#!") else _COOKIE_LINE + body


def _encoding(content: bytes) -> str:
    """The declared encoding, UTF-8 where none is declared, or where Python knows none of that name."""
    try:
        found = tokenize.detect_encoding(io.BytesIO(content).readline)[0]
        codecs.lookup(found)
    except (SyntaxError, LookupError):
        return "utf-8"
    return "utf-8" if found == "utf-8-sig" else found


def _line_ends(text: Text, body: str) -> str:
    kinds = Counter(text.ends)
    if len(kinds) <= 1:
        only = next(iter(kinds), "\n")
        return body if only == "\n" else body.replace("\n", only)
    commonest = kinds.most_common(1)[0][0]
    before, after = text.body.split("\n"), body.split("\n")
    ends = [commonest] * (len(after) - 1)
    for tag, start, end, other, stop in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal" or end - start == stop - other:  # a line that was mended ends as it did
            for offset in range(end - start):
                if start + offset < len(text.ends) and other + offset < len(ends):
                    ends[other + offset] = text.ends[start + offset]
    return "".join(line + end for line, end in zip(after, [*ends, ""], strict=True))
