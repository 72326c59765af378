"""Parsing at a declared Python version, and naming what is wrong where that fails."""

import ast
import io
import re
import tokenize
import warnings

from canonry.source.facts import Break
from canonry.source.syntax.damage import class_of_damage, conflict_line
from canonry.source.syntax.newer import newer_constructs
from canonry.source.syntax.text import EncodingError, SourceText, decode_source
from canonry.source.syntax.versions import RUNNING, Version

_F_STRING = re.compile(rb"""\b[rR]?[fF][rR]?["']""")


def parse_source(content: bytes, target: Version) -> tuple[ast.Module | None, SourceText, Break | None]:
    """The syntax tree at the target version, or why there is none. Never raises for bad input."""
    if b"\0" in content:
        text = SourceText(content.replace(b"\0", b" "))
        line = content[: content.index(b"\0")].count(b"\n") + 1
        return None, text, Break("nul", "the file holds NUL bytes", text.at(line, 1), "nul-bytes")
    try:
        source = decode_source(content)
    except EncodingError as error:
        text = SourceText(content.decode("latin-1").encode())
        return None, text, Break("encoding", str(error), text.at(1, 1), "encoding")
    text = SourceText(source)
    try:
        return _compile(source, target), text, None
    except SyntaxError as error:
        return None, text, _broken(source, text, error, target)
    except (RecursionError, MemoryError):
        where = text.at(1, 1)
        return None, text, Break("nesting", "nested deeper than the parser can follow", where, "nesting")
    except ValueError as error:  # what compile() raises for sources that are no text
        return None, text, Break("encoding", str(error), text.at(1, 1), "encoding")


def tree_of(text: str, target: Version) -> ast.Module | None:
    """The syntax tree of a decoded text at the target version, None where it does not parse. Never raises.

    Many times cheaper than `parse_source` for a text that does not parse, because nobody asks why.
    """
    try:
        return _compile(text.encode(), target)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # also half a surrogate pair, which is no text
        return None


def parses(text: str, target: Version) -> bool:
    """Whether a decoded text parses at the target version."""
    return tree_of(text, target) is not None


def _compile(source: bytes, target: Version) -> ast.Module:
    given = source if source.isascii() else source.decode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = compile(given, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True, _feature_version=target[1])
    if target < (3, 12) <= RUNNING and _F_STRING.search(source):
        _refuse_newer_f_strings(source)
    assert isinstance(tree, ast.Module)
    return tree


def _broken(source: bytes, text: SourceText, error: SyntaxError, target: Version) -> Break:
    message = error.msg or "invalid syntax"
    line, column = error.lineno or 1, error.offset or 1
    marker = conflict_line(source)
    if marker:
        return Break("conflict", "merge conflict marker", text.at(marker, 1), "conflict-marker")
    constructs, clean = newer_constructs(source, target)
    kind = "newer" if clean and constructs else "syntax"
    damage = "newer-syntax" if kind == "newer" else class_of_damage(source, error)
    return Break(kind, message, text.at(line, column), damage, constructs, clean)


def _refuse_newer_f_strings(source: bytes) -> None:
    """Raises SyntaxError for an f-string that only Python 3.12 and later read (PEP 701).

    A newer interpreter does not check this for an older target, so the tokens are read: before 3.12 an expression
    part held no backslash, no comment, not the quote of its own string, and no line break in a single-quoted one.
    """
    started, middle, ended = (getattr(tokenize, name) for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"))
    quotes: list[str] = []
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        kind = token.type
        if quotes and kind not in (middle, ended):
            quote = quotes[-1]
            own = token.string.lstrip("rRbBuUfF")[:3] if kind in (started, tokenize.STRING) else ""
            same = own.startswith(quote) if len(quote) == 3 else own[:1] == quote
            broken = kind == tokenize.NL and len(quote) == 1
            if same or broken or kind == tokenize.COMMENT or (kind == tokenize.STRING and "\\" in token.string):
                details = ("<source>", token.start[0], token.start[1] + 1, token.line)
                raise SyntaxError("f-string: only Python 3.12 and later read this expression", details)
        if kind == started:
            quotes.append(token.string.lstrip("rRfF"))
        elif kind == ended:
            quotes.pop()
