"""Digests of class bodies: equal where two classes differ in white space, comment lines and docstrings at most."""

import ast
import re
from collections.abc import Iterator

from canonry.source.syntax.text import SourceText, digest

_COMMENT_LINE = re.compile(rb"(?m)^[ \t]*#.*$")
_SPACE = b" \t\r\n\f\\"


def body_digest(node: ast.ClassDef, text: SourceText) -> int:
    """The digest of a class body, at least 1; neither name nor bases are part of it.

    Lines that begin with a hash sign inside a multi-line string are taken for comments, in both of two equal classes.
    """
    first = node.body[0]
    decorators = getattr(first, "decorator_list", ())
    line = decorators[0].lineno if decorators else first.lineno
    start = text.offset(line, 0) if decorators else text.offset(line, first.col_offset)
    end = text.offset(node.end_lineno or line, node.end_col_offset or 0)
    parts: list[bytes] = []
    for docstring in _docstrings(node):
        parts.append(text.content[start : text.offset(docstring.lineno, docstring.col_offset)])
        start = text.offset(docstring.end_lineno or 0, docstring.end_col_offset or 0)
    parts.append(text.content[start:end])
    body = b"".join(parts)
    if b"#" in body:
        body = _COMMENT_LINE.sub(b"", body)
    return digest(body.translate(None, _SPACE)) or 1


def _docstrings(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Expr]:
    """The docstrings of a class, its methods and its inner classes, in the order of the text."""
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        yield first
    if isinstance(node, ast.ClassDef):
        for statement in node.body:
            if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from _docstrings(statement)
