"""Constructs of a newer Python in a source that the target version refuses, read by tree-sitter."""

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser, Tree

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
    tree = parse_anything(source)
    found = {name for node in walk_nodes(tree.root_node) for name in _constructs(node)}
    newer = tuple(sorted(name for name in found if _SINCE[name] > target))
    clean = not tree.root_node.has_error
    return newer, clean and (not newer or all(_laid_out(node) for node in walk_nodes(tree.root_node)))


def parse_anything(source: bytes) -> "Tree":
    """tree-sitter's tree of any source, with the same byte offsets; lines may end with a lone carriage return."""
    return python_parser().parse(re.sub(rb"\r(?!\n)", b"\n", source) if b"\r" in source else source)


def walk_nodes(root: "Node") -> "Iterator[Node]":
    """All nodes below and including the root, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def is_python_2(source: bytes) -> bool:
    """Whether tree-sitter reads the source without an error, with statements that Python 3 made functions."""
    root = parse_anything(source).root_node
    return not root.has_error and any(node.type in ("print_statement", "exec_statement") for node in walk_nodes(root))


def _laid_out(node: "Node") -> bool:
    """Whether a block is indented as Python wants it, which tree-sitter does not mind: no empty one, one column."""
    if node.type not in ("module", "block"):
        return True
    statements = [child for child in node.named_children if child.type != "comment"]
    rows = [-1, *(child.end_point.row for child in statements)]
    columns = {
        child.start_point.column
        for child, row in zip(statements, rows, strict=False)
        if child.start_point.row > row  # others follow a semicolon
    }
    return columns <= {0} if node.type == "module" else bool(statements) and len(columns) <= 1


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
    commented = any(child.type == "comment" for child in node.children)
    return quote in text or b"\\" in text or commented or (len(quote) == 1 and b"\n" in text)
