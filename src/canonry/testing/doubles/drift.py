"""Hand-written stand-ins beside the real interface."""

import functools
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from canonry.testing.doubles.errors import DoubleError, DriftError
from canonry.testing.doubles.interface import interface_of_instances
from canonry.testing.doubles.members import Kind, Member, flow_of, lines, signature_of
from canonry.testing.doubles.mocks import made_of
from canonry.testing.doubles.real import address, is_mock, label, nearest, resolve
from canonry.testing.doubles.record import caller, note
from canonry.testing.doubles.signatures import difference, refused_call, show
from canonry.testing.doubles.values import is_constant

_Fake = TypeVar("_Fake", bound=type)
_PROTOCOLS = frozenset(
    "__call__ __enter__ __exit__ __aenter__ __aexit__ __iter__ __next__ __aiter__ __anext__ __await__ __len__ "
    "__getitem__ __setitem__ __delitem__ __contains__".split()
)


class StandIn(NamedTuple):
    """A hand-written class, what it stands for, the names that are its own, and where it is declared."""

    fake: type
    real: Any
    extra: frozenset[str] = frozenset()
    whole: bool = False
    path: str = ""
    line: int = 0


_STAND_INS: dict[str, StandIn] = {}


def stands_in_for(real: Any, /, *, extra: tuple[str, ...] = (), whole: bool = False) -> Callable[[_Fake], _Fake]:
    """Ties a hand-written class to the real one (or its name); making one raises `DriftError` once they differ.

    Every public name of the class must be there in the real one, of the same kind, with the same parameters;
    ``extra`` names those that are only for tests. ``whole=True`` demands every public name of the real one.
    """
    path, line = caller()

    def tie(fake: _Fake) -> _Fake:
        stand_in = StandIn(fake, real, frozenset(extra), whole, path, line)
        _STAND_INS[address(fake)] = stand_in
        fake.__stands_in_for__ = stand_in  # type: ignore[attr-defined]
        _check_when_made(fake, stand_in)
        note("hand-written", real if isinstance(real, str) else address(real))
        return fake

    return tie


def stand_ins() -> tuple[StandIn, ...]:
    """All that were tied and are still there under their names."""
    return tuple(_STAND_INS.values())


def untie(fake: type) -> None:
    """Takes back `stands_in_for` for the check of all; the class itself still compares itself when it is made."""
    _STAND_INS.pop(address(fake), None)


def stand_in_of(fake: type) -> Any:
    """The real thing that a class was tied to, or None."""
    tied = getattr(fake, "__stands_in_for__", None)
    return resolve(tied.real) if isinstance(tied, StandIn) else None


def drift_of(stand_in: StandIn) -> list[str]:
    """A sentence for each difference of a hand-written class from the real one."""
    where = f" ({stand_in.path}:{stand_in.line})" if stand_in.path else ""
    try:
        real = resolve(stand_in.real)
    except DoubleError as error:
        return [f"`{label(stand_in.fake)}`{where} stands for nothing: {error}"]
    if not isinstance(real, type):
        return [f"`{label(stand_in.fake)}`{where} is to stand for `{label(real)}`, which is no class"]
    return [sentence + where for sentence in _differences(stand_in, real)]


def compare_override(fake: type, real: type) -> list[str]:
    """The same for a class that says what it stands for by inheriting from it: its methods alone are compared."""
    own = [name for name, value in vars(fake).items() if isinstance(value, _FUNCTIONS)]
    stand_in = StandIn(fake, real, frozenset(vars(fake)) - set(own))
    return list(_differences(stand_in, real, names=own))


def agree(old: Any, new: Any, *, where: str) -> None:
    """Raises where a value may not take the place of another."""
    if is_mock(new):
        if (
            not hasattr(type(new), "_canonry_default")
            and "_canonry_label" not in new.__dict__
            and ("_canonry_interface" not in new.__dict__)
        ):
            raise DoubleError(
                f"`{where}` is to be a mock that nothing constrains; `patch` makes one that is constrained"
            )
        real = old if isinstance(old, (type, types.ModuleType)) or callable(old) else type(old)
        if made_of(new) not in (address(real), label(real)):
            raise DriftError(f"`{where}` is `{label(real)}`, the double in its place stands for `{made_of(new)}`")
    elif isinstance(old, type) or isinstance(new, type):
        _agree_classes(old, new, where)
    elif callable(old):
        _agree_functions(old, new, where)
    elif old is not None and not isinstance(new, type(old)):
        if is_constant(old) or is_constant(new):
            raise DoubleError(f"`{where}` is of type `{label(type(old))}`, {new!r} is not")
        _agree_classes(type(old), type(new), where)


def _agree_classes(old: Any, new: Any, where: str) -> None:
    if not (isinstance(old, type) and isinstance(new, type)):
        raise DoubleError(f"`{where}` is {_what(old)}, the replacement is {_what(new)}")
    if issubclass(new, old):
        return
    tied = getattr(new, "__stands_in_for__", None)
    extra = tied.extra if isinstance(tied, StandIn) else frozenset[str]()
    found = list(_differences(StandIn(new, old, extra), old))
    if found:
        raise DriftError("; ".join(found))


def _agree_functions(old: Any, new: Any, where: str) -> None:
    if not callable(new):
        raise DoubleError(f"`{where}` is a function, the replacement is {_what(new)}")
    if flow_of(old) is not flow_of(new):
        raise DriftError(f"`{where}` is {flow_of(old).value}, the replacement is {flow_of(new).value}")
    real, ours = signature_of(old), signature_of(new)
    why = refused_call(real, ours) if real is not None and ours is not None else ""
    if why:
        raise DriftError(f"the replacement of `{where}` takes {show(ours)}, the real one {show(real)}: {why}")


def _what(thing: Any) -> str:
    if isinstance(thing, type):
        return f"the class `{label(thing)}`"
    return "a function" if callable(thing) else f"a `{label(type(thing))}`"


_FUNCTIONS = (types.FunctionType, staticmethod, classmethod, functools.partialmethod)


def _differences(stand_in: StandIn, real: type, names: list[str] | None = None) -> Iterator[str]:
    fake, theirs = stand_in.fake, interface_of_instances(real)
    ours = interface_of_instances(fake)
    shared = frozenset(name for each in lines(fake) if each in lines(real) for name in vars(each))
    for name in ours if names is None else names:
        if name in stand_in.extra or (name[:1] == "_" and name not in _PROTOCOLS):
            continue
        if names is None and name in shared and name not in vars(fake):
            continue
        one, other = ours.get(name), theirs.get(name)
        if one is None:
            continue
        if other is None:
            if not theirs.is_open:
                yield (
                    f"`{label(fake)}.{name}{_parameters(one)}` stands for nothing: `{label(real)}` has no `{name}`"
                    f"{_replaced_by(name, one, theirs)}"
                )
            continue
        yield from _difference(f"{label(fake)}.{name}", one, f"{label(real)}.{name}", other)
    if stand_in.whole:
        for name in theirs:
            if name[:1] != "_" and ours.get(name) is None:
                yield f"`{label(fake)}` lacks `{name}`, which `{label(real)}` has"


def _replaced_by(name: str, one: Member, theirs: Any) -> str:
    """``; did you mean `send_message(data)`?`` for the name that comes nearest."""
    hint = nearest(name, theirs)
    found = theirs.get(hint.split("`")[1]) if hint else None
    return hint.replace("`?", f"{_parameters(found)}`?") if found is not None else ""


def _difference(our_name: str, one: Member, their_name: str, other: Member) -> Iterator[str]:
    if one.kind is not other.kind:
        if not {one.kind, other.kind} <= {Kind.DATA, Kind.PROPERTY}:
            yield f"`{our_name}` is a {one.kind.value}, the real `{their_name}` a {other.kind.value}"
        return
    if not one.kind.is_called:
        return
    here, there = f"`{our_name}{_parameters(one)}`", f"the real `{their_name}{_parameters(other)}`"
    if one.flow is not other.flow:
        yield f"{here} is {one.flow.value}, {there} is {other.flow.value}"
        return
    ours, theirs = one.signature, other.signature
    why = difference(theirs, ours) if ours is not None and theirs is not None else ""
    if why:
        yield f"{here} is not {there}: {why}"


def _parameters(member: Member) -> str:
    return show(member.signature) if member.kind.is_called else ""


def _check_when_made(fake: type, stand_in: StandIn) -> None:
    """Makes the class compare itself with the real one when the first object of it is made."""
    inner: Any = fake.__init__  # type: ignore[misc]
    checked: list[bool] = []

    @functools.wraps(inner)
    def __init__(self: Any, /, *arguments: Any, **named: Any) -> None:  # noqa: N807
        if not checked:
            found = drift_of(stand_in)
            if found:
                raise DriftError("; ".join(found))
            checked.append(True)
        if inner is object.__init__ and "__new__" in {name for each in lines(fake) for name in vars(each)}:
            return
        inner(self, *arguments, **named)

    fake.__init__ = __init__  # type: ignore[misc]
