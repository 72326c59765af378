"""Functions that attach an event contract to what a test receives."""

import ast
from collections.abc import Iterable

_FIXTURE, _CLASS = "event_contract", "EventContract"
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def read_attaching(source: bytes, functions: Iterable[tuple[_FunctionNode, str]]) -> tuple[str, ...]:
    """The qualified names of the functions that take the fixture `event_contract` or name the class `EventContract`.

    A mark that asks for the fixture counts as its parameter does.
    """
    if _FIXTURE.encode() not in source and _CLASS.encode() not in source:
        return ()
    return tuple(qualname for node, qualname in functions if _attaches(node))


def _attaches(node: _FunctionNode) -> bool:
    arguments = node.args
    if any(each.arg == _FIXTURE for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)):
        return True
    return any(
        (isinstance(each, ast.Name) and each.id == _CLASS)
        or (isinstance(each, ast.Attribute) and each.attr == _CLASS)
        or (isinstance(each, ast.Constant) and each.value == _FIXTURE)
        for each in ast.walk(node)
    )
