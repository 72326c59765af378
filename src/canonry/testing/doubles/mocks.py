"""The doubles themselves: mocks of `unittest.mock` that keep to an `Interface`."""

import contextlib
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from canonry.testing.doubles.answers import Each, Returns, is_exception, is_function
from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.interface import (
    Interface,
    extended,
    interface_of_class,
    interface_of_instances,
    interface_of_module,
    interface_of_object,
)
from canonry.testing.doubles.members import Flow, Kind, Member, flow_of, innermost, signature_of
from canonry.testing.doubles.real import address, is_mock, label
from canonry.testing.doubles.signatures import refused_call, show
from canonry.testing.doubles.values import NOTHING, Unconfigured, is_constant, promised

_ENTER = ("__enter__", "__aenter__")
_ASYNC_MAGICS = ("__aenter__", "__aexit__", "__anext__")


class _Called:
    """What the doubles of functions share: a signature that is checked, and answers that flow as the real ones do."""

    _canonry_label: str
    _canonry_signature: inspect.Signature | None
    _canonry_flow: Flow
    _canonry_default: Callable[[], Any]

    def __call__(self, /, *arguments: Any, **named: Any) -> Any:
        signature = self._canonry_signature
        if signature is not None:
            try:
                signature.bind(*arguments, **named)
            except TypeError as error:
                raise TypeError(f"`{self._canonry_label}` takes {show(signature)}: {error}") from None
        answer = super().__call__(*arguments, **named)  # type: ignore[misc]
        flow = self._canonry_flow
        return answer if flow is Flow.PLAIN or flow is Flow.ASYNC else _flowing(answer, flow)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "side_effect" and is_function(value) and "_canonry_signature" in self.__dict__:
            _check_stand_in(self, value)
        super().__setattr__(name, value)

    def _get_child_mock(self, /, **named: Any) -> Any:
        if named.get("_new_name") == "()" and "_canonry_default" in self.__dict__:
            return self._canonry_default()
        return super()._get_child_mock(**named)  # type: ignore[misc]

    def __repr__(self) -> str:
        return f"<double of {self._canonry_label}>"


class FunctionDouble(_Called, mock.Mock):
    """The double of a function or method."""


class AsyncFunctionDouble(_Called, mock.AsyncMock):
    """The double of a coroutine function; what it does happens when it is awaited."""


class _Shaped:
    """What the doubles of things with attributes share: an interface, and members that are made when asked for."""

    _canonry_interface: Interface
    _canonry_wrapped: Any

    def __getattr__(self, name: str) -> Any:
        interface: Interface | None = self.__dict__.get("_canonry_interface")
        if interface is None or (name[:2] == "__" and name not in interface.members):
            return super().__getattr__(name)  # type: ignore[misc]
        if name in self.__dict__["_mock_children"]:
            return self.__dict__["_mock_children"][name]
        found = interface.get(name)
        if found is None:
            raise AttributeError(interface.missing(name))
        return _make_member(self, found)

    def __setattr__(self, name: str, value: Any) -> None:
        interface: Interface | None = self.__dict__.get("_canonry_interface")
        own = name[:9] == "_canonry_" or name[:2] == "__" or name[:6] == "_mock_"
        if interface is None or own or (name not in interface.members and hasattr(type(self), name)):
            super().__setattr__(name, value)
            return
        found = interface.get(name)
        if found is None:
            raise AttributeError(interface.missing(name))
        if isinstance(value, (_Called, _Shaped)):
            super().__setattr__(name, value)
        elif self._canonry_wrapped is not None:
            setattr(self._canonry_wrapped, name, value)
        else:
            configure(self, name, value)

    def _get_child_mock(self, /, **named: Any) -> Any:
        name = named.get("_new_name") or ""
        if name[:2] == "__":
            return mock.AsyncMock(**named) if name in _ASYNC_MAGICS else mock.MagicMock(**named)
        return super()._get_child_mock(**named)  # type: ignore[misc]

    def __dir__(self) -> list[str]:
        return sorted({*self._canonry_interface, *object.__dir__(self)})

    def __repr__(self) -> str:
        return f"<double of {self._canonry_interface.label}>"


class _Instance(_Shaped):
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        interface = self.__dict__.get("_canonry_interface")
        return type(self) if interface is None else interface.real


class ObjectDouble(_Instance, mock.NonCallableMagicMock):
    """The double of an instance."""


class CallableDouble(_Instance, _Called, mock.MagicMock):
    """The double of an instance that one calls."""


class AsyncCallableDouble(_Instance, _Called, mock.AsyncMock):
    """The double of an instance that one calls and awaits."""


class ClassDouble(_Shaped, _Called, mock.Mock):
    """The double of a class. Calling it gives its `return_value`, the double of an instance."""


class ModuleDouble(_Shaped, mock.NonCallableMock):
    """The double of a module."""


# making -------------------------------------------------------------------------------------------------------------


def double_of(real: Any, names: dict[str, Any] | None = None) -> Any:
    """The double that suits a real thing: an instance of a class, a function, a module, something like an object."""
    if isinstance(real, types.ModuleType):
        return _shaped(ModuleDouble, interface_of_module(real))
    if isinstance(real, type):
        interface = interface_of_instances(real)
        if names is not None:
            interface = _opened(interface, names)
        return instance_double(interface)
    if is_function(real) or isinstance(real, (types.MethodDescriptorType, types.WrapperDescriptorType)):
        return function_double(real)
    if callable(real) and hasattr(real, "__wrapped__"):  # a cached function
        return function_double(real)
    return instance_double(interface_of_object(real))


def instance_double(interface: Interface, *, wrapped: Any = None) -> Any:
    """A double that keeps to an interface of instances; ``wrapped`` is a real object that calls go through to."""
    call = interface.members.get("__call__")
    if call is None:
        return _shaped(ObjectDouble, interface, wrapped=wrapped)
    kind = AsyncCallableDouble if call.flow is Flow.ASYNC else CallableDouble
    made = _shaped(kind, interface, wrapped=wrapped)
    _give_call(made, f"{interface.label}.__call__", call.signature, call.flow, lambda: _answer(made, call))
    if wrapped is not None:
        mock.NonCallableMock.__setattr__(made, "side_effect", wrapped)
    return made


def class_double(real: type) -> Any:
    """The double of a class as such."""
    made = _shaped(ClassDouble, interface_of_class(real))
    signature = signature_of(real)
    _give_call(made, label(real), signature, Flow.PLAIN, lambda: double_of(real))
    return made


def function_double(
    function: Any,
    *,
    name: str = "",
    signature: inspect.Signature | None = None,
    default: Callable[[], Any] | None = None,
) -> Any:
    """The double of a function, or of a member with its own signature."""
    name = name or label(function)
    flow = flow_of(function)
    signature = signature or signature_of(function)
    kind = AsyncFunctionDouble if flow is Flow.ASYNC else FunctionDouble
    made = kind(spec=_shadow(signature)) if signature is not None else kind(spec=_unknown)
    made.__name__ = name.rpartition(".")[2]
    _give_call(made, name, signature, flow, default or (lambda: _default_of(function, name)))
    return made


def _give_call(made: Any, name: str, signature: Any, flow: Flow, default: Callable[[], Any]) -> None:
    space = made.__dict__
    space["_canonry_label"], space["_canonry_signature"], space["_canonry_flow"] = name, signature, flow
    space["_canonry_default"] = default
    if signature is not None:
        type(made).__signature__ = signature


def _unknown(*arguments: Any, **named: Any) -> None:
    """Stands for a function whose parameters nobody tells."""


def _shadow(signature: inspect.Signature) -> Callable[..., Any]:
    """A function that has this signature, so that `assert_called_with` knows positions from names."""

    def shadow(*arguments: Any, **named: Any) -> None: ...

    shadow.__signature__ = signature  # type: ignore[attr-defined]
    return shadow


def _shaped(kind: Any, interface: Interface, *, wrapped: Any = None) -> Any:
    made = kind(spec=interface.names, unsafe=True)
    made.__dict__["_canonry_wrapped"] = wrapped
    made.__dict__["_canonry_interface"] = interface
    for name in interface.names if wrapped is not None else _ENTER:
        found = interface.members.get(name)
        if found is None or name[:2] != "__" or name not in type(made).__dict__:
            continue
        if wrapped is not None:
            getattr(made, name).side_effect = getattr(wrapped, name)
        else:
            given = _answer(made, found)
            getattr(made, name).return_value = made if isinstance(given, Unconfigured) else given
    return made


def _opened(interface: Interface, names: dict[str, Any]) -> Interface:
    if not interface.is_open:
        raise DoubleError(f"`{interface.label}` has no `__getattr__`: it answers to no name that it does not declare")
    return extended(interface, names)


# members ------------------------------------------------------------------------------------------------------------


def _make_member(double: Any, member: Member) -> Any:
    """Makes a member of a double, once."""
    interface: Interface = double._canonry_interface
    wrapped = double._canonry_wrapped
    name = f"{interface.label}.{member.name}"
    if member.kind.is_called:
        made = function_double(
            member.function, name=name, signature=member.signature, default=lambda: _answer(double, member)
        )
        if wrapped is not None:
            mock.NonCallableMock.__setattr__(made, "side_effect", getattr(wrapped, member.name))
    elif wrapped is not None:
        return getattr(wrapped, member.name)
    elif member.kind is Kind.TYPE:
        made = class_double(member.value)
    else:
        value = _answer(double, member)
        double.__dict__[member.name] = value
        return value
    made.__dict__["_mock_name"] = None
    double.attach_mock(made, member.name)
    return made


def _answer(double: Any, member: Member) -> Any:
    """What a member gives before anybody configured it."""
    interface: Interface = double._canonry_interface
    if member.kind is Kind.DATA and is_constant(member.value):
        declared = member.name in getattr(member.owner, "__dict__", {})
        if member.value is not None or (declared and not member.annotation):
            return member.value
    annotation: Any = NOTHING if member.annotation is None else member.annotation
    if member.function is not None:
        annotation = _return_annotation(member.function)
    scope = member.function or member.owner
    if member.function is not None:
        scope = innermost(scope)
    value = promised(annotation, scope=scope, owner=interface.real, itself=double, nested=double_of)
    return Unconfigured(f"{interface.label}.{member.name}") if value is NOTHING else value


def _default_of(function: Any, name: str) -> Any:
    annotation = _return_annotation(function)
    value = promised(annotation, scope=innermost(function), owner=None, itself=None, nested=double_of)
    return Unconfigured(name) if value is NOTHING else value


def _return_annotation(function: Any) -> Any:
    """What a function says it returns; `NOTHING` where it says nothing, which is not the same as None."""
    notes = getattr(innermost(function), "__annotations__", None)
    if not isinstance(notes, dict):
        notes = {}
    found = notes.get("return", NOTHING)
    if found is NOTHING and flow_of(function) in (Flow.GENERATOR, Flow.ASYNC_GENERATOR):
        return tuple
    if flow_of(function) in (Flow.CONTEXT, Flow.ASYNC_CONTEXT):
        arguments = getattr(found, "__args__", ())
        return arguments[0] if arguments else NOTHING
    return found


# configuring --------------------------------------------------------------------------------------------------------


def configure(double: Any, name: str, answer: Any) -> None:
    """Says what a member answers: a value, a function, an exception, `each` or `returns`."""
    interface: Interface = double._canonry_interface
    member = interface.get(name)
    if member is None:
        if isinstance(double, ClassDouble) and interface_of_instances(interface.real).get(name) is not None:
            configure(double.return_value, name, answer)
            return
        raise DoubleError(f"{interface.missing(name)}: nothing can be configured for it")
    if isinstance(double, ClassDouble) and member.kind in (Kind.METHOD, Kind.PROPERTY):
        configure(double.return_value, name, answer)
        return
    where = f"{interface.label}.{name}"
    if is_mock(answer) and not isinstance(answer, (_Called, _Shaped)):
        raise DoubleError(
            f"`{where}` is to be a mock that nothing constrains; give a value, or let the factory make it"
        )
    if member.kind.is_called:
        answer_with(double if name == "__call__" else getattr(double, name), answer, where=where)
    elif member.kind is Kind.TYPE:
        raise DoubleError(f"`{where}` is a class; configure its `return_value`")
    elif is_exception(answer):
        setattr(type(double), name, property(_raising(answer)))
    else:
        double.__dict__[name] = answer.value if isinstance(answer, Returns) else answer


def answer_with(called: Any, answer: Any, *, where: str) -> None:
    """Says what the double of a function answers."""
    if isinstance(called, _Shaped) and not isinstance(called, _Called):
        raise DoubleError(f"`{where}` is nothing that one calls")
    if isinstance(answer, Each):
        called.side_effect = _Turns(answer, where)
    elif isinstance(answer, Returns):
        called.return_value = answer.value
    elif isinstance(answer, mock.NonCallableMock) and not isinstance(answer, (_Called, _Shaped)):
        raise DoubleError(f"`{where}` is to answer a mock that nothing constrains; let the factory make it")
    elif is_exception(answer) or is_function(answer):
        called.side_effect = answer
    else:
        called.return_value = answer


class _Turns:
    """A side effect that gives one answer after the other."""

    def __init__(self, answers: Each, where: str) -> None:
        self._left: Iterator[Any] = iter(answers.answers)
        self._where, self._count = where, len(answers.answers)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        try:
            answer = next(self._left)
        except StopIteration:
            raise DoubleError(f"`{self._where}` is called once more than its {self._count} answers") from None
        if is_exception(answer):
            raise answer
        return answer.value if isinstance(answer, Returns) else answer


def _raising(error: Any) -> Callable[[Any], Any]:
    def read(_double: Any) -> Any:
        raise error

    return read


def _check_stand_in(called: Any, function: Any) -> None:
    real, ours = called._canonry_signature, signature_of(function)
    if real is None or ours is None:
        return
    why = refused_call(real, ours)
    if why:
        raise DoubleError(
            f"the stand-in for `{called._canonry_label}` takes {show(ours)}, the real one {show(real)}: {why}"
        )


def _flowing(answer: Any, flow: Flow) -> Any:
    """An answer in the form in which the real function gives it."""
    if isinstance(answer, Unconfigured):
        return answer
    if flow is Flow.GENERATOR:
        return iter(answer)
    if flow is Flow.ASYNC_GENERATOR:
        return answer if hasattr(answer, "__aiter__") else _one_by_one(answer)
    if hasattr(answer, "__enter__" if flow is Flow.CONTEXT else "__aenter__") and not isinstance(answer, _Shaped):
        return answer
    return contextlib.nullcontext(answer)


async def _one_by_one(answers: Any) -> Any:
    for answer in answers:
        yield answer


def made_of(double: Any) -> str:
    """``module:name`` of what a double stands for."""
    interface = getattr(double, "__dict__", {}).get("_canonry_interface")
    return address(interface.real) if interface is not None else str(double._canonry_label)
