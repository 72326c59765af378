"""What each item of a list has to have, as one question."""

from collections.abc import Callable
from typing import Any

from canonry.contract.language.field_types import WORDS, FieldKind
from canonry.contract.language.paths import EACH, below

Tails = tuple[tuple[str | int, ...], ...]
"""Ways on from an item, one of which leads to what it has to have."""


def item_holds(item: Any, tails: Tails, kind: FieldKind) -> bool:
    """Whether an item has, at one of several ways, what it has to have; of ``one`` exactly at one of them."""
    there = [value for tail in tails if (value := below(item, tail)) is not None]
    if not there:
        return kind.holds(None)
    return len(there) == 1 if kind.words == ("one",) else any(kind.holds(value) for value in there)


def item_test(tails: Tails, kind: FieldKind) -> Callable[[Any], bool]:
    """Return `item_holds` for these ways, as a function that is quick where each is one key."""
    keys = [tail[0] for tail in tails if len(tail) == 1 and isinstance(tail[0], str) and tail[0] != EACH]
    absent = kind.holds(None)
    if len(keys) != len(tails) or (len(keys) > 1 and kind.words != ("one",)):
        return lambda item: item_holds(item, tails, kind)
    if kind.words == ("one",):
        return lambda item: _is_one(item, keys, absent=absent)
    (name,) = keys
    holds = WORDS[kind.words[0]] if len(kind.words) == 1 and not kind.values else kind.holds

    def test(item: Any) -> bool:
        value = item.get(name) if item.__class__ is dict else None
        return absent if value is None else holds(value)

    return test


def _is_one(item: Any, keys: list[str], *, absent: bool) -> bool:
    """Whether an item has one of these keys; ``absent`` where it has none."""
    if item.__class__ is not dict:
        return absent
    found = 0
    for key in keys:
        if key in item and item[key] is not None:
            found += 1
    return found == 1 if found else absent
