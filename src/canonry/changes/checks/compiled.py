"""Check 1, second half: the result is a program where the source was one.

A compiler refuses what the grammar admits: a `return` outside of a function, a late ``from __future__``, two arguments
of one name. Every such objection but those to `from __future__` and `global` is one to a single statement, so only the
statements that the source does not hold are asked about, and of a class only those of its body.
"""

import __future__

import ast
import warnings

from canonry.changes.checks.edited import EditedSource
from canonry.changes.parsed import ParsedText, Part

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
    content, parts, come = source.after.content, source.new.parts, set(source.come)
    features = [each.start for each in parts if _is_feature(each.node)]
    if features and any(each.start <= features[-1] for each in come):
        return None
    found: list[bytes] = []
    for number, part in enumerate(parts):
        if part.head:
            own = parts[number + 1 : number + 1 + len(part.node.body)]  # type: ignore[attr-defined]
            found += _of_class(content, part, own, come)
        elif part in come and not part.inner:
            found += [content[part.start : part.end], b"\n"]
    return found


def _of_class(content: bytes, head: Part, body: list[Part], come: set[Part]) -> list[bytes]:
    """A class without those statements of its body that are in one of the source; nothing where all of it is."""
    if head not in come and not any(each in come for each in body):
        return []
    lines = [content.rfind(b"\n", 0, each.start) + 1 for each in body]
    apart = all(not content[line : each.start].strip() for line, each in zip(lines, body, strict=True))
    if not apart or b"\r" in content or any(isinstance(each.node, _OF_CLASS) for each in body):
        return [content[head.start : body[-1].end], b"\n"]
    found = [content[head.start : lines[0]]]
    for line, each in zip(lines, body, strict=True):
        if each in come:
            found += [content[line : each.end], b"\n"]
    return [*found, content[lines[0] : body[0].start], b"pass\n"]


def _scope(text: ParsedText, node: ast.AST) -> ast.AST:
    """The function, class or module that a statement stands in."""
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
        node = text.parents[node]
    return node


def _is_feature(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _features(tree: ast.Module) -> int:
    """What the module's imports from ``__future__`` mean for the compiler."""
    names = [
        alias.name
        for each in tree.body
        if isinstance(each, ast.ImportFrom) and _is_feature(each)
        for alias in each.names
    ]
    flags = 0
    for name in names:
        flags |= getattr(__future__, name).compiler_flag if name in __future__.all_feature_names else 0
    return flags
