"""The attributes that methods give to `self`, read from their source."""

import ast
import inspect
import types
from collections.abc import Iterator
from typing import Any


def written_attributes(kind: type) -> dict[str, Any]:
    """Names that methods of the class and its bases assign to on their first parameter, with annotations as text.

    None where there is no annotation. A class without source (C, ``exec``) has none.
    """
    found: dict[str, Any] = {}
    for each in reversed(type.__dict__["__mro__"].__get__(kind)):
        for value in list(vars(each).values()):
            function = inspect.unwrap(value) if isinstance(value, types.FunctionType) else None
            if isinstance(function, types.FunctionType) and function.__code__.co_argcount:
                for name, annotation in _assigned(function):
                    found[name] = annotation or found.get(name)
    return found


def _assigned(function: types.FunctionType) -> Iterator[tuple[str, str | None]]:
    first = function.__code__.co_varnames[0]
    if not any(isinstance(name, str) for name in function.__code__.co_names):
        return
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        return
    if source[:1].isspace():
        source = f"if 1:\n{source}"
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    parameters = _annotations(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            if _is_own(node.target, first):
                yield node.target.attr, ast.unparse(node.annotation)  # type: ignore[union-attr]
        elif isinstance(node, ast.Assign):
            known = parameters.get(node.value.id) if isinstance(node.value, ast.Name) else None
            for target in node.targets:
                yield from ((each.attr, known) for each in ast.walk(target) if _is_own(each, first))  # type: ignore[attr-defined]
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            yield from ((each.attr, None) for each in ast.walk(node.target) if _is_own(each, first))  # type: ignore[attr-defined]
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield from ((each.attr, None) for each in ast.walk(node.optional_vars) if _is_own(each, first))  # type: ignore[attr-defined]


def _is_own(node: ast.AST, first: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == first
    )


def _annotations(tree: ast.Module) -> dict[str, str]:
    """The annotations of the parameters of the function that a source begins with."""
    body: Any = tree.body
    while body and isinstance(body[0], ast.If):
        body = body[0].body
    if not body or not isinstance(body[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {}
    arguments = body[0].args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return {each.arg: ast.unparse(each.annotation) for each in every if each.annotation is not None}
