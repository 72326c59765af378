"""What happens with state that a test left behind: it is named, put back, told to whoever listens, and judged."""

from __future__ import annotations

import warnings

from canonry.testing import context
from canonry.testing.state import differences, is_unchanged, restore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from canonry.testing.state import Leak, Snapshot

POLICIES = ("off", "warn", "fail")


class CanonryLeakWarning(UserWarning):
    """A test left state behind. It was put back, so that no other test sees it."""


class LeakError(AssertionError):
    """A test left state behind, and its class or category says that this is a failure."""


def settle(case: Any, before: Snapshot, left: Sequence[Leak] = ()) -> None:
    """Where something was left behind, puts it back, and warns or raises `LeakError` as the policy of the case says.

    ``left`` is what was already found and cleared away: tasks, an event loop.
    """
    if not left and is_unchanged(before):
        return
    found = differences(before)
    policy = policy_of(case)
    if policy == "off":
        return
    if not found and not left:  # what changed is nobody's business: a logger more
        return
    kept = set(restore(before)) if found else set()
    node = context.node_of(case)
    from canonry.testing import events

    for leak in (*left, *found):
        events.leaked(node, leak.kind, leak.name, leak.detail, restored=leak not in kept)
    message = _message([*left, *found], kept)
    if policy == "fail":
        raise LeakError(message)
    _warn(case, message)


def policy_of(case: Any) -> str:
    """What the class says of leaks, else the runner, else ``warn``. Raises `ValueError` for a word that is none."""
    policy: str = getattr(case, "leaks", None) or context.leak_policy() or "warn"
    if policy not in POLICIES:
        raise ValueError(f"`leaks = {policy!r}` is not one of {', '.join(POLICIES)}")
    return policy


def _message(leaks: Sequence[Leak], kept: set[Leak]) -> str:
    told = "; ".join(str(leak) + (" (could not be put back)" if leak in kept else "") for leak in leaks)
    return f"the test leaves state behind: {told}"


def _warn(case: Any, message: str) -> None:
    """A warning that points at the test method, not at this module."""
    kind = getattr(case, "_canonry_class", type(case))
    method = getattr(kind, case._testMethodName, None)
    code = getattr(getattr(method, "__wrapped__", method), "__code__", None)
    if code is None:
        warnings.warn(message, CanonryLeakWarning, stacklevel=2)
    else:
        warnings.warn_explicit(
            f"{kind.__qualname__}.{case._testMethodName}: {message}",
            CanonryLeakWarning,
            code.co_filename,
            code.co_firstlineno,
            module=kind.__module__,
            registry={},
        )
