"""Fingerprints of the globals of a project's modules. Two looks at one unchanged value give the same text.

It runs in the process of a user's tests: values are looked at by type, identity and length, never compared, copied or
printed, and no code of theirs is called.
"""

import collections
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_DEPTH = 4
_MOST = 200
"""The items of a container that are looked at."""
_BUDGET = 2000
"""The values that are looked at below one global."""
_PLAIN = (str, bytes, int, float, complex, bool, type(None))
_NAMED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


class Global(NamedTuple):
    """A global at one moment: which object it is (0 for numbers, texts and their like), and a fingerprint of it."""

    identity: int
    shape: str


def project_modules(root: str) -> Iterator[tuple[str, types.ModuleType]]:
    """The loaded modules below ``root``, without installed packages, by their names."""
    prefix = os.path.realpath(root).rstrip(os.sep) + os.sep
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None)
        if isinstance(place, str) and os.path.realpath(place).startswith(prefix) and "site-packages" not in place:
            yield name, module


def globals_of(name: str, module: types.ModuleType, opens: Callable[[type], bool]) -> dict[str, Global]:
    """``module.NAME`` and ``module.Class.attribute`` -> what is there.

    ``opens``: whether the attributes of an instance of this class are part of it.
    """
    found: dict[str, Global] = {}
    for key, value in list(vars(module).items()):
        if key.startswith(("__", "@")):
            continue
        found[f"{name}.{key}"] = _global(value, opens)
        if isinstance(value, type) and value.__module__ == name:
            for attribute, held in list(vars(value).items()):
                if not attribute.startswith("__") and attribute != "_abc_impl":
                    found[f"{name}.{key}.{attribute}"] = _global(held, opens)
    return found


def _global(value: object, opens: Callable[[type], bool]) -> Global:
    identity = 0 if type(value) in _PLAIN else id(value)
    return Global(identity, _Shape(opens).of(value, _DEPTH, frozenset()))


class _Shape:
    """Looks at one global."""

    def __init__(self, opens: Callable[[type], bool]) -> None:
        self._opens = opens
        self._left = _BUDGET

    def of(self, value: Any, depth: int, seen: frozenset[int]) -> str:
        kind = type(value)
        if kind in _PLAIN:
            return f"{kind.__name__}:{hash(value) if kind is not type(None) else 0}"
        here = f"{kind.__name__}@{id(value)}"
        self._left -= 1
        if depth == 0 or self._left < 0 or id(value) in seen or isinstance(value, _NAMED):
            return here
        seen = seen | {id(value)}
        if isinstance(value, dict):
            items = list(dict.items(value))
            parts = [f"{self.of(k, depth - 1, seen)}={self.of(v, depth - 1, seen)}" for k, v in items[:_MOST]]
            return f"{here}:{len(items)}:{','.join(parts)}"
        if isinstance(value, list | tuple | collections.deque):
            kinds: tuple[Any, ...] = (list, tuple, collections.deque)
            each = list(next(one for one in kinds if isinstance(value, one)).__iter__(value))
            return f"{here}:{len(each)}:{','.join(self.of(one, depth - 1, seen) for one in each[:_MOST])}"
        if isinstance(value, set | frozenset):
            base: Any = set if isinstance(value, set) else frozenset
            members = list(base.__iter__(value))
            return f"{here}:{len(members)}:{','.join(sorted(self.of(one, depth - 1, seen) for one in members[:_MOST]))}"
        own = getattr(value, "__dict__", None) if self._opens(kind) else None
        return f"{here}:{self.of(own, depth - 1, seen)}" if type(own) is dict else here
