"""Fields of events and the types of their values, as contracts write them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from canonry.contract.language.field_types import is_filled, is_rfc3339

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ID = re.compile(r"(^|[_-])(id|uuid|guid|key)$|[a-z](Id|ID|Uuid|Key)$")
_DEEPEST = 6
_SURE = 5


def flatten(event: dict[str, Any]) -> dict[str, Any]:
    """Return what stands at each path of an event, objects too. Null is absent; keys that are no words are left out."""
    return dict(_down(event, "", 0))


def _down(value: dict[str, Any], above: str, depth: int) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if inner is None or not _KEY.fullmatch(key):
            continue
        path = f"{above}.{key}" if above else key
        yield path, inner
        if isinstance(inner, dict) and depth < _DEEPEST:
            yield from _down(inner, path, depth + 1)


def is_scalar(value: Any) -> bool:
    """Whether a value can be a key: a text or a whole number."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def is_id_name(path: str) -> bool:
    """Whether the last key of a path is called as ids are."""
    return _ID.search(path.rpartition(".")[2]) is not None


def plain_name(path: str) -> str:
    """What a path names, however it is spelled: ``item.id``, ``item_id`` and ``itemId`` are one."""
    parts = path.split(".")
    last = parts[-1] if parts[-1].lower() not in ("id", "uuid", "key") or len(parts) == 1 else "".join(parts[-2:])
    return re.sub(r"[^a-z0-9]", "", last.lower())


def type_of(values: Iterable[Any], path: str, *, piece: bool = False) -> str:
    """Return the narrowest type that all values have; a ``piece`` of a text may be empty."""
    seen = list(values)
    found = {_word(value) for value in seen}
    if found == {"str"}:
        if is_id_name(path) and all(seen):
            return "id"
        if all(is_rfc3339(value) for value in seen):
            return "rfc3339"
        return "text" if len(seen) >= _SURE and not piece and all(value.strip() for value in seen) else "str"
    if found == {"int"}:
        return "id" if is_id_name(path) else "int"
    if found <= {"int", "number"}:
        return "number"
    if found == {"str", "int"} and is_id_name(path) and all(value != "" for value in seen):
        return "id"
    if len(found) > 2:
        return "filled" if all(map(is_filled, seen)) else "any"
    return "|".join(sorted(found))


def _word(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "number"
        case str():
            return "str"
        case dict():
            return "object"
        case _:
            return "list"
