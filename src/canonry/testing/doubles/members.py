"""What a class, an object or a module offers, found without running any of its code."""

import functools
import inspect
import types
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple


class Kind(Enum):
    """What a name of a class is."""

    METHOD = "method"
    STATIC = "static method"
    CLASS = "class method"
    PROPERTY = "property"
    DATA = "attribute"
    TYPE = "nested class"

    @property
    def is_called(self) -> bool:
        """Whether one calls it for its result."""
        return self in _CALLED


_CALLED = frozenset((Kind.METHOD, Kind.STATIC, Kind.CLASS))


class Flow(Enum):
    """How a call gives its result."""

    PLAIN = "plain"
    ASYNC = "async"
    GENERATOR = "generator"
    ASYNC_GENERATOR = "async generator"
    CONTEXT = "context manager"
    ASYNC_CONTEXT = "async context manager"


class Member(NamedTuple):
    """A name that the real thing answers to. ``function`` is what is called; ``bound``: its first argument is given."""

    name: str
    kind: Kind
    value: Any = None
    owner: Any = None
    function: Any = None
    bound: bool = False
    annotation: Any = None
    """Of data and properties; text where the source says it so."""

    @property
    def flow(self) -> Flow:
        """How a call of it gives its result."""
        return flow_of(self.function)

    @property
    def signature(self) -> inspect.Signature | None:
        """The parameters that a caller gives; None where the real thing does not tell (C)."""
        return signature_of(self.function, bound=self.bound)


def member(name: str, value: Any, owner: Any, *, annotation: Any = None, unbound: bool = False) -> Member:
    """What a value in the namespace of a class is; ``unbound`` as seen from the class itself."""
    if isinstance(value, staticmethod):
        return Member(name, Kind.STATIC, value, owner, value.__func__)
    if isinstance(value, (classmethod, types.ClassMethodDescriptorType)):
        return Member(name, Kind.CLASS, value, owner, getattr(value, "__func__", value), True)
    if isinstance(value, (property, functools.cached_property)):
        getter = value.fget if isinstance(value, property) else value.func
        return Member(name, Kind.PROPERTY, value, owner, getter, annotation=annotation)
    if isinstance(value, type):
        return Member(name, Kind.TYPE, value, owner)
    function = _method_function(value, owner)
    if function is not None:
        return Member(name, Kind.METHOD, value, owner, function, not unbound)
    if callable(value):
        return Member(name, Kind.STATIC, value, owner, value)
    return Member(name, Kind.DATA, value, owner, annotation=annotation)


def _method_function(value: Any, owner: Any) -> Any:
    """What binds to an instance when it is read from it; None where the value does not."""
    if isinstance(value, (types.FunctionType, types.MethodDescriptorType, types.WrapperDescriptorType)):
        return value
    if isinstance(value, functools.partialmethod):
        return value.__get__(None, owner)
    if isinstance(value, functools.singledispatchmethod):
        return value.func
    if callable(value) and hasattr(type(value), "__get__"):  # a cached function, one compiled by Cython
        return value
    return None


def flow_of(function: Any) -> Flow:
    """How a call of a function gives its result."""
    function = _whole(function)
    if inspect.iscoroutinefunction(function) or getattr(function, "_is_coroutine", None) is not None:
        return Flow.ASYNC
    if inspect.isasyncgenfunction(function):
        return Flow.ASYNC_GENERATOR
    if inspect.isgeneratorfunction(function):
        return Flow.GENERATOR
    code = getattr(function, "__code__", None)
    if code is not None and code.co_name == "helper" and function.__globals__.get("__name__") == "contextlib":
        inner = inspect.isasyncgenfunction(inspect.unwrap(function))
        return Flow.ASYNC_CONTEXT if inner else Flow.CONTEXT
    return Flow.PLAIN


def innermost(function: Any) -> Any:
    """The function that partials and decorators stand before."""
    return inspect.unwrap(_whole(function)) if callable(function) else function


def _whole(function: Any) -> Any:
    while True:
        inner = getattr(function, "_partialmethod", None) or getattr(function, "__partialmethod__", None)
        if inner is None and not isinstance(function, functools.partial):
            return function
        function = (inner or function).func


def signature_of(function: Any, *, bound: bool = False) -> inspect.Signature | None:
    """The signature of something that is called, without its first parameter where that is bound."""
    try:
        found = inspect.signature(function)
    except (ValueError, TypeError):
        return None
    parameters = list(found.parameters.values())
    if bound and parameters and parameters[0].kind in _POSITIONAL:
        found = found.replace(parameters=parameters[1:])
    return found


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def lines(kind: type) -> tuple[type, ...]:
    """The classes of the method resolution order, `object` left out, whatever the metaclass says."""
    order: tuple[type, ...] = type.__dict__["__mro__"].__get__(kind)
    return order[:-1]


def annotations_of(kind: Any) -> dict[str, Any]:
    """The annotations in the body of a class or module, unresolved."""
    try:
        return dict(inspect.get_annotations(kind))
    except NameError:  # 3.14 evaluates them when they are asked for
        import annotationlib  # type: ignore[import-not-found, unused-ignore]

        found: dict[str, Any] = annotationlib.get_annotations(kind, format=annotationlib.Format.FORWARDREF)
        return found


def field_names(kind: type) -> set[str]:
    """The fields that attrs, pydantic and their like keep apart from the namespace."""
    space = vars(kind)
    found = {each.name for each in space.get("__attrs_attrs__", ())}
    for table in ("__dataclass_fields__", "__pydantic_fields__", "__fields__", "__struct_fields__"):
        names = space.get(table)
        if isinstance(names, (dict, tuple)):
            found.update(name for name in names if isinstance(name, str))
    return found


Builder = Callable[[Member], Any]
