"""What a double answers where nobody told it: a value that the annotation promises, or nothing that could be used."""

import types
import typing
from collections.abc import Callable
from typing import Any

from canonry.testing.doubles.errors import DoubleError
from canonry.testing.doubles.real import resolve

_ZERO: dict[Any, Any] = {
    None: None,
    type(None): None,
    bool: False,
    int: 0,
    float: 0.0,
    complex: 0j,
    str: "",
    bytes: b"",
    tuple: (),
    frozenset: frozenset(),
}
_EMPTY: dict[str, Callable[[], Any]] = {
    **dict.fromkeys(("list", "List", "MutableSequence"), list),
    **dict.fromkeys(("dict", "Dict", "Mapping", "MutableMapping"), dict),
    **dict.fromkeys(("set", "Set", "AbstractSet", "MutableSet"), set),
    **dict.fromkeys(("Sequence", "Iterable", "Collection", "tuple", "Tuple", "Container"), tuple),
    **dict.fromkeys(("Iterator", "Generator", "AsyncIterator", "AsyncGenerator", "AsyncIterable"), tuple),
}
_LEAVES = frozenset(("builtins", "datetime", "decimal", "fractions", "uuid", "pathlib", "ipaddress", "typing", "types"))
_CONSTANTS = (bool, int, float, complex, str, bytes, type(None))
NOTHING = object()
"""The annotation tells nothing."""


class Unconfigured:
    """Stands where nobody said what a double answers. It can be passed on; using it raises `DoubleError`."""

    __slots__ = ("_where",)
    _where: str

    def __init__(self, where: str) -> None:
        object.__setattr__(self, "_where", where)

    def __getattr__(self, name: str) -> Any:
        if name[:2] == "__":
            raise AttributeError(name)
        raise self._error(f"`.{name}`")

    def __setattr__(self, name: str, value: object) -> None:
        raise self._error(f"`.{name} = ...`")

    def __bool__(self) -> bool:
        raise self._error("its truth")

    def __iter__(self) -> Any:
        raise self._error("iteration")

    def __getitem__(self, key: object) -> Any:
        raise self._error(f"`[{key!r}]`")

    def __call__(self, *arguments: object, **named: object) -> Any:
        """Raises: nobody said what it gives."""
        raise self._error("a call")

    def __len__(self) -> int:
        raise self._error("its length")

    def __repr__(self) -> str:
        return f"<unconfigured: {self._where}>"

    def _error(self, use: str) -> DoubleError:
        name = self._where.rpartition(".")[2]
        return DoubleError(f"`{self._where}` is not configured, and {use} of it is used; say `{name}=...`")


def promised(annotation: Any, *, scope: Any, owner: Any, itself: Any, nested: Callable[[type], Any]) -> Any:
    """The plainest value of an annotation, or `NOTHING`.

    ``scope`` is the function or class whose module explains names, ``itself`` is given for ``Self`` and for the
    owner's own class, ``nested`` makes a double of a class.
    """
    if isinstance(annotation, str):
        annotation = _evaluated(annotation, scope, owner)
    if annotation is NOTHING or annotation is Any or isinstance(annotation, typing.TypeVar):
        return NOTHING
    if annotation in _ZERO if _hashable(annotation) else False:
        return _ZERO[annotation]
    if annotation is typing.Self:
        return itself
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _of_union(typing.get_args(annotation), scope=scope, owner=owner, itself=itself, nested=nested)
    if origin is typing.Literal:
        return typing.get_args(annotation)[0]
    if origin in (typing.Annotated, typing.ClassVar, typing.Final):
        inner = typing.get_args(annotation)[0]
        return promised(inner, scope=scope, owner=owner, itself=itself, nested=nested)
    kind = origin or annotation
    empty = _EMPTY.get(getattr(kind, "__name__", ""))
    if empty is not None and getattr(kind, "__module__", "") in ("builtins", "typing", "collections.abc"):
        return empty()
    if not isinstance(kind, type) or kind.__module__ in _LEAVES or kind.__module__ == "collections.abc":
        return NOTHING
    try:
        return nested(resolve(kind))
    except DoubleError:
        return NOTHING


def is_constant(value: Any) -> bool:
    """Whether a class attribute may be given as it is: nobody can change it."""
    return isinstance(value, _CONSTANTS) or (isinstance(value, (tuple, frozenset)) and all(map(is_constant, value)))


def _of_union(members: tuple[Any, ...], **how: Any) -> Any:
    if type(None) in members:
        return None
    found = (promised(each, **how) for each in members)
    return next((value for value in found if value is not NOTHING), NOTHING)


def _evaluated(text: str, scope: Any, owner: Any) -> Any:
    import sys

    module = sys.modules.get(getattr(scope, "__module__", None) or "")
    names = getattr(scope, "__globals__", None) or vars(module or typing)
    local = dict(vars(owner)) if isinstance(owner, type) else {}
    if isinstance(owner, type):
        local.setdefault(owner.__name__, owner)
    try:
        return eval(text, names, local)  # what `typing.get_type_hints` does, for one annotation alone
    except (NameError, AttributeError, TypeError, SyntaxError, ValueError):
        return NOTHING


def _hashable(thing: Any) -> bool:
    try:
        hash(thing)
    except TypeError:
        return False
    return True
