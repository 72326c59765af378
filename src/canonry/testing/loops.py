"""A fresh event loop for each test, and the loops that a test leaves open.

Half of what a loop costs is its selector and its pair of sockets. Where the loop is the selector loop of this Python,
a closed loop hands these on to the next one, when nothing else is registered with the selector; the loop object, its
tasks and its handles are new each time. Everything else (another policy, another factory) is made and closed as usual.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import selectors
import socket
import threading
import weakref
from asyncio import base_events, events, tasks

from canonry.testing.state import Leak, register

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

ENDING_SECONDS = 5.0
"""How long leftover tasks, async generators and the default executor have to end."""


class _Wires(tuple[selectors.BaseSelector, socket.socket, socket.socket, events.Handle]):
    """A selector, the two ends of a self-pipe, and the handle that is called when something waits in it.

    Dropped while kept, as with a thread that ends, they are closed.
    """

    is_kept = False

    def __del__(self) -> None:
        if self.is_kept:
            self.close()

    def close(self) -> None:
        """Closes the selector and both ends."""
        for each in self[:3]:
            each.close()


class _Spare(threading.local):
    """What the last loop of a thread handed on."""

    def __init__(self) -> None:
        self.wires: _Wires | None = None


_spare = _Spare()


def _drop_spare() -> None:
    """In a forked child, since the parent has the same selector, and at the end of the process."""
    wires, _spare.wires = _spare.wires, None
    if wires is not None:
        wires.close()


def kept_sockets() -> frozenset[int]:
    """The descriptors of sockets that this thread keeps for its next loop: no test left them."""
    wires = _spare.wires
    return frozenset() if wires is None else frozenset((wires[1].fileno(), wires[2].fileno()))


atexit.register(_drop_spare)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_spare)


class _FreshLoop(asyncio.SelectorEventLoop):
    """The selector loop of this Python, with a selector and self-pipe that are handed on."""

    _canonry_is_ours = True

    def __init__(self) -> None:
        self._wires, _spare.wires = _spare.wires, None
        if self._wires is not None:
            self._wires.is_kept = False
        super().__init__(None if self._wires is None else self._wires[0])

    def _make_self_pipe(self) -> None:
        loop: Any = self
        if self._wires is None:
            super()._make_self_pipe()  # type: ignore[misc]
            fresh = events.Handle(loop._read_from_self, (), self, contextvars.Context())  # as `_add_reader` does
            loop._selector.modify(loop._ssock, selectors.EVENT_READ, (fresh, None))
            self._wires = _Wires((loop._selector, loop._ssock, loop._csock, fresh))
            return
        handle: Any
        _, loop._ssock, loop._csock, handle = self._wires
        loop._internal_fds += 1
        handle._callback, handle._loop = loop._read_from_self, self  # what waits in the pipe wakes it once

    def _close_self_pipe(self) -> None:
        loop: Any = self
        wires, self._wires = self._wires, None
        if wires is None or _spare.wires is not None or not _is_clean(wires):
            super()._close_self_pipe()  # type: ignore[misc]
            return
        handle: Any = wires[3]
        handle._callback = handle._loop = None
        loop._internal_fds -= 1
        loop._ssock = loop._csock = loop._selector = None
        wires.is_kept = True
        _spare.wires = wires


def _is_clean(wires: _Wires) -> bool:
    """Whether nothing but the self-pipe is registered, and its handle is as it was made."""
    selector, ours, _, handle = wires
    registered: Any = selector.get_map()  # None where somebody closed the selector
    return registered is not None and len(registered) == 1 and ours.fileno() in registered and not handle.cancelled()


_policy: Callable[[], Any] = getattr(events, "_get_event_loop_policy", None) or events.get_event_loop_policy
"""The policy, without the warning that newer Pythons give for asking."""
_HAS_WIRES = asyncio.SelectorEventLoop.__module__ == "asyncio.unix_events" and all(
    hasattr(asyncio.SelectorEventLoop, name) for name in ("_make_self_pipe", "_close_self_pipe", "_add_reader")
)
_DefaultPolicy: Any = getattr(asyncio, "DefaultEventLoopPolicy", None)
_tasks: Any = getattr(tasks, "_scheduled_tasks", None) or getattr(tasks, "_all_tasks", None)
"""All tasks of all loops, where this Python has them in one place."""


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop as the policy makes one."""
    if _HAS_WIRES and type(_policy()) is _DefaultPolicy:
        return _FreshLoop()
    return asyncio.new_event_loop()


def end_loop(loop: Any, current: tuple[object, bool] | None) -> tuple[Leak, ...]:
    """Ends what still runs on a loop, closes it, makes the earlier loop current again. Names leftover tasks."""
    if loop.is_closed():
        put_back_current(current)
        return ()
    try:
        leaks: tuple[Leak, ...] = ()
        if len(getattr(_tasks, "data", "?")):  # else there is no task at all
            left = asyncio.all_tasks(loop)
            leaks = _end_tasks(loop, left) if left else ()
        if len(getattr(loop, "_asyncgens", "?")):
            _end_in_time(loop, loop.shutdown_asyncgens())
        if getattr(loop, "_default_executor", "?") is not None:
            _end_in_time(loop, loop.shutdown_default_executor())
    finally:
        put_back_current(current)
        loop.close()
    return leaks


def _end_tasks(loop: Any, left: set[asyncio.Task[Any]]) -> tuple[Leak, ...]:
    for task in left:
        task.cancel()
    _, stubborn = loop.run_until_complete(asyncio.wait(left, timeout=ENDING_SECONDS))
    leaks = []
    for task in left:
        name = getattr(task.get_coro(), "__qualname__", None) or repr(task.get_coro())
        detail = f"({task.get_name()}) still ran; it was cancelled"
        if task in stubborn:
            detail = f"({task.get_name()}) still ran, and does not end when it is cancelled"
        elif not task.cancelled() and task.exception() is not None:
            detail += f", and raised {task.exception()!r}"
        leaks.append(Leak("task", name, detail))
    return tuple(sorted(leaks, key=str))


def _end_in_time(loop: Any, ending: Any) -> None:
    """Runs what ends something, for so long and no longer."""
    loop.run_until_complete(asyncio.wait({loop.create_task(ending)}, timeout=ENDING_SECONDS))


# the current loop ----------------------------------------------------------------------------------------------------


def take_current() -> tuple[object, bool] | None:
    """The current loop of this thread, and whether one was ever set; None where the policy does not say.

    Asking asyncio itself would make one.
    """
    try:
        local = _policy()._local
    except AttributeError:
        return None
    return local._loop, local._set_called


def put_back_current(before: tuple[object, bool] | None) -> None:
    """Makes it what it was."""
    if before is None:
        asyncio.set_event_loop(None)
        return
    policy = _policy()
    local = policy._local
    if local._loop is not before[0]:
        policy.set_event_loop(before[0])
    local._set_called = before[1]


# loops that a test leaves open ---------------------------------------------------------------------------------------

_made: list[weakref.ref[Any]] = []
"""The loops that somebody else made and that were open when last looked at."""
_make = base_events.BaseEventLoop.__init__


def _noticed(self: Any, *arguments: Any, **options: Any) -> None:
    _make(self, *arguments, **options)
    if not getattr(self, "_canonry_is_ours", False):
        _made.append(weakref.ref(self))


base_events.BaseEventLoop.__init__ = _noticed  # type: ignore[method-assign]


class _OpenLoops:
    """Event loops that are open, and which of them is the current one."""

    def take(self) -> object:
        """The open loops by identity, and the current one."""
        if _made:
            _made[:] = [ref for ref in _made if (loop := ref()) is not None and not loop.is_closed()]
        return (list(_made), take_current())

    def compare(self, before: Any) -> Sequence[Leak]:
        """Those opened since then."""
        opened, _ = before
        self.take()
        return [
            Leak("event-loop", type(loop).__name__, "was left open")
            for ref in _made
            if ref not in opened and (loop := ref()) is not None
        ]

    def put_back(self, before: Any) -> None:
        """Closes those opened since then that do not run, and makes the loop current that was so."""
        opened, current = before
        for ref in _made:
            loop = ref()
            if ref not in opened and loop is not None and not loop.is_running():
                loop.close()
        put_back_current(current)
        self.take()


register(_OpenLoops())
