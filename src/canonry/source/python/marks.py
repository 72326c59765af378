"""Which pytest marks a file gives beyond those that stand as decorators and in ``pytestmark``."""

import ast
import re
from collections.abc import Iterable

from canonry.source.facts import ClassFact, FunctionFact

_WORD = re.compile(rb"\bmark\s*\.\s*(\w+)")
UNKNOWN = "*"
"""Stands for a mark whose name is computed."""


def other_marks(
    content: bytes,
    tree: ast.Module,
    functions: Iterable[FunctionFact],
    classes: Iterable[ClassFact],
    module: Iterable[str],
) -> tuple[str, ...]:
    """The marks in ``pytest.param``, in variables and in ``add_marker``; `UNKNOWN` for computed ones.

    The text only rules out: the tree is looked through where it names a mark that no decorator explains.
    """
    adds = b"add_marker" in content or b"getattr(pytest.mark" in content
    if not adds and b"mark" not in content:
        return ()
    seen = {word.decode("utf-8", "replace") for word in _WORD.findall(content)}
    references = [*module, *(each for fact in functions for each in fact.decorators)]
    references += [each for fact in classes for each in (*fact.decorators, *fact.marks)]
    known = {mark for each in references if (mark := mark_name(each))}
    if not adds and not seen - known:
        return ()
    return tuple(sorted(_in_tree(tree) - known))


def mark_name(reference: str) -> str:
    """The mark's name in a reference such as ``pytest.mark.slow``, else empty."""
    name = reference.removeprefix("*.").removeprefix("pytest.")
    return name[5:].partition(".")[0] if name.startswith("mark.") else ""


def _in_tree(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    holders: set[str] = set()  # variables that hold a mark
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if _is_mark(node.value):
                found.add(node.attr)
        elif isinstance(node, ast.Assign):
            if _names_mark(node.value):
                holders.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.Call) and node.args:
            if isinstance(node.func, ast.Attribute) and node.func.attr == "add_marker":
                given.append(node.args[0])
            elif isinstance(node.func, ast.Name) and node.func.id == "getattr" and _is_mark(node.args[0]):
                found.add(UNKNOWN)
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found.add(value.value)
        elif not (_names_mark(value) or (isinstance(value, ast.Name) and value.id in holders)):
            found.add(UNKNOWN)
    return found


def _names_mark(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Attribute) and _is_mark(node.value) for node in ast.walk(value))


def _is_mark(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr == "mark" and isinstance(node.value, ast.Name) and node.value.id == "pytest"
    return isinstance(node, ast.Name) and node.id == "mark"
