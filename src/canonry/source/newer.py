"""Constructs of a newer Python in a source that the target version refuses, read by tree-sitter."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser

_SINCE = {
    "except* (PEP 654)": (3, 11),
    "f-string grammar (PEP 701)": (3, 12),
    "type parameters (PEP 695)": (3, 12),
    "type parameter defaults (PEP 696)": (3, 13),
}


@cache
def python_parser() -> "Parser":
    """The tree-sitter parser for Python, made once a process."""
    import tree_sitter_python
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_python.language()))


def newer_constructs(source: bytes, target: tuple[int, int]) -> tuple[tuple[str, ...], bool]:
    """The constructs that came after the target version, and whether tree-sitter reads the source without an error."""
    tree = python_parser().parse(source)
    found = {name for node in walk_nodes(tree.root_node) for name in _constructs(node)}
    newer = tuple(sorted(name for name in found if _SINCE[name] > target))
    return newer, not tree.root_node.has_error


def walk_nodes(root: "Node") -> "Iterator[Node]":
    """All nodes below and including the root, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _constructs(node: "Node") -> "Iterator[str]":
    if node.type == "type_alias_statement":
        yield "type parameters (PEP 695)"
    elif node.type == "type_parameter" and node.parent and node.parent.type in _GENERIC:
        yield "type parameters (PEP 695)"
        if b"=" in (node.text or b""):
            yield "type parameter defaults (PEP 696)"
    elif node.type in ("except_group_clause", "except_clause") and (node.text or b"").startswith(b"except*"):
        yield "except* (PEP 654)"
    elif node.type == "interpolation" and _newer_interpolation(node):
        yield "f-string grammar (PEP 701)"


_GENERIC = ("class_definition", "function_definition", "type_alias_statement")


def _newer_interpolation(node: "Node") -> bool:
    string = node.parent
    if string is None or not string.children:
        return False
    quote = (string.children[0].text or b"").lstrip(b"rRfFbBuU")
    text = node.text or b""
    if len(quote) == 3:
        return quote in text or b"\\" in text
    return quote in text or b"\\" in text or b"\n" in text or b"#" in text
