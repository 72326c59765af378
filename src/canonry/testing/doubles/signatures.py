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
_BY_NAME = (_EITHER, _KEYWORD_ONLY)
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
    """Tries, for each count of positions, the least call, and the least with one name more; that is enough.

    A call is refused for its count of positions, for one name that it gives, or for a parameter that it lacks, which
    the least call lacks, too.
    """
    slots = [each.name for each in real.parameters.values() if each.kind in _BY_POSITION]
    most = 1 + max(sum(each.kind in _BY_POSITION for each in one.parameters.values()) for one in (real, stand_in))
    for count in range(most + 1):
        given = [None] * count
        required = [
            each.name
            for each in real.parameters.values()
            if each.default is inspect.Parameter.empty and each.kind in _BY_NAME and each.name not in slots[:count]
        ]
        least = dict.fromkeys(required)
        for name in (None, *real.parameters, *stand_in.parameters, "_any"):
            named = least if name is None else least | {name: None}
            if _refusal(real, given, named) is None:
                why = _refusal(stand_in, given, named)
                if why is not None:
                    shown = [*(slots[:count] + ["_"] * (count - len(slots))), *(f"{each}=..." for each in named)]
                    yield f"it refuses `({', '.join(shown)})`, {why}"


def _refusal(signature: inspect.Signature, given: list[None], named: dict[str, None]) -> str | None:
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        return str(error)
    return None


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
