"""What rules read of an event, as msgspec types that decode only that, and as expressions that read it."""

import datetime as dt
import keyword
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from canonry.contract.compile.plan import FieldRule
from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.paths import Path

_TAKEN = frozenset(("judge", "GET", "S", "raw", "owner"))
NATIVE: dict[str, Any] = {
    "id": Annotated[str, Meta(min_length=1)] | int,
    "str": str,
    "text": Annotated[str, Meta(min_length=1)],
    "int": int,
    "number": int | float,
    "bool": bool,
    "rfc3339": Annotated[dt.datetime, Meta(tz=True)],
    "list": list[Any],
}


class Nothing(msgspec.Struct, frozen=True, gc=False):
    """An object of which nothing is read."""


_NO_OBJECT: Any = str | int | float | bool | list[msgspec.Raw] | None
"""What else may stand where most events have an object. Nothing is read of it."""


class Node:
    """A key of events: what stands below it, whether its value is read, and the rule that types it."""

    def __init__(self) -> None:
        self.below: dict[str, Node] = {}
        self.is_read = False
        self.is_whole = False
        self.rules: list[FieldRule] = []
        self.native = False
        self.is_common = False
        self.is_key = False
        self.is_present = False
        self.attribute = ""
        self.type_name = ""
        """Of an object that some events have in its place and others not: the name of its type."""

    def reach(self, way: Iterable[str | int]) -> "Node":
        """The node that a way leads to, as far as it goes by keys."""
        node = self
        for part in way:
            if not isinstance(part, str) or part == "[]":
                break
            node = node.below.setdefault(part, Node())
        return node


class Tree:
    """The parts of one struct of events. With a ``tag`` there is one for each name, and the decoder checks types.

    Without one it checks what is ``common`` to all events, and what stands below one of the ``keys``, of which an event
    has a single one. Of ``present`` paths it only matters whether something is there.
    """

    def __init__(
        self,
        fields: Iterable[FieldRule],
        reads: Iterable[Path],
        *,
        present: Iterable[Path] = (),
        common: Iterable[FieldRule] = (),
        keys: Iterable[str] = (),
        tag: str = "",
        named: Path | None = None,
        template: bool = False,
    ) -> None:
        self.root = Node()
        self.tag = tag
        self.template = template
        self.name = ""
        """An expression of the event's name, where one field holds it."""
        self.typed = bool(tag)
        self.keys = frozenset(keys)
        for key in self.keys:
            self.root.reach((key,)).is_key = True
        for path in present:
            for way in path.ways:
                self.root.reach(way).is_present = True
        for path in reads:
            self._read(path)
        rules = {rule.path.text: rule for rule in fields}
        for rule in rules.values():
            self._rule(rule)
        for rule in common:
            for way in rule.path.ways:
                self.root.reach(way).is_common = True
        self.types: dict[str, Any] = {}
        """The types of objects that are not in every event, by the names that expressions have for them."""
        self._settle(self.root, self.typed)
        if named is not None:
            self.name = self.expression(named)

    def _read(self, path: Path) -> None:
        for way in path.ways:
            if self._is_name(way):
                continue
            node = self.root.reach(way)
            node.is_read = True
            node.is_whole = node.is_whole or not _plain(way)

    def _rule(self, rule: FieldRule) -> None:
        for way in rule.path.ways:
            if self._is_name(way):
                continue
            node = self.root.reach(way)
            node.rules.append(rule)
            if not _plain(way):
                node.is_read = node.is_whole = True

    def _is_name(self, way: tuple[str | int, ...]) -> bool:
        """Whether a way leads to the name of the event, or to what stands beside it."""
        return str(way[0]).startswith("$") or (bool(self.tag) and way == (self.tag,))

    def sure(self, path: Path) -> bool:
        """Whether the decoder lets no event pass in which this is not there."""
        return self.native(path) and is_required(self._node(path))

    def plain(self, path: Path) -> bool:
        """Whether the decoder lets nothing pass there but texts, numbers and null."""
        return self.native(path) and self._node(path).rules[0].kind.words in (("id",), ("str",), ("text",), ("int",))

    def _node(self, path: Path) -> Node:
        node = self.root
        for part in path.ways[0]:
            node = node.below[str(part)]
        return node

    def has(self, path: Path) -> bool:
        """Whether anything of a path is decoded."""
        return any(self._is_name(way) or str(way[0]) in self.root.below for way in path.ways)

    def native(self, path: Path) -> bool:
        """Whether the decoder checks the field itself."""
        if len(path.ways) != 1 or self._is_name(path.ways[0]):
            return False
        node = self.root
        for part in path.ways[0]:
            below = node.below.get(part) if isinstance(part, str) else None
            if below is None:
                return False
            node = below
        return node.native

    def checks(self, rule: FieldRule) -> bool:
        """Whether the decoder checks this rule; a variant may ask for more of a field than its event does."""
        return self.native(rule.path) and self._node(rule.path).rules[0].kind == rule.kind

    def _settle(self, node: Node, typed: bool) -> None:
        used: set[str] = set()
        for name, below in node.below.items():
            plain = (
                name.isidentifier() and not keyword.iskeyword(name) and name not in _TAKEN and not name.startswith("__")
            )
            below.attribute = name if plain and name not in used else f"key_{len(used)}"
            used.add(below.attribute)
            if below.is_read and below.below:
                below.below, below.is_whole = {}, True  # read as a whole, so nothing below needs a type
            typed_here = typed or below.is_common or below.is_key
            below.native = self._is_native(below, typed_here)
            self._settle(below, typed or below.is_key)
            if below.below and not (typed_here or is_required(below)):
                below.type_name = f"Type{len(self.types)}"
                self.types[below.type_name] = None

    def _is_native(self, node: Node, typed: bool) -> bool:
        if not typed or node.is_whole or len(node.rules) != 1 or len(node.rules[0].path.ways) != 1:
            return False
        kind = node.rules[0].kind
        if kind.values:
            return all(isinstance(one, str) for one in kind.values)
        if len(kind.words) != 1:
            return False
        word = kind.words[0]
        if word == "object":
            return not node.is_read
        return word in NATIVE and not (word == "rfc3339" and node.is_read)

    def struct(self, name: str, namespace: dict[str, Any], **options: Any) -> type[msgspec.Struct]:
        """Return the struct of the whole event."""
        return _struct(name, self.root, namespace, self.types, **options)

    def expression(self, path: Path, root: str = "e", *, key: str = "", direction: str = "S.direction") -> str:
        """Return a Python expression of what stands at a path, or None.

        ``key`` is the one that the event has, ``direction`` where its direction stands.
        """
        ways = [direction if way == ("$direction",) else self._way(way, root, key) for way in path.ways]
        text = ways[-1]
        for index, way in reversed(list(enumerate(ways[:-1]))):
            text = f"(w{index}_ if (w{index}_ := {way}) is not None else {text})"
        return text

    def _way(self, way: tuple[str | int, ...], root: str, key: str) -> str:
        head = str(way[0])
        if head == "$id":
            return "S.wrapped"
        if self._is_name(way):
            if head in ("$kind", "$phase"):
                return f"CAPTURED_{head[1:]}[{self.name or 'name_of(e)'}]" if self.template else "None"
            return "name_of(e)" if head in ("$type", self.tag) else "None"
        node, text = self.root, root
        for position, part in enumerate(way):
            if not isinstance(part, str) or part == "[]" or (node.is_whole and node is not self.root):
                return _below(text, way[position:])
            previous, node = node, node.below[part]
            if previous is self.root or (is_required(previous) and (not previous.is_key or way[0] == key)):
                text = f"{text}.{node.attribute}"
            elif previous.type_name:
                text = f"(o_.{node.attribute} if (o_ := {text}).__class__ is {previous.type_name} else None)"
            else:
                text = f"(None if (o_ := {text}) is None else o_.{node.attribute})"
        return text


def _below(text: str, way: tuple[str | int, ...]) -> str:
    """An expression of what stands below a value that was decoded as a whole."""
    match way:
        case (int() as index,) if index >= 0:
            return f"(l_[{index}] if (l_ := {text}).__class__ is list and len(l_) > {index} else down(l_, {way!r}))"
        case ("[]", str() as name) if name != "[]":
            return f"each({text}, {name!r})"
        case (str() as name,) if name != "[]":
            return f"(d_.get({name!r}) if (d_ := {text}).__class__ is dict else None)"
    return f"down({text}, {way!r})"


class View:
    """A tree as events of one name have it: of keys that exclude each other only its own is there."""

    def __init__(self, tree: Tree, family: str) -> None:
        self._tree = tree
        self._family = family if family in tree.keys else ""

    def _narrow(self, path: Path) -> Path:
        keys = self._tree.keys
        ways = tuple(way for way in path.ways if way[0] not in keys or way[0] == self._family)
        return path if ways == path.ways else Path(path.text, ways)

    def expression(self, path: Path) -> str:
        """Return a Python expression of what stands at a path, or None."""
        narrow = self._narrow(path)
        return self._tree.expression(narrow, key=self._family, direction="way") if narrow.ways else "None"

    def sure(self, path: Path) -> bool:
        """Whether the decoder lets no event pass in which this is not there."""
        return self._tree.sure(self._narrow(path))

    def plain(self, path: Path) -> bool:
        """Whether the decoder lets nothing pass there but texts, numbers and null."""
        return self._tree.plain(self._narrow(path))

    def has(self, path: Path) -> bool:
        """Whether anything of a path is decoded."""
        return self._tree.has(self._narrow(path))

    def checks(self, rule: FieldRule) -> bool:
        """Whether the decoder checks this rule itself."""
        return self._tree.checks(msgspec.structs.replace(rule, path=self._narrow(rule.path)))


def is_required(node: Node) -> bool:
    """Whether the decoder refuses an event without this key, or, of keys that exclude each other, one below it."""
    if node.native and not node.rules[0].kind.holds(None):
        return True
    return any(is_required(below) for below in node.below.values())


def _struct(
    name: str, node: Node, namespace: dict[str, Any], types: dict[str, Any], **options: Any
) -> type[msgspec.Struct]:
    fields: list[Any] = []
    for below in sorted(node.below.values(), key=lambda one: not _is_asked(one)):
        kind = _type(f"{name}_{below.attribute}", below, types)
        fields.append((below.attribute, kind) if _is_asked(below) else (below.attribute, kind | None, None))
    rename = {below.attribute: key for key, below in node.below.items()}
    return msgspec.defstruct(name, fields, namespace=namespace, rename=rename, gc=False, **options)


def _is_asked(node: Node) -> bool:
    return is_required(node) and not node.is_key


def _type(name: str, node: Node, types: dict[str, Any]) -> Any:
    if node.below:
        found = _struct(name, node, {}, types)
        if node.type_name:
            types[node.type_name] = found
            return found | _NO_OBJECT
        return found
    if not node.native:
        only_objects = (
            node.is_present
            and not node.is_read
            and node.rules
            and all(one.kind.words == ("object",) for one in node.rules)
        )
        return Nothing | _NO_OBJECT if only_objects else Any
    kind: FieldKind = node.rules[0].kind
    if kind.values:
        return Literal[tuple(kind.values)]
    return Nothing if kind.words[0] == "object" else NATIVE[kind.words[0]]


def _plain(way: tuple[str | int, ...]) -> bool:
    return all(isinstance(part, str) and part != "[]" for part in way)
