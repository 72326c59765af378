"""Which real thing a double stands for; what is none is refused."""

import importlib
import sys
import types
from typing import Any

from canonry.testing.doubles.errors import DoubleError

_VALUES = (
    *(bool, int, float, complex, str, bytes, bytearray, memoryview, type(None)),
    *(tuple, list, dict, set, frozenset, range, slice),
)


def resolve(real: Any) -> Any:
    """The thing itself: names are imported, generics and aliases opened. Raises `DoubleError` where none is."""
    if isinstance(real, str):
        owner, name = locate(real)
        real = attribute(owner, name) if name else owner
    if hasattr(type(real), "__value__") and type(real).__module__ == "typing":  # `type Alias = Real`
        real = real.__value__
    origin = getattr(real, "__origin__", None)
    if isinstance(origin, type) and not isinstance(real, type):
        real = origin
    _refuse(real)
    return real


def locate(name: str) -> tuple[Any, str]:
    """The owner of a named attribute and the attribute's own name, empty where a module is named.

    ``package.module:Class.method`` and ``package.module.Class.method`` are the same.
    """
    module_name, colon, rest = name.partition(":")
    parts = [] if colon else name.split(".")
    if not colon:
        module_name, parts = parts[0], parts[1:]
    else:
        parts = rest.split(".") if rest else []
    owner: Any = _import(module_name, name)
    while parts:
        if isinstance(owner, types.ModuleType) and not hasattr(owner, parts[0]):
            owner = _submodule(owner, parts[0], name)
        elif len(parts) == 1:
            return owner, parts[0]
        else:
            owner = attribute(owner, parts[0])
        del parts[0]
    return owner, ""


def attribute(owner: Any, name: str) -> Any:
    """An attribute that must be there. Raises `DoubleError` with the names that come near."""
    try:
        return getattr(owner, name)
    except AttributeError:
        raise DoubleError(f"`{label(owner)}` has no `{name}`{nearest(name, dir(owner))}") from None


def nearest(name: str, names: Any) -> str:
    """``; did you mean `x`?``, or nothing."""
    import difflib

    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"; did you mean `{found[0]}`?" if found else ""


def label(real: Any) -> str:
    """A short name for messages."""
    if isinstance(real, types.ModuleType):
        return real.__name__
    name = static_name(real)
    return name or f"{type(real).__qualname__} object"


def address(real: Any) -> str:
    """``module:qualified.name`` of the real thing, or of the type of an object."""
    if isinstance(real, types.ModuleType):
        return real.__name__
    if not static_name(real):
        real = type(real)
    return f"{getattr(real, '__module__', None) or 'builtins'}:{static_name(real)}"


def static_name(real: Any) -> str:
    """The qualified name of a class or function; empty for an object, whatever it answers to `__qualname__`."""
    if isinstance(real, type):
        return str(type.__dict__["__qualname__"].__get__(real))
    if isinstance(real, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.MethodDescriptorType)):
        return real.__qualname__
    wrapped = getattr(type(real), "__name__", "") == "_lru_cache_wrapper"
    return str(real.__qualname__) if wrapped else ""


def is_mock(thing: Any) -> bool:
    """Whether it is a double of `unittest.mock` or of ours, or a class of such; nothing is imported to find out."""
    kind = thing if isinstance(thing, type) else type(thing)
    for module in ("unittest.mock", "mock.mock"):
        base = getattr(sys.modules.get(module), "NonCallableMock", None)
        if base is not None and base in type.__dict__["__mro__"].__get__(kind):
            return True
    return False


def _submodule(owner: types.ModuleType, name: str, whole: str) -> Any:
    """A module that nobody imported yet; else the attribute is missing."""
    import importlib.util

    inner = f"{owner.__name__}.{name}"
    if not hasattr(owner, "__path__") or importlib.util.find_spec(inner) is None:
        return attribute(owner, name)
    return _import(inner, whole)


def _import(module: str, whole: str) -> types.ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and module.startswith(str(error.name))
        why = f"there is no module `{error.name}`" if missing else f"`{module}` does not import: {error}"
        raise DoubleError(f"`{whole}` names nothing that a double could stand for: {why}") from None
    except ValueError:
        raise DoubleError(f"`{whole}` is not the name of a thing; write `package.module:Name`") from None


def _refuse(real: Any) -> None:
    import enum

    if is_mock(real):
        raise DoubleError(f"a double of the double `{real!r}` stands for nothing; give the real class")
    if not isinstance(real, type):
        if isinstance(real, (*_VALUES, enum.Enum)):
            raise DoubleError(f"`{real!r}` is a value, not an interface; use it as it is, or name the class")
        if type(real).__module__ == "typing" or isinstance(real, types.UnionType):
            raise DoubleError(f"`{real!r}` is no class; give the one class that the double stands for")
        return
    if real is object or real is type:
        raise DoubleError(f"`{real.__name__}` says nothing about what the double answers to; give the real class")
    if issubclass(real, enum.Enum):
        raise DoubleError(f"`{label(real)}` is an enumeration; use its members")
    if issubclass(real, BaseException):
        raise DoubleError(f"`{label(real)}` is an exception; raise a real one")
    if real in _VALUES or hasattr(real, "__total__"):
        raise DoubleError(f"`{label(real)}` is a type of values; make a value")
