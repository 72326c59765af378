"""The state of a process that one test can leave to the next, with a fingerprint of each part.

It runs in the process of a user's tests, so it imports nothing of ours and calls nothing of theirs: values are looked
at by type, identity and length, never compared, copied or printed.
"""

import logging
import os
import signal
import sys
import threading
import types
import warnings
from typing import Any

_DEPTH = 4
_MOST = 200
"""The items of a container that are looked at."""
_PLAIN = (str, bytes, int, float, complex, bool, type(None))


def take_state(root: str) -> dict[str, str]:
    """``kind name`` -> fingerprint: environment, cwd, import path, and every global of the modules below ``root``."""
    found = {f"environment {name}": value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    found["cwd"] = _cwd()
    found["import-path sys.path"] = repr(sys.path)
    found["warnings filters"] = str(len(warnings.filters))
    found["logging root"] = f"{logging.root.level} {len(logging.root.handlers)} {logging.root.manager.disable}"
    found |= {f"thread {each.name}": "" for each in threading.enumerate() if each is not threading.main_thread()}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        found[f"signal {number.name}"] = str(signal.getsignal(number))
    mask = os.umask(0)
    os.umask(mask)
    found["umask"] = oct(mask)
    prefix = os.path.join(os.path.realpath(root), "")
    for name, module in list(sys.modules.items()):
        place = getattr(module, "__file__", None)
        if isinstance(place, str) and os.path.realpath(place).startswith(prefix) and "site-packages" not in place:
            found |= _globals(name, module)
    return found


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _globals(name: str, module: types.ModuleType) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in list(vars(module).items()):
        if key.startswith(("__", "@")):
            continue
        found[f"global {name}.{key}"] = _shape(value, _DEPTH, set())
        if isinstance(value, type) and value.__module__ == name:
            for attribute, held in list(vars(value).items()):
                if not attribute.startswith("__") and attribute != "_abc_impl":
                    found[f"global {name}.{key}.{attribute}"] = _shape(held, _DEPTH, set())
    return found


def _shape(value: Any, depth: int, seen: set[int]) -> str:
    """Two looks at one unchanged value give the same text; a change of it within ``depth`` gives another."""
    kind = type(value)
    if kind in _PLAIN:
        return f"{kind.__name__}:{hash(value) if kind is not type(None) else 0}"
    if depth == 0 or id(value) in seen:
        return f"{kind.__name__}@{id(value)}"
    seen = seen | {id(value)}
    if kind is dict:
        parts = [f"{_shape(k, depth - 1, seen)}={_shape(v, depth - 1, seen)}" for k, v in list(value.items())[:_MOST]]
        return f"dict@{id(value)}:{len(value)}:{','.join(parts)}"
    if kind in (list, tuple):
        parts = [_shape(each, depth - 1, seen) for each in list(value)[:_MOST]]
        return f"{kind.__name__}@{id(value)}:{len(value)}:{','.join(parts)}"
    if kind in (set, frozenset):
        parts = sorted(_shape(each, depth - 1, seen) for each in list(value)[:_MOST])
        return f"{kind.__name__}@{id(value)}:{len(value)}:{','.join(parts)}"
    if isinstance(value, type | types.ModuleType | types.FunctionType | types.BuiltinFunctionType):
        return f"{kind.__name__}@{id(value)}"
    own = getattr(value, "__dict__", None)
    if type(own) is dict:
        return f"{kind.__name__}@{id(value)}:{_shape(own, depth - 1, seen)}"
    return f"{kind.__name__}@{id(value)}"
