"""In which line a key of a TOML document stands. ``tomllib`` does not say, so the syntax tree does."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from canonry.canon.keys import KeyPath, unquote

if TYPE_CHECKING:
    from tree_sitter import Node


@lru_cache(maxsize=8)
def locate(contents: bytes) -> Mapping[KeyPath, int]:
    """Return the line, counted from 1, of every key and array element of a valid TOML document.

    A table that several lines open stands where its own header is, else where it is first mentioned.
    """
    # Imported here because a canon without errors needs no line.
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    walk = _Walk()
    walk.document(parser.parse(contents.removeprefix(b"\xef\xbb\xbf")).root_node)
    return walk.lines


def line_of(contents: bytes, path: KeyPath) -> int:
    """Return the line of ``path``, or of the nearest key above it that is written down."""
    lines = locate(contents)
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


class _Walk:
    """One pass over a document, in reading order: arrays of tables count as they come."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._opened: dict[KeyPath, int] = {}

    def document(self, root: "Node") -> None:
        for node in root.named_children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def _table(self, node: "Node") -> None:
        header, *body = (child for child in node.named_children if child.type != "comment")
        names = _names(header)
        line = header.start_point.row + 1
        path: KeyPath = ()
        for name in names[:-1]:
            path = self._current((*path, name))
            self.lines.setdefault(path, line)
        path = (*path, names[-1])
        if node.type == "table_array_element":
            self._opened[path] = self._opened.get(path, -1) + 1
            self.lines.setdefault(path, line)
            path = self._current(path)
        self.lines[path] = line
        for child in body:
            self._pair(child, path)

    def _current(self, path: KeyPath) -> KeyPath:
        return (*path, self._opened[path]) if path in self._opened else path

    def _pair(self, node: "Node", path: KeyPath) -> None:
        if node.type != "pair":
            return
        key, value = (child for child in node.named_children if child.type != "comment")
        for name in _names(key):
            path = (*path, name)
            self.lines.setdefault(path, key.start_point.row + 1)
        self._value(value, path)

    def _value(self, node: "Node", path: KeyPath) -> None:
        children = [child for child in node.named_children if child.type != "comment"]
        if node.type == "inline_table":
            for child in children:
                self._pair(child, path)
        elif node.type == "array":
            for index, child in enumerate(children):
                self.lines[(*path, index)] = child.start_point.row + 1
                self._value(child, (*path, index))


def _names(key: "Node") -> list[str]:
    """Return the names of a bare, quoted or dotted key, without their quotes."""
    if key.type == "dotted_key":
        return [name for child in key.named_children for name in _names(child)]
    text = (key.text or b"").decode()
    if key.type == "quoted_key":
        return [unquote(text) or ""]
    return [text]
