"""Check 1, second half: the result is a program where the source was one.

A compiler refuses what the grammar admits: a `return` outside of a function, a late ``from __future__``, two arguments
of one name. Every such objection but those to `from __future__` and `global` is one to a single statement, so only the
statements that the source does not hold are asked about, and of a class only those of its body.
"""

import __future__

import ast
import warnings
from collections.abc import Iterator

from canonry.changes.checks.edited import EditedSource
from canonry.changes.parsed import ParsedText

_OF_CLASS = (ast.Global, ast.Nonlocal)


def object_to_compiled(source: EditedSource) -> str | None:
    """Objects to a result that parses and still is no program, such as one with a late ``from __future__``.

    What the running interpreter refuses of the source already says nothing about the edits.
    """
    new = new_statements(source)
    if new is not None and refusal_of(b"".join(new), flags=_features(source.new.tree)) is None:
        return None
    found = refusal_of(source.after.content)
    if found is None or refusal_of(source.before.content) is not None:
        return None
    return f"the result does not compile: {found.msg} in line {found.lineno}"


def refusal_of(source: bytes, *, flags: int = 0) -> SyntaxError | None:
    """Why a UTF-8 source is no program; from its text, because a tree has to be turned back first."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.decode(), "<result>", "exec", flags=flags, dont_inherit=True)
    except SyntaxError as error:
        return error
    except (RecursionError, MemoryError, ValueError):
        return None
    return None


def new_statements(source: EditedSource) -> list[bytes] | None:
    """The text of the result's statements that the source does not hold; None where they say too little by themselves.

    A statement is one that the source holds where the same bytes are one there, at the place that they moved from.
    """
    if b"global" in source.after.content and any(
        isinstance(node, ast.Global) and isinstance(_scope(source.new, node), ast.Module) for node in source.new.nodes
    ):
        return None
    known = dict(_moved(source, source.old.tree.body))
    found: list[bytes] = []
    for statement in source.new.tree.body:
        start, end = span_of(source.new, statement)
        if _is_known(source, known, start, end):
            continue
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            return None
        if isinstance(statement, ast.ClassDef):
            found += _of_class(source, statement)
        else:
            found += [source.after.content[start:end], b"\n"]
    return found


def _of_class(source: EditedSource, node: ast.ClassDef) -> list[bytes]:
    """A class without those statements of its body that are in one of the source."""
    content, text = source.after.content, source.after
    start, end = span_of(source.new, node)
    spans = [span_of(source.new, each) for each in node.body]
    lines = [content.rfind(b"\n", 0, first) + 1 for first, _ in spans]
    apart = all(not content[line:first].strip() for line, (first, _) in zip(lines, spans, strict=True))
    if not apart or b"\r" in content or any(isinstance(each, _OF_CLASS) for each in node.body):
        return [content[start:end], b"\n"]
    owners = [each for each in source.old.tree.body if isinstance(each, ast.ClassDef)]
    known = dict(_moved(source, [each for owner in owners for each in owner.body]))
    found = [content[start : lines[0]]]
    for line, (first, last) in zip(lines, spans, strict=True):
        if not _is_known(source, known, first, last):
            found += [content[line:last], b"\n"]
    indent = text.offset(node.body[0].lineno, node.body[0].col_offset) - text.offset(node.body[0].lineno, 0)
    return [*found, content[spans[0][0] - indent : spans[0][0]], b"pass\n"]


def _moved(source: EditedSource, body: list[ast.stmt]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where statements of the source are in the result, if they are there, with their places in the source."""
    for each in body:
        start, end = span_of(source.old, each)
        yield (source.moved(start), source.moved(end)), (start, end)


def _is_known(source: EditedSource, known: dict[tuple[int, int], tuple[int, int]], start: int, end: int) -> bool:
    place = known.get((start, end))
    return place is not None and source.before.content[slice(*place)] == source.after.content[start:end]


def _scope(text: ParsedText, node: ast.AST) -> ast.AST:
    """The function, class or module that a statement stands in."""
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
        node = text.parents[node]
    return node


def _features(tree: ast.Module) -> int:
    """What the module's imports from ``__future__`` mean for the compiler."""
    names = [
        alias.name
        for each in tree.body
        if isinstance(each, ast.ImportFrom) and each.module == "__future__"
        for alias in each.names
    ]
    flags = 0
    for name in names:
        flags |= getattr(__future__, name).compiler_flag if name in __future__.all_feature_names else 0
    return flags


def span_of(text: ParsedText, node: ast.stmt) -> tuple[int, int]:
    """Where a statement begins, with its first decorator, and where it ends."""
    start = text.text.offset(node.lineno, node.col_offset)
    for decorator in getattr(node, "decorator_list", ())[:1]:
        start = text.text.content.rindex(b"@", 0, text.text.offset(decorator.lineno, decorator.col_offset))
    return start, text.text.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
