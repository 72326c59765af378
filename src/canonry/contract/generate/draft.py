"""An event in the making: fields are put at paths, and the discriminator says what it is."""

import re
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from canonry.contract.compile.plan import FieldRule, Kind, Plan, Test
from canonry.contract.language.field_types import FieldKind
from canonry.contract.language.paths import EACH, Path, lookup, parse_path

Way = tuple[str | int, ...]


class Draft:
    """One event of a kind. Paths that begin with ``$`` speak of the name, the direction, and the wrapper's id."""

    def __init__(self, plan: Plan, kind: Kind, rng: Random, *, word: str = "chain") -> None:
        self.plan = plan
        self.kind = kind
        self.rng = rng
        self.body: dict[str, Any] = {}
        self.direction = kind.direction or None
        self.number: Any = None
        self.name = kind.base.replace("*", word)
        self._declared: dict[Way, FieldRule] = {way: rule for rule in kind.fields for way in rule.path.ways}
        self._write_name()

    def declared(self, path: Path) -> FieldRule | None:
        """Return the rule of the field that stands at a path, None where the contract says nothing of it."""
        return next((self._declared[way] for way in path.ways if way in self._declared), None)

    def wants(self, path: Path) -> bool:
        """Whether the contract demands a field at a path."""
        rule = self.declared(path)
        return rule is not None and not rule.kind.holds(None)

    def value(self, path: Path) -> Any:
        """Return what stands at a path, None where there is nothing."""
        return lookup(path, self.body, self._meta())

    def way(self, path: Path) -> Way:
        """Return the way of a path that an event of this kind would have: one that it has, one that is declared."""
        ways = [way for way in path.ways if self._may_have(way)] or list(path.ways)
        for way in ways:
            if lookup(Path(path.text, (way,)), self.body, self._meta()) is not None:
                return way
        known = [way for way in ways if self._is_demanded(way)]
        known = known or [way for way in ways if way in self._declared]
        return self.rng.choice(known or ways)

    def put(self, path: Path, value: Any) -> None:
        """Put a value where an event of this kind has it."""
        self.put_way(self.way(path), value)

    def put_way(self, way: Way, value: Any) -> None:
        """Put a value at the end of one way, and make what is on it; None takes it away."""
        head = way[0]
        if isinstance(head, str) and head.startswith("$"):
            self._put_meta(head, value)
        elif value is None:
            _take(self.body, way)
        else:
            put_at(self.body, way, value)

    def add_each(self, way: Way, values: Iterable[Any]) -> None:
        """Put each value at the end of a way with ``[]``, in an item of its own."""
        at = len(way) - 1 - way[::-1].index(EACH)
        known = lookup(Path("", (way[:at],)), self.body, {})
        while isinstance(known, list) and known and isinstance(known[0], list):
            known = known[0]
        items = known if isinstance(known, list) else []
        put_at(self.body, way[:at], [*items, *(put_at(None, way[at + 1 :], value) for value in values)])

    def field_kind(self, way: Way) -> FieldKind | None:
        """Return the type that the contract gives what stands there."""
        rule = self._declared.get(way)
        return None if rule is None else rule.kind

    def holds(self, test: Test) -> bool:
        """Whether a condition of a variant is true of this event."""
        return test.holds(self.value(test.path))

    def event(self) -> dict[str, Any]:
        """Return the event as it goes over the wire."""
        below = self.plan.contract.discriminator.below
        if self.plan.contract.discriminator.keys_present:
            self.body.setdefault(self.kind.base, {})
        if not below or (self.number is None and self.rng.random() < 0.8):
            return self.body
        beside = {str(rule.path.ways[0][0]): rule.kind.values[0] for rule in self.plan.beside if rule.kind.values}
        return {**beside, **({} if self.number is None else {"id": self.number}), below: self.body}

    def _is_demanded(self, way: Way) -> bool:
        """Whether the contract demands what stands there, or the list that it is an item of."""
        owner = way[:-1] if isinstance(way[-1], int) else way
        rule = self._declared.get(owner)
        return rule is not None and not rule.kind.holds(None)

    def _may_have(self, way: Way) -> bool:
        head = way[0]
        rule = self.plan.contract.discriminator
        if head == "$id":
            return bool(rule.below)
        return not (head in rule.keys_present and head != self.kind.base)

    def _meta(self) -> dict[str, Any]:
        meta = {"$type": self.name, "$direction": self.direction, "$id": self.number}
        return meta | captured(self.plan.contract.discriminator.template, self.name)

    def _put_meta(self, name: str, value: Any) -> None:
        if name == "$direction":
            other = "out" if self.direction == "in" else "in"
            self.direction = value if isinstance(value, str) and value in ("in", "out") else other
        elif name == "$id":
            self.number = value
        elif name == "$kind" and "*" in self.kind.base:
            self.name = self.kind.base.replace("*", str(value))
            self._write_name()

    def _write_name(self) -> None:
        rule = self.plan.contract.discriminator
        if rule.jsonrpc:
            self._write_rpc()
        elif rule.field and (path := parse_path(rule.field)) is not None:
            self.put_way(path.ways[0], self.name)
        elif rule.keys_present:
            self.body.setdefault(self.kind.base, {})

    def _write_rpc(self) -> None:
        what, _, method = self.name.partition(":")
        self.body["jsonrpc"] = "2.0"
        if what in ("request", "notification"):
            self.body["method"] = method
        else:
            self.body.setdefault("result" if what == "response" else "error", {})


def captured(template: str, name: str) -> dict[str, Any]:
    """Return `$kind` and `$phase` of a name that a template has, nothing of another."""
    if not template:
        return {}
    pattern = re.escape(template).replace(r"\{kind\}", "(?P<kind>.+)").replace(r"\{phase\}", "(?P<phase>[^_]+)")
    match = re.fullmatch(pattern, name)
    return {} if match is None else {"$kind": match["kind"], "$phase": match["phase"]}


def nodes(value: Any, way: Way) -> Iterator[tuple[Any, str | int]]:
    """Yield each (container, key) that a way ends at in an event; with ``[]`` there may be several, and none."""
    if len(way) == 1:
        if way[0] == EACH:
            yield from ((value, index) for index in range(len(value))) if isinstance(value, list) else ()
        elif isinstance(value, dict) and str(way[0]) in value:
            yield value, str(way[0])
        elif isinstance(value, list) and isinstance(way[0], int) and way[0] < len(value):
            yield value, way[0]
        return
    for container, key in list(nodes(value, way[:1])):
        yield from nodes(container[key], way[1:])


def _take(value: Any, way: Way) -> None:
    for container, key in list(nodes(value, way)):
        if isinstance(container, dict):
            container.pop(key)


def put_at(value: Any, way: Way, last: Any) -> Any:
    """Return ``value`` with ``last`` at the end of a way; the containers on it are made where there are none."""
    if not way:
        return last
    head, rest = way[0], way[1:]
    if head == EACH:
        items = value if isinstance(value, list) and value else [None]
        items[:] = [put_at(item, rest, last) for item in items]
        return items
    if isinstance(head, int) and not isinstance(value, dict):
        items = value if isinstance(value, list) else []
        items.extend([None] * (head + 1 - len(items)))
        items[head] = put_at(items[head], rest, last)
        return items
    table = value if isinstance(value, dict) else {}
    table[str(head)] = put_at(table.get(str(head)), rest, last)
    return table
