"""Laws: a double accepts what the real thing accepts, and a stand-in is accepted that accepts every real call."""

import functools
import inspect
import keyword
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from canonry.testing.doubles import SSotMockFactory
from canonry.testing.doubles.signatures import difference, refused_call

_P = inspect.Parameter
NAMES = ("a", "b", "c", "d")


@st.composite
def signatures(draw: st.DrawFn) -> inspect.Signature:
    names = draw(st.permutations(NAMES))[: draw(st.integers(0, 4))]
    kinds = sorted(
        draw(st.sampled_from((_P.POSITIONAL_ONLY, _P.POSITIONAL_OR_KEYWORD, _P.KEYWORD_ONLY))) for _ in names
    )
    parameters, optional = [], False
    for name, kind in zip(names, kinds, strict=True):
        has_default = draw(st.booleans())
        if kind is not _P.KEYWORD_ONLY:
            optional = has_default = optional or has_default
        parameters.append(_P(name, kind, default=1 if has_default else _P.empty))
    if draw(st.booleans()):
        place = sum(each.kind is not _P.KEYWORD_ONLY for each in parameters)
        parameters.insert(place, _P("rest", _P.VAR_POSITIONAL))
    if draw(st.booleans()):
        parameters.append(_P("more", _P.VAR_KEYWORD))
    return inspect.Signature(parameters)


calls = st.tuples(
    st.lists(st.integers(0, 2), max_size=5),
    st.dictionaries(st.sampled_from((*NAMES, "e")), st.integers(0, 2), max_size=4),
)


def function(signature: inspect.Signature, *, first: str = "") -> Any:
    """A real function of that signature, compiled."""
    assert not any(keyword.iskeyword(name) for name in signature.parameters)
    inner = str(signature)[1:-1]
    space: dict[str, Any] = {}
    positional = f"{first}, " if first and inner else first
    if first and inner.startswith(tuple(NAMES)) and "/" in inner:
        positional = f"{first}, "
    exec(f"def real({positional}{inner}): return 'real'", space)
    return space["real"]


def accepts(signature: inspect.Signature, call: tuple[list[int], dict[str, int]]) -> bool:
    try:
        signature.bind(*call[0], **call[1])
    except TypeError:
        return False
    return True


def is_accepted(double: Any, call: tuple[list[int], dict[str, int]]) -> bool:
    try:
        double(*call[0], **call[1])
    except TypeError:
        return False
    return True


@given(signatures(), st.lists(calls, min_size=1, max_size=8))
def test_a_function_double_accepts_just_what_the_function_accepts(
    signature: inspect.Signature, some: list[tuple[list[int], dict[str, int]]]
) -> None:
    real = function(signature)
    double = SSotMockFactory().function(real, 1)

    assert [is_accepted(double, call) for call in some] == [accepts(inspect.signature(real), call) for call in some]


@given(signatures(), st.lists(calls, min_size=1, max_size=8))
def test_a_method_double_accepts_just_what_the_method_accepts(
    signature: inspect.Signature, some: list[tuple[list[int], dict[str, int]]]
) -> None:
    real = type("Real", (), {"work": function(signature, first="self"), "alike": staticmethod(function(signature))})
    double = SSotMockFactory().create(real)

    expected = [accepts(inspect.signature(real().work), call) for call in some]
    assert [is_accepted(double.work, call) for call in some] == expected
    assert [is_accepted(double.alike, call) for call in some] == expected


@given(signatures(), st.data())
def test_a_partial_double_accepts_just_what_the_partial_accepts(
    signature: inspect.Signature, data: st.DataObject
) -> None:
    real = function(signature)
    named = {name: 1 for name, each in signature.parameters.items() if each.kind is _P.KEYWORD_ONLY}
    partial = functools.partial(real, **named)
    double = SSotMockFactory().function(partial, 1)
    call = data.draw(calls)

    assert is_accepted(double, call) == accepts(inspect.signature(partial), call)


@given(signatures(), signatures(), st.lists(calls, min_size=1, max_size=30))
def test_a_stand_in_that_is_not_refused_accepts_every_real_call(
    real: inspect.Signature, stand_in: inspect.Signature, some: list[tuple[list[int], dict[str, int]]]
) -> None:
    if not refused_call(real, stand_in):
        assert [call for call in some if accepts(real, call) and not accepts(stand_in, call)] == []


def every_call(limit: int = 5) -> list[tuple[list[int], dict[str, int]]]:
    """All calls with up to so many positions and any of the names."""
    names = [[name for number, name in enumerate((*NAMES, "e")) if mask >> number & 1] for mask in range(32)]
    return [([0] * count, dict.fromkeys(chosen, 0)) for count in range(limit + 1) for chosen in names]


EVERY = every_call()


@given(signatures(), signatures())
def test_a_stand_in_is_refused_only_for_a_call_that_it_refuses(
    real: inspect.Signature, stand_in: inspect.Signature
) -> None:
    """The calls are all of five positions and five names, one more than any signature has."""
    lacking = any(accepts(real, call) and not accepts(stand_in, call) for call in EVERY)
    assert bool(refused_call(real, stand_in)) == lacking


@given(signatures())
def test_a_signature_differs_not_from_itself_and_stands_in_for_itself(signature: inspect.Signature) -> None:
    assert (refused_call(signature, signature), difference(signature, signature)) == ("", "")


@given(signatures(), signatures())
def test_signatures_without_a_difference_accept_the_same_calls(
    one: inspect.Signature, other: inspect.Signature
) -> None:
    if not difference(one, other):
        assert [accepts(one, call) for call in EVERY] == [accepts(other, call) for call in EVERY]
