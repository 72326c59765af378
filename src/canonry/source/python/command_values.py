"""Commands as they are built in code: a list, a string, a variable that was filled before."""

import ast
from collections.abc import Iterable

from canonry.source.commands import HINTS, tool_of_argv, tool_of_shell
from canonry.source.python.draft import Draft

_DEPTH = 4


def tool_of_expressions(arguments: list[ast.expr], draft: Draft, *, shell: bool, spread: bool) -> tuple[str, str]:
    """The test tool that these arguments of a process call start, and ``literal`` or ``variable``.

    ``spread``: the arguments themselves are the words of the command (``create_subprocess_exec``).
    """
    how = "variable" if any(isinstance(argument, ast.Name) for argument in arguments) else "literal"
    if spread:
        words = _flatten(_words(argument, draft, _DEPTH) for argument in arguments)
        return tool_of_argv(words), how
    for argument in arguments:
        text = _text(argument, draft, _DEPTH)
        if text is not None:
            tool = tool_of_shell(text) if shell or any(hint in text for hint in HINTS) else ""
        else:
            tool = tool_of_argv(_words(argument, draft, _DEPTH))
        if tool:
            return tool, how
    return "", how


def _flatten(parts: Iterable[list[str | None]]) -> list[str | None]:
    return [word for part in parts for word in part]


def _values(name: str, draft: Draft) -> list[ast.expr]:
    scope: Draft | None = draft
    while scope is not None:
        if name in scope.commands:
            return scope.commands[name]
        scope = scope.parent
    return []


def _text(node: ast.expr, draft: Draft, depth: int) -> str | None:
    """The shell text of a string expression, with NUL for each part that is computed; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(part, draft, depth) or "" if isinstance(part, ast.Constant) else "\0" for part in node.values
        )
    if isinstance(node, ast.Name) and depth:
        values = _values(node.id, draft)
        return _text(values[0], draft, depth - 1) if len(values) == 1 else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and depth:
        left, right = _text(node.left, draft, depth - 1), _text(node.right, draft, depth - 1)
        return None if left is None and right is None else (left or "\0") + (right or "\0")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _text(node.func.value, draft, depth)
    return None


def _words(node: ast.expr, draft: Draft, depth: int) -> list[str | None]:
    """The words of a command; None for each that is computed."""
    if isinstance(node, ast.List | ast.Tuple):
        return _flatten(_words(element, draft, depth) for element in node.elts)
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else [None]
    if isinstance(node, ast.Starred):
        return _words(node.value, draft, depth)
    if isinstance(node, ast.Attribute) and node.attr == "executable":
        return ["python"]
    if depth <= 0:
        return [None]
    if isinstance(node, ast.Name):
        values = _values(node.id, draft)
        return _flatten(_words(value, draft, depth - 1) for value in values) or [None]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _words(node.left, draft, depth - 1) + _words(node.right, draft, depth - 1)
    if isinstance(node, ast.IfExp):
        return _words(node.body, draft, depth - 1)
    if isinstance(node, ast.Call) and node.args and _name(node.func) in ("split", "list", "tuple", "str"):
        text = _text(node.args[0], draft, depth - 1)
        return list(text.split()) if text is not None else _words(node.args[0], draft, depth - 1)
    return [None]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
