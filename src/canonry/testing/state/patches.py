"""Patches of `unittest.mock` that were started by hand: what `start` began and nothing has stopped."""

from __future__ import annotations

from canonry.testing.state.leak import Leak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def started(module: Any) -> list[Any]:
    """The patches that run, in the order in which they were started; not a copy.

    `module` is `unittest.mock`, handed in because it may not be loaded. Only `start` keeps its patches there; what
    decorators and `with` began ends by itself.
    """
    found = getattr(module._patch, "_active_patches", None)
    return found if isinstance(found, list) else []


def compare(module: Any, before: Sequence[Any]) -> list[Leak]:
    """Those that were started since then."""
    return [Leak("patch", _target(patch), "was started and not stopped") for patch in _since(module, before)]


def put_back(module: Any, before: Sequence[Any]) -> None:
    """Stops those that were started since then, the last first."""
    for patch in reversed(_since(module, before)):
        patch.stop()


def _since(module: Any, before: Sequence[Any]) -> list[Any]:
    old = set(map(id, before))
    return [patch for patch in started(module) if id(patch) not in old]


def _target(patch: Any) -> str:
    if hasattr(patch, "in_dict"):  # `patch.dict`
        where = patch.in_dict
        return where if isinstance(where, str) else type(where).__name__
    target = patch.getter()
    return f"{getattr(target, '__qualname__', None) or getattr(target, '__name__', repr(target))}.{patch.attribute}"
