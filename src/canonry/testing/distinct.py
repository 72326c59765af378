"""What a factory gives to two users must not be one thing."""

import functools
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

LIMIT = 100_000
"""How many objects of one user are looked at."""
_ATOMS = (
    *(bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice),
    *(type, types.ModuleType, types.BuiltinFunctionType, types.CodeType, types.GenericAlias, types.UnionType),
    *(types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType),
)
_IMMUTABLE = (
    "datetime:date datetime:datetime datetime:time datetime:timedelta datetime:timezone decimal:Decimal "
    "fractions:Fraction uuid:UUID re:Pattern re:Match pathlib:PurePath ipaddress:IPv4Address ipaddress:IPv6Address "
    "zoneinfo:ZoneInfo enum:Enum logging:Logger logging:LoggerAdapter typing:TypeVar _contextvars:ContextVar "
    "inspect:Signature weakref:ref canonry:Interface unittest:_SentinelObject"
).split()
_Path = tuple[str, ...]


class SharedStateError(AssertionError):
    """Two users were given one mutable object. ``paths`` holds where it is reached from each of the first such pair."""

    def __init__(self, message: str, paths: tuple[str, str]) -> None:
        super().__init__(message)
        self.paths = paths


def assert_distinct(
    factory: Callable[..., Any], *, users: int = 2, allow: Iterable[Any] = (), limit: int = LIMIT
) -> list[Any]:
    """What ``users`` calls of the factory gave; raises `SharedStateError` where two of them share a mutable object.

    Everything is followed: attributes, slots, dictionaries (keys too), sequences, sets, closures, defaults, partials,
    bound methods. Left alone are immutable values, classes, modules, loggers and functions without a closure. Locks,
    semaphores and queues count: two users that share one wait for each other. ``allow`` holds what may be shared: an
    object, a class, or a path such as ``".pool"``; nothing behind it is looked at. A factory that takes one argument is
    given the number of the user; one that is ``async`` or gives an awaitable is awaited in a loop of its own; an async
    test uses `assert_distinct_async`. Raises `ValueError` where one user reaches more than ``limit`` objects.
    """
    made = [_settled(_call(factory, number), number) for number in _users(users)]
    _compare(made, _Allowed(allow), limit)
    return made


async def assert_distinct_async(
    factory: Callable[..., Any], *, users: int = 2, allow: Iterable[Any] = (), limit: int = LIMIT
) -> list[Any]:
    """As `assert_distinct`, in the running event loop."""
    import inspect

    made = []
    for number in _users(users):
        given = _call(factory, number)
        made.append(await given if inspect.isawaitable(given) else given)
    _compare(made, _Allowed(allow), limit)
    return made


def _users(users: int) -> range:
    if users < 2:
        raise ValueError("`users` is less than 2: nothing could be shared")
    return range(1, users + 1)


def _call(factory: Callable[..., Any], number: int) -> Any:
    import inspect

    try:
        inspect.signature(factory).bind()
    except ValueError:
        return factory()
    except TypeError:
        return factory(number)
    return factory()


def _settled(given: Any, number: int) -> Any:
    import inspect

    if not inspect.isawaitable(given):
        return given
    import asyncio

    async def wait() -> Any:
        return await given

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    if inspect.iscoroutine(given):
        given.close()
    raise RuntimeError(f"user {number} is awaited inside a running loop; use `await assert_distinct_async(...)`")


def _compare(made: list[Any], allowed: "_Allowed", limit: int) -> None:
    """Raises for the first user that reaches something that an earlier one reached; paths are the shortest."""
    owners: dict[int, tuple[int, _Path, Any]] = {}
    for number, thing in enumerate(made, 1):
        own: list[tuple[_Path, Any]] = []
        for path, each in _reachable(thing, allowed, limit, number):
            kept = owners.get(id(each))
            if kept is not None:
                raise _shared(kept, number, path, each)
            own.append((path, each))
        owners |= {id(each): (number, path, each) for path, each in own}


def _shared(kept: tuple[int, _Path, Any], number: int, path: _Path, shared: Any) -> SharedStateError:
    first, where, _ = kept
    here, there = "".join(path), "".join(where)
    kind = type(shared)
    name = f"`{kind.__module__}.{kind.__qualname__}`".replace("`builtins.", "`")
    place = f"`{here}`" if here else "the object itself"
    other = "" if here == there else f" (`{there or 'the object itself'}` of user {first})"
    message = f"users {first} and {number} share {place}{other}: one mutable {name}; make it anew for each user"
    return SharedStateError(message, (there, here))


class _Allowed:
    """What may be shared."""

    def __init__(self, allow: Iterable[Any]) -> None:
        given = list(allow)
        self._paths = frozenset(each for each in given if isinstance(each, str))
        self._types = tuple(each for each in given if isinstance(each, type))
        self._things = [each for each in given if not isinstance(each, (str, type))]
        self._ids = frozenset(map(id, self._things))

    def __contains__(self, found: tuple[_Path, Any]) -> bool:
        path, thing = found
        return id(thing) in self._ids or isinstance(thing, self._types) or "".join(path) in self._paths


def _reachable(thing: Any, allowed: _Allowed, limit: int, number: int) -> Iterator[tuple[_Path, Any]]:
    """The mutable objects that are reached from one, breadth first, each once with its shortest path."""
    waiting: deque[tuple[_Path, Any]] = deque([((), thing)])
    seen: dict[int, Any] = {id(thing): thing}
    while waiting:
        path, each = waiting.popleft()
        if is_immutable(each) or (path, each) in allowed:
            continue
        if _is_mutable(each):
            yield path, each
        for step, child in _children(each):
            if id(child) not in seen and not isinstance(child, _ATOMS):
                seen[id(child)] = child  # kept alive, so that no other object gets its id
                if len(seen) > limit:
                    raise ValueError(
                        f"user {number} reaches more than {limit:,} objects (at `{''.join(path)}{step}`); "
                        "give `allow=` what may be shared, or a greater `limit=`"
                    )
                waiting.append(((*path, step), child))


def is_immutable(thing: Any) -> bool:
    """Whether nothing of it can be changed, nor is anything behind it of interest."""
    if isinstance(thing, _ATOMS):
        return True
    if isinstance(thing, types.FunctionType):
        return not (thing.__closure__ or thing.__defaults__ or thing.__kwdefaults__ or thing.__dict__)
    kind: Any = type(thing)
    return _is_immutable_kind(kind)


@functools.lru_cache(4096)
def _is_immutable_kind(kind: type) -> bool:
    order = type.__dict__["__mro__"].__get__(kind)
    return any(f"{each.__module__.partition('.')[0]}:{each.__name__}" in _IMMUTABLE for each in order)


_CARRIERS = (tuple, frozenset, types.FunctionType, types.MethodType, types.CellType, types.MappingProxyType, property)


def _is_mutable(thing: Any) -> bool:
    """Whether it can be changed itself; what only carries others is looked through."""
    if type(thing) in _CARRIERS or isinstance(thing, (frozenset, types.MethodType)):
        return False
    if isinstance(thing, tuple):
        return bool(getattr(thing, "__dict__", None))
    kind = type(thing)
    if kind.__module__ == "functools" and kind.__name__ == "partial":
        return False
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        return False
    config = getattr(kind, "__struct_config__", None)
    if config is not None and config.frozen:
        return False
    return kind is not object


def _children(thing: Any) -> Iterator[tuple[str, Any]]:
    """What an object holds, each with the step that leads there, in an order that is always the same."""
    if isinstance(thing, types.FunctionType):
        yield from _of_function(thing)
    elif isinstance(thing, types.MethodType):
        yield ".__self__", thing.__self__
        yield ".__func__", thing.__func__
    elif isinstance(thing, types.CellType):
        yield from _of_cell(thing)
    elif type(thing).__name__ == "partial" and type(thing).__module__ == "functools":
        yield ".func", thing.func
        yield from ((f".args[{number}]", each) for number, each in enumerate(thing.args))
        yield from ((f".keywords[{name!r}]", each) for name, each in thing.keywords.items())
    else:
        yield from _of_object(thing)


def _of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        yield f".<closure {name}>", cell
    for number, value in enumerate(function.__defaults__ or ()):
        yield f".__defaults__[{number}]", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f".__kwdefaults__[{name!r}]", value
    for name, value in function.__dict__.items():
        yield f".{name}", value


def _of_cell(cell: types.CellType) -> Iterator[tuple[str, Any]]:
    try:
        yield "", cell.cell_contents
    except ValueError:  # a variable that is not bound yet
        return


def _of_object(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, (dict, types.MappingProxyType)):
        for key, value in list(dict.items(thing) if isinstance(thing, dict) else thing.items()):
            yield f"[{_shown(key)}]", value
            yield f".<key {_shown(key)}>", key
    elif isinstance(thing, (list, tuple, deque)):
        fields = getattr(type(thing), "_fields", ())
        for number, value in enumerate(list(thing)):
            named = isinstance(thing, tuple) and number < len(fields)
            yield (f".{fields[number]}" if named else f"[{number}]"), value
    elif isinstance(thing, (set, frozenset)):
        for value in sorted(thing, key=_shown):
            yield f"{{{_shown(value)}}}", value
    space = _namespace(thing)
    if space is not None:
        yield from ((f".{name}", value) for name, value in list(space.items()))
    yield from _of_slots(thing)


def _namespace(thing: Any) -> dict[str, Any] | None:
    """The instance's own dictionary, whatever its class answers to `__dict__`."""
    try:
        space = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return None
    return space if isinstance(space, dict) else None


def _of_slots(thing: Any) -> Iterator[tuple[str, Any]]:
    kind: Any = type(thing)
    for name, descriptor in _slots(kind):
        try:
            yield f".{name}", descriptor.__get__(thing)
        except AttributeError:  # a slot that nobody filled
            continue


@functools.lru_cache(4096)
def _slots(kind: type) -> tuple[tuple[str, types.MemberDescriptorType], ...]:
    return tuple(
        (name, value)
        for each in type.__dict__["__mro__"].__get__(kind)
        if each.__module__ != "builtins"
        for name, value in vars(each).items()
        if isinstance(value, types.MemberDescriptorType)
    )


def _shown(thing: Any) -> str:
    """A short text without addresses, so that the order and the messages are the same in every run."""
    if isinstance(thing, (str, bytes, bool, int, float, type(None))):
        return repr(thing)
    if isinstance(thing, tuple):
        return f"({', '.join(map(_shown, thing))})"
    return f"<{type(thing).__qualname__}>"
