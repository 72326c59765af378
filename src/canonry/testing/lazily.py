"""Modules of the standard library that are put in place unloaded, and load when somebody first asks them for anything.

Not `importlib.util.LazyLoader`: before Python 3.12 threads see a half-loaded module, and a second `import` loads it.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock
from importlib._bootstrap import module_from_spec
from importlib.machinery import PathFinder
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HOME = os.path.dirname(os.__file__)  # noqa: PTH120 - pathlib need not be loaded
_metadata = ModuleType.__getattribute__
_lock = RLock()
_loading: set[int] = set()


class _Unloaded(ModuleType):
    """A module that knows its name and its spec; its class is `ModuleType` from its first use on."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            _load(self)
        return _metadata(self, name)

    def __getattr__(self, name: str) -> Any:
        _load(self)
        return _metadata(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        _load(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _load(self)
        ModuleType.__delattr__(self, name)


def put_in_place(*names: str) -> None:
    """Puts modules of the standard library into `sys.modules` unloaded; none that is there already or is shadowed."""
    for name in names:
        if name in sys.modules:
            continue
        spec = PathFinder.find_spec(name)
        if spec is None or os.path.dirname(spec.origin or "") != _HOME:  # noqa: PTH120
            continue
        module = module_from_spec(spec)
        object.__setattr__(module, "__class__", _Unloaded)
        sys.modules[name] = module


def _load(module: ModuleType) -> None:
    """Runs the module once, whatever threads ask. Where that raises, the next who asks tries again."""
    with _lock:
        if type(module) is not _Unloaded or id(module) in _loading:
            return
        _loading.add(id(module))
        try:
            _metadata(module, "__spec__").loader.exec_module(module)
            object.__setattr__(module, "__class__", ModuleType)
        finally:
            _loading.discard(id(module))
