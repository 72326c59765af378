"""Closed sets of words that a file writes down: enumerations, ``Literal`` aliases, constants of string literals."""

import ast
import re
from collections.abc import Sequence

from canonry.source.facts import Constant
from canonry.source.python.scope import Scope, reference
from canonry.source.syntax.text import SourceText

_LEAST = 4
_MOST = 60
_LONGEST = 48
_CONSTANT_NAME = re.compile(r"_?[A-Z][A-Z0-9_]+")
_MAKERS = frozenset(("*.frozenset", "*.set", "*.tuple", "*.list", "types.MappingProxyType"))
_LITERALS = frozenset(("typing.Literal", "typing_extensions.Literal"))


def read_constant(target: ast.Name, value: ast.expr, scope: Scope, text: SourceText, symbol: str) -> Constant | None:
    """The constant that an assignment makes: a constant's name, 4 to 60 distinct string literals and nothing else.

    Longer collections are data, not vocabularies. A dictionary counts by its keys. A ``Literal`` may have any name.
    """
    if value.__class__ is ast.Subscript:
        return _literal_alias(target, value, scope, text, symbol)
    if not _CONSTANT_NAME.fullmatch(target.id):
        return None
    if isinstance(value, ast.Call) and len(value.args) == 1 and reference(value.func, scope) in _MAKERS:
        value = value.args[0]
    if isinstance(value, ast.Dict):
        return _constant(target, "dictionary", value.keys, text, symbol)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        return _constant(target, "constant", value.elts, text, symbol)
    return None


def read_enumeration(node: ast.ClassDef, bases: Sequence[str], text: SourceText, symbol: str) -> Constant | None:
    """The enumeration that a class is, by a base named like one: its values where they are strings, else its names."""
    if not any(base.endswith(("Enum", "Flag")) for base in bases):
        return None
    members: list[str] = []
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            if not name.startswith("_"):
                spelled = isinstance(value, ast.Constant) and isinstance(value.value, str)
                members.append(str(value.value) if spelled and isinstance(value, ast.Constant) else name.lower())
    found = _distinct(members)
    site = text.header(node, words=f"class {node.name}", symbol=symbol)
    return Constant(node.name, "enumeration", found, site) if found else None


def _literal_alias(target: ast.Name, value: ast.expr, scope: Scope, text: SourceText, symbol: str) -> Constant | None:
    assert isinstance(value, ast.Subscript)
    if reference(value.value, scope) not in _LITERALS or not isinstance(value.slice, ast.Tuple):
        return None
    return _constant(target, "literal", value.slice.elts, text, symbol)


def _constant(
    target: ast.Name, kind: str, elements: Sequence[ast.expr | None], text: SourceText, symbol: str
) -> Constant | None:
    words: list[str] = []
    for element in elements:
        if not (isinstance(element, ast.Constant) and isinstance(element.value, str)):
            return None
        words.append(element.value)
    found = _distinct(words)
    return Constant(target.id, kind, found, text.header(target, words=target.id, symbol=symbol)) if found else None


def _distinct(words: list[str]) -> tuple[str, ...]:
    """The distinct words in order; nothing where there are too few or too many, or one is a text rather than a word."""
    if len(words) > _MOST:
        return ()
    found = dict.fromkeys(words)
    return tuple(found) if len(found) >= _LEAST and all(len(word) <= _LONGEST for word in found) else ()
