"""What a Python file imports before it does anything else. Imports no pytest: the runner's controller asks, too."""

import ast
from pathlib import Path

Import = tuple[str, tuple[str, ...]]
"""A module, and the names that are taken from it."""


def top_imports(path: Path) -> tuple[Import, ...]:
    """The absolute imports at the top of a file, in order; empty where it cannot be parsed."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return ()
    found: list[Import] = []
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.ImportFrom(module="__future__"):
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
                continue
            case ast.Import(names=names):
                found += [(alias.name, ()) for alias in names]
            case ast.ImportFrom(module=str(module), level=0, names=names):
                found.append((module, tuple(alias.name for alias in names)))
            case _:
                break
    return tuple(found)
