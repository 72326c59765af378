"""Paths into an event, and what stands there."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

EACH = "[]"
_ITEM = r"\[\]|\[[0-9]+\]|\[\"[^\"|]+\"\]"
_PART = re.compile(rf"[^.\[\]|\"]+|{_ITEM}")
_WHOLE = re.compile(rf"\$?[^.\[\]|$\"]+({_ITEM})*(\.[^.\[\]|\"]+({_ITEM})*)*")


class Path(msgspec.Struct, frozen=True):
    """Alternatives, each a way of keys and indexes down from the event. ``text`` is what was written."""

    text: str
    ways: tuple[tuple[str | int, ...], ...]

    @property
    def name(self) -> str:
        """A short name for messages and rule ids: the last key of the first way."""
        words = [part for part in self.ways[0] if isinstance(part, str) and part != EACH]
        return words[-1].lstrip("$") if words else self.text


def parse_path(text: str) -> Path | None:
    """Return the path that ``text`` writes, or None when it is none."""
    ways = []
    for way in text.split("|"):
        stripped = way.strip()
        if not _WHOLE.fullmatch(stripped):
            return None
        parts: list[str | int] = []
        for part in _PART.findall(stripped):
            inner = part[1:-1] if part.startswith("[") else part
            if inner.startswith('"'):
                parts.append(inner[1:-1])
            else:
                parts.append(EACH if part == EACH else int(inner) if inner.isdigit() and parts else inner)
        ways.append(tuple(parts))
    return Path(text, tuple(ways))


def lookup(path: Path, body: Any, meta: Mapping[str, Any]) -> Any:
    """Return the first value that is there, None where none is. A path with ``[]`` gives the list of all values."""
    for way in path.ways:
        found = follow(way, body, meta)
        if found is not None:
            return found
    return None


def follow(way: tuple[str | int, ...], body: Any, meta: Mapping[str, Any]) -> Any:
    """Return what stands at the end of one way."""
    first = way[0]
    if first.__class__ is str and first[0] == "$":
        return meta.get(first)
    return _down(body, way)


def split_each(path: Path) -> tuple[tuple[str | int, ...], tuple[tuple[str | int, ...], ...]] | None:
    """Return the way to the items that all ways of a path go through (to their last ``[]``), and what follows in each.

    None where a way has no ``[]``, or goes through other items.
    """
    heads, tails = set(), []
    for way in path.ways:
        if EACH not in way:
            return None
        at = len(way) - way[::-1].index(EACH)
        heads.add(way[: at - 1])
        tails.append(way[at:])
    return (heads.pop(), tuple(tails)) if len(heads) == 1 else None


def items_at(way: tuple[str | int, ...], body: Any) -> list[Any]:
    """Return the items of every list that a way leads to."""
    lists = [body]
    for part in way:
        if part == EACH:
            lists = [item for one in lists if isinstance(one, list) for item in one]
        else:
            lists = [_down(one, (part,)) for one in lists]
    return [item for one in lists if isinstance(one, list) for item in one]


def below(item: Any, way: tuple[str | int, ...]) -> Any:
    """Return what stands below an item of a list."""
    return _down(item, way) if way else item


def _down(value: Any, way: tuple[str | int, ...]) -> Any:
    for index, part in enumerate(way):
        if part.__class__ is str and part != EACH:
            if value.__class__ is not dict:
                return None
            value = value.get(part)
        elif part == EACH:
            if not isinstance(value, list):
                return None
            rest = way[index + 1 :]
            found = [inner for item in value for inner in _spread(_down(item, rest), rest)]
            return found or None
        elif isinstance(value, list):
            value = value[part] if part < len(value) else None  # type: ignore[operator,index]
        else:
            value = value.get(str(part)) if isinstance(value, dict) else None
        if value is None:
            return None
    return value


def _spread(value: Any, rest: tuple[str | int, ...]) -> list[Any]:
    if value is None:
        return []
    return value if EACH in rest and isinstance(value, list) else [value]
