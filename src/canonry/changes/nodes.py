"""The nodes of trees that the parser made, several times faster than `ast.walk` and `ast.dump`."""

import ast
import re
from collections.abc import Iterable, Mapping
from typing import Any

_FIELD = re.compile(r"(\w+)[?*]? (\w+)")
_LEAVES = frozenset(("identifier", "int", "string", "constant", "expr_context"))
_ALIKE = (str, bytes, int, bool)


class _Fields(dict[type, tuple[tuple[str, ...], tuple[str, ...]]]):
    """The fields of each kind of node: those that hold no nodes (contexts count as such), and those that do.

    They are read of the signature in Python's own grammar, which is the docstring of each kind.
    """

    def __missing__(self, kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
        fields: tuple[str, ...] = getattr(kind, "_fields", ())
        types = {name: type_ for type_, name in _FIELD.findall((kind.__doc__ or "").partition("(")[2])}
        leaves = tuple(name for name in fields if types.get(name, "") in _LEAVES)
        found = self[kind] = leaves, tuple(name for name in fields if name not in leaves)
        return found


_FIELDS = _Fields()


def parts_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of node that hold nodes, in their order."""
    return _FIELDS[kind][1]


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """A node and all below it, parents before their children, in the order of `ast.walk`; contexts are left out."""
    return walk([tree], None)


def walk(roots: Iterable[ast.AST], parents: dict[ast.AST, ast.AST] | None) -> list[ast.AST]:
    """The same of several nodes at once; what each node below them stands in goes into ``parents``."""
    found: list[Any] = [*roots]  # keys of `{**a}` and defaults that are not there are None, until the end
    append, known = found.append, _FIELDS
    for node in found:
        for name in known[node.__class__][1]:
            value = getattr(node, name, None)
            if value.__class__ is list:
                found += value
                if parents is not None:
                    parents.update(dict.fromkeys(value, node))
            elif value is not None:
                append(value)
                if parents is not None:
                    parents[value] = node
    if None not in found:
        return found
    if parents is not None:
        parents.pop(None, None)  # type: ignore[call-overload]
    return [node for node in found if node is not None]


def children_of(node: ast.AST) -> list[ast.AST]:
    """What stands in a node directly, contexts left out, in the order of `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for name in _FIELDS[node.__class__][1]:
        value = getattr(node, name, None)
        if value.__class__ is list:
            found += [each for each in value if each is not None]
        elif value is not None:
            found.append(value)
    return found


def same_nodes(first: ast.AST, second: ast.AST, *, held: Mapping[Any, ast.AST] | None = None) -> bool:
    """Whether two trees say the same, places apart: exactly where `ast.dump` gives the same text for both.

    ``held`` are nodes of the first of which it is known that they say what others of the second do.
    """
    held = held or {}
    left: list[ast.AST | None] = [first]
    right: list[ast.AST | None] = [second]
    known = _FIELDS
    for one, other in zip(left, right, strict=True):  # both grow, by as many
        if one is other:
            continue
        kind = one.__class__
        if kind is not other.__class__:
            return False
        if one in held and held[one] is other:
            continue
        leaves, parts = known[kind]
        for name in leaves:
            value, its = getattr(one, name, None), getattr(other, name, None)
            if value is not its and not _same_leaf(value, its):
                return False
        for name in parts:
            value, its = getattr(one, name, None), getattr(other, name, None)
            if value.__class__ is list:
                if its.__class__ is not list or len(value) != len(its):
                    return False
                left += value
                right += its
            elif value is not None or its is not None:
                left.append(value)
                right.append(its)
    return True


def _same_leaf(one: object, other: object) -> bool:
    kind = one.__class__
    if kind is not other.__class__:
        return False
    if isinstance(one, ast.AST):  # a context: it has no fields
        return True
    return one == other if kind in _ALIKE else repr(one) == repr(other)
