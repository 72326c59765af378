"""New keys put into a TOML document; every byte that was there stays.

The places come from the syntax tree, the new lines are spliced in between, and what the result means is compared with
what was meant before it is handed out: a layout that cannot take the keys is refused, never guessed at.
"""

import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from canonry.canon.keys import format_key, to_toml
from canonry.model.errors import UserError

if TYPE_CHECKING:
    from tree_sitter import Node

Names = tuple[str, ...]
_WIDTH = 100
_BOM = b"\xef\xbb\xbf"


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A key that the document lacks, its value, and the comment above it.

    A mapping becomes a table of its own, a list of mappings an array of tables with ``items`` as their comments.
    """

    path: Names
    value: Any
    comment: str = ""
    items: tuple[str, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether it gets a header of its own."""
        return isinstance(self.value, Mapping) or (
            isinstance(self.value, list) and bool(self.value) and all(isinstance(each, Mapping) for each in self.value)
        )


def insert(contents: bytes, additions: Iterable[Addition], *, file: str) -> bytes:
    """The document with the additions, in their order: into tables that are there, else at the end.

    Line ends are those of the document's first line. Raises `UserError` where the document cannot take them.
    """
    additions = list(additions)
    bom = _BOM if contents.startswith(_BOM) else b""
    body = contents[len(bom) :]
    layout = _Layout(body)
    places: dict[int, list[str]] = {}
    fresh: dict[Names, list[str]] = {}
    tables: list[list[str]] = []
    for addition in additions:
        if addition.is_table:
            tables.append(_table(addition))
            continue
        place = layout.place(addition.path[:-1])
        if place is None:
            fresh.setdefault(addition.path[:-1], []).extend(_pair(addition, addition.path[-1:]))
        else:
            at, depth = place
            places.setdefault(at, []).extend(_pair(addition, addition.path[depth:]))
    blocks = [*([f"[{format_key(path)}]", *lines] if path else lines for path, lines in fresh.items()), *tables]
    result = bom + _splice(body, places, blocks, layout)
    if not _same(_parsed(result, file), _merged(_parsed(contents, file), additions)):
        raise _refusal(file)
    return result


def _refusal(file: str) -> UserError:
    return UserError(f"`{file}` is laid out so that keys cannot be added; add by hand what `canonry init` prints")


class _Layout:
    """Where keys of a table can be added to a document."""

    def __init__(self, body: bytes) -> None:
        import tree_sitter
        import tree_sitter_toml

        self.body = body
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
        root = parser.parse(body).root_node
        self.ends: dict[Names, int] = {}
        """After the last pair of each table that has a header, and of the root where it has pairs."""
        self.dotted: dict[Names, tuple[int, int]] = {}
        """Of tables that dotted keys open: where, and how many names the header above gives already."""
        self.first_table = len(body)
        tables = [node for node in root.named_children if node.type in ("table", "table_array_element")]
        if tables:
            self.first_table = self._with_comments(tables[0], root)
        self._enter((), [node for node in root.named_children if node.type == "pair"])
        for node in tables:
            header, *inner = [child for child in node.named_children if child.type != "comment"]
            if node.type == "table":
                path = tuple(_names(header))
                self.ends[path] = self._line_end(header.end_byte)
                self._enter(path, inner)

    def place(self, table: Names) -> tuple[int, int] | None:
        """The offset for a key of this table and how many names its header gives; None where it has no place yet."""
        if table in self.ends:
            return self.ends[table], len(table)
        if not table:
            return self.first_table, 0
        return self.dotted.get(table)

    def _enter(self, path: Names, pairs: Sequence["Node"]) -> None:
        if not pairs:
            return
        end = self.ends[path] = self._line_end(pairs[-1].end_byte)
        for pair in pairs:
            names = _names(pair.named_children[0])
            for length in range(1, len(names)):
                self.dotted[(*path, *names[:length])] = (end, len(path))

    def _line_end(self, at: int) -> int:
        found = self.body.find(b"\n", at)
        return len(self.body) if found < 0 else found + 1

    def _with_comments(self, table: "Node", root: "Node") -> int:
        """The start of a header's line, or of the comment lines directly above it."""
        first = table
        for node in reversed([node for node in root.named_children if node.end_byte <= table.start_byte]):
            if node.type != "comment" or node.start_point.row != first.start_point.row - 1:
                break
            first = node
        return self.body.rfind(b"\n", 0, first.start_byte) + 1


def _names(key: "Node") -> list[str]:
    if key.type == "dotted_key":
        return [name for child in key.named_children for name in _names(child)]
    text = (key.text or b"").decode()
    return [str(next(iter(tomllib.loads(f"{text} = 0"))))]


def _splice(body: bytes, places: Mapping[int, list[str]], blocks: list[list[str]], layout: _Layout) -> bytes:
    newline = b"\r\n" if body[: body.find(b"\n") + 1].endswith(b"\r\n") else b"\n"
    parts, start = [], 0
    for at in sorted(places):
        lines = (
            [*places[at], ""]
            if at == layout.first_table and at < len(body) and at not in layout.ends.values()
            else places[at]
        )
        parts += [body[start:at], _joint(body[:at], newline), _text(lines, newline)]
        start = at
    parts.append(body[start:])
    for block in blocks:
        before = b"".join(parts)
        gap = newline if before and not before.endswith(newline * 2) else b""
        parts = [before, _joint(before, newline), gap, _text(block, newline)]
    return b"".join(parts)


def _joint(before: bytes, newline: bytes) -> bytes:
    return newline if before and not before.endswith(b"\n") else b""


def _text(lines: Iterable[str], newline: bytes) -> bytes:
    return b"".join(line.encode() + newline for line in lines)


# lines ---------------------------------------------------------------------------------------------------------------


def _pair(addition: Addition, names: Names) -> list[str]:
    return [*_comment(addition.comment), *_assignment(format_key(names), addition.value)]


def _table(addition: Addition) -> list[str]:
    name = format_key(addition.path)
    if isinstance(addition.value, Mapping):
        return [*_comment(addition.comment), f"[{name}]", *_body(addition.value)]
    lines = _comment(addition.comment)
    for index, item in enumerate(addition.value):
        said = _comment(addition.items[index]) if index < len(addition.items) else []
        lines += [*([""] if lines else []), *said, f"[[{name}]]", *_body(item)]
    return lines


def _body(table: Mapping[str, Any]) -> list[str]:
    return [line for name, value in table.items() for line in _assignment(format_key((name,)), value)]


def _assignment(name: str, value: object) -> list[str]:
    line = f"{name} = {to_toml(value)}"
    if len(line) <= _WIDTH or not isinstance(value, list):
        return [line]
    return [f"{name} = [", *(f"    {to_toml(each)}," for each in value), "]"]


def _comment(text: str) -> list[str]:
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return [f"# {line}" for line in textwrap.wrap(shown, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


# meaning -------------------------------------------------------------------------------------------------------------


def _parsed(contents: bytes, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(contents.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise _refusal(file) from None


def _merged(document: dict[str, Any], additions: Iterable[Addition]) -> dict[str, Any]:
    for addition in additions:
        table: Any = document
        for name in addition.path[:-1]:
            table = table.setdefault(name, {}) if isinstance(table, dict) else {}
        if isinstance(table, dict):
            table.setdefault(addition.path[-1], addition.value)
    return document


def _same(one: object, other: object) -> bool:
    """Whether two documents mean the same; not-a-number equals itself here."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))
