"""What a test says a double answers."""

import types
from collections.abc import Iterable
from typing import Any


class Returns:
    """The value itself is the answer, be it a function, an exception or an `each`."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Each:
    """One answer for each call, in turn; an exception among them is raised. One call more is an error."""

    __slots__ = ("answers",)

    def __init__(self, answers: Iterable[Any]) -> None:
        self.answers = list(answers)


class Dynamic:
    """A real class together with names that only its `__getattr__` knows."""

    __slots__ = ("names", "real")

    def __init__(self, real: Any, names: dict[str, Any]) -> None:
        self.real, self.names = real, names


def returns(value: Any) -> Returns:
    """An answer that is returned as it is."""
    return Returns(value)


def each(*answers: Any) -> Each:
    """Answers for one call after the other."""
    return Each(answers)


def dynamic(real: Any, *names: str, **typed: Any) -> Dynamic:
    """The class, admitting names that its `__getattr__` answers to; ``name=Class`` says what the answer is."""
    return Dynamic(real, dict.fromkeys(names) | typed)


def is_exception(value: Any) -> bool:
    """Whether it is to be raised."""
    return isinstance(value, BaseException) or (isinstance(value, type) and issubclass(value, BaseException))


def is_function(value: Any) -> bool:
    """Whether it is to be called for the answer: functions, methods, partials; no classes, no other objects."""
    import functools

    kinds = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)
    return isinstance(value, kinds)
