"""Signatures beside each other: what a stand-in would refuse, and where two are not the same."""

import inspect
from collections.abc import Iterator

_POSITIONAL_ONLY, _EITHER = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
_REST, _KEYWORD_ONLY, _KEYWORDS = (
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)
_BY_POSITION = (_POSITIONAL_ONLY, _EITHER)
_WORDS = {
    _POSITIONAL_ONLY: "positional only",
    _EITHER: "positional or by name",
    _REST: "any further positions",
    _KEYWORD_ONLY: "by name only",
    _KEYWORDS: "any further names",
}


def show(signature: inspect.Signature | None) -> str:
    """The parameters without their annotations."""
    if signature is None:
        return "(...)"
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return str(inspect.Signature(bare))


def refused_call(real: inspect.Signature, stand_in: inspect.Signature) -> str:
    """Why some call that ``real`` accepts is refused by ``stand_in``; empty where every one is accepted."""
    return next(_refusals(real, stand_in), "")


def difference(real: inspect.Signature, fake: inspect.Signature) -> str:
    """How two signatures differ in parameters, kinds and defaults; empty where not at all. Annotations do not count."""
    theirs, ours = list(real.parameters.values()), list(fake.parameters.values())
    for number, one in enumerate(theirs):
        other = ours[number] if number < len(ours) else None
        if other is None or (other.name != one.name and one.kind not in (_REST, _KEYWORDS)):
            return f"`{one.name}` is missing" if one.name not in fake.parameters else f"`{one.name}` stands elsewhere"
        if other.kind is not one.kind:
            return f"`{one.name}` is taken {_WORDS[one.kind]}, not {_WORDS[other.kind]}"
        if not _same_default(one.default, other.default):
            return f"the default of `{one.name}` is {_default(one)}, not {_default(other)}"
    if len(ours) > len(theirs):
        return f"`{ours[len(theirs)].name}` is not among the real parameters"
    return ""


def _refusals(real: inspect.Signature, stand_in: inspect.Signature) -> Iterator[str]:
    theirs, ours = list(real.parameters.values()), list(stand_in.parameters.values())
    rest, keywords = (any(each.kind is kind for each in ours) for kind in (_REST, _KEYWORDS))
    slots = [each for each in ours if each.kind in _BY_POSITION]
    named = {each.name: each for each in ours if each.kind in (_EITHER, _KEYWORD_ONLY)}
    met: set[str] = set()
    for position, one in enumerate(theirs):
        if one.kind is _REST and not rest:
            yield f"it takes no further positions (`*{one.name}`)"
        elif one.kind is _KEYWORDS and not keywords:
            yield f"it takes no further names (`**{one.name}`)"
        optional = one.default is not inspect.Parameter.empty
        if one.kind in _BY_POSITION:
            slot = slots[position] if position < len(slots) else None
            if slot is None and not rest:
                yield f"it takes no `{one.name}` at position {position + 1}"
            if slot is not None:
                met.add(slot.name)
                if optional and slot.default is inspect.Parameter.empty:
                    yield f"`{slot.name}` has no default"
        if one.kind in (_EITHER, _KEYWORD_ONLY):
            yield from _by_name(one, position, named, slots, keywords=keywords)
            met.add(one.name)
    for each in ours:
        if each.kind not in (_REST, _KEYWORDS) and each.default is inspect.Parameter.empty and each.name not in met:
            yield f"it demands `{each.name}`, which the real one does not know"


def _by_name(
    one: inspect.Parameter,
    position: int,
    named: dict[str, inspect.Parameter],
    slots: list[inspect.Parameter],
    *,
    keywords: bool,
) -> Iterator[str]:
    """What a stand-in has against a parameter that is given by its name."""
    other = named.get(one.name)
    if other is None:
        if not keywords:
            yield f"it does not take `{one.name}` by name"
        elif one.kind is _EITHER and position < len(slots) and slots[position].default is inspect.Parameter.empty:
            yield f"it wants `{slots[position].name}` by position, where `{one.name}` may come by name"
        return
    if one.kind is _EITHER and other.kind is _EITHER and slots.index(other) != position:
        yield f"`{one.name}` stands elsewhere"
    if one.default is not inspect.Parameter.empty and other.default is inspect.Parameter.empty:
        yield f"`{one.name}` has no default"
    if one.kind is _EITHER and other.kind is _KEYWORD_ONLY and position < len(slots):
        yield f"`{one.name}` is taken by name only"


def _same_default(one: object, other: object) -> bool:
    if one is other:
        return True
    if inspect.Parameter.empty in (one, other):
        return False
    if type(one) is not type(other):
        return False
    try:
        return bool(one == other) or not isinstance(one, (str, bytes, int, float, complex, tuple, frozenset))
    except (TypeError, ValueError):
        return True


def _default(parameter: inspect.Parameter) -> str:
    return "absent" if parameter.default is inspect.Parameter.empty else f"`{parameter.default!r}`"
