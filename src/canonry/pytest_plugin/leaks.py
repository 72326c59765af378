"""What a test file leaves running or lying about: threads, child processes, tasks, sockets, temporary files.

What the setup of a session's or package's fixture starts is not a file's leak: it is meant to outlive it.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Generator, Iterator
from typing import NamedTuple

import pytest

_WIDE = frozenset(("session", "package"))


class Left(NamedTuple):
    """One thing that is there: its kind as in `Leaked`, which one it is, and how to name it."""

    kind: str
    key: int | str
    name: str


class Leaks:
    """Compares what is there before a file with what is there after it."""

    def __init__(self) -> None:
        self._before: set[tuple[str, int | str]] = set()
        self._temporary: dict[str, None] = {}
        self._kept = ""
        sys.addaudithook(self._hear)

    def begin(self, config: pytest.Config) -> None:
        """A file is about to run."""
        factory = getattr(config, "_tmp_path_factory", None)
        base = getattr(factory, "_basetemp", None)
        self._kept = str(base) if base is not None else ""
        self._temporary.clear()
        self._before = {(left.kind, left.key) for left in _now()}

    def end(self) -> list[Left]:
        """What was not there when the file began."""
        found = [left for left in _now() if (left.kind, left.key) not in self._before]
        paths = [path for path in self._temporary if not self._kept or not path.startswith(self._kept)]
        return found + [Left("temporary-file", path, path) for path in paths if os.path.lexists(path)]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: "pytest.FixtureDef[object]") -> Generator[None, object, object]:
        """What a wide fixture starts belongs to it."""
        if fixturedef.scope not in _WIDE:
            return (yield)
        before = {(left.kind, left.key) for left in _now()}
        files = set(self._temporary)
        try:
            return (yield)
        finally:
            self._before |= {(left.kind, left.key) for left in _now()} - before
            for path in set(self._temporary) - files:
                del self._temporary[path]

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in ("tempfile.mkstemp", "tempfile.mkdtemp"):
            self._temporary[str(arguments[0])] = None


def _now() -> Iterator[Left]:
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            yield Left("thread", id(thread), thread.name)
    with contextlib.suppress(OSError):
        yield from _children()
    with contextlib.suppress(OSError):
        yield from _sockets()
    yield from _tasks()


def _children() -> Iterator[Left]:
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        pids = file.read().split()
    for pid in pids:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            head, _, rest = file.read().rpartition(")")
            if rest.split()[0] != "Z" and not _is_supervisor(pid):
                yield Left("process", int(pid), head.partition("(")[2])


def _is_supervisor(pid: str) -> bool:
    """Whether it is what keeps a service of the session's: that ends with the session, not with the file."""
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return b"canonry/testing/services/supervisor.py" in file.read()


def _sockets() -> Iterator[Left]:
    loops = sys.modules.get("canonry.testing.loops")
    kept = {str(each) for each in loops.kept_sockets()} if loops is not None else set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names
        if name in kept:
            continue
        with contextlib.suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{name}")  # noqa: PTH115
            if target.startswith("socket:"):
                yield Left("socket", target, f"descriptor {name}")


def _tasks() -> Iterator[Left]:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    tasks = getattr(asyncio.tasks, "_scheduled_tasks", None) or getattr(asyncio.tasks, "_all_tasks", None)
    for task in list(tasks or ()):
        if not task.done():
            yield Left("task", id(task), task.get_name())
