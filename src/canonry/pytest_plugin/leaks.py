"""What a test file leaves behind: changed state, and what runs or lies about.

Environment and working directory, signals, umask, locale, warnings, logging; threads, child processes, tasks, sockets,
temporary files; on request globals of the project's modules. Everything is told and nothing is put back: the next file
finds what it finds under plain pytest.

What the fixtures of a session or package do is no file's leak, it is meant to outlive it; what conftest files and
plugins do is theirs.
"""

import contextlib
import os
import stat
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

import pytest

from canonry.pytest_plugin.changed_globals import ChangedGlobals, Names
from canonry.pytest_plugin.writers import Writers
from canonry.testing.state import Snapshot, differences, is_unchanged, snapshot

_WIDE = frozenset(("session", "package"))
_COMPARED = frozenset(("signal", "umask", "locale", "warnings", "logging"))
"""Kinds of state that are compared before and after a file."""
_WATCHED = 3
"""How often a fixture from elsewhere is watched. What it changes for good it changes the first time."""


class Left(NamedTuple):
    """One thing that is left: its kind as in `Leaked`, which one it is, and how to name it.

    ``node`` is the test that did it, where that is known.
    """

    kind: str
    key: int | str
    name: str
    detail: str = ""
    node: str = ""


class _Moment(NamedTuple):
    """What was there when a fixture began."""

    left: set[tuple[str, int | str]]
    temporary: set[str]
    state: Snapshot
    names: Names | None


class Leaks:
    """Compares what is there before a file with what is there after it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._before: set[tuple[str, int | str]] = set()
        self._temporary: dict[str, str] = {}
        """Path -> the test that made it."""
        self._kept = ""
        self._path = self._file = self._only = ""
        self._state: Snapshot | None = None
        self._accepted: set[tuple[str, str]] = set()
        self._looks: dict[str, int] = {}
        self._wide: list[_Moment] = []
        """One for each fixture of a session or package that is at work."""
        self._threads = 0
        self._started: dict[int, str] = {}
        self._globals: ChangedGlobals | None = None
        self._writers = writers = Writers()
        self._heard = {
            "os.putenv": writers.hear_variable,
            "os.unsetenv": writers.hear_variable,
            "os.chdir": writers.hear_folder,
            "tempfile.mkstemp": self._hear_temporary,
            "tempfile.mkdtemp": self._hear_temporary,
        }
        sys.addaudithook(self._hear)

    def importing(self, path: str) -> contextlib.AbstractContextManager[None]:
        """While it lasts, a test file is imported; its path is relative to the root."""
        return self._writers.importing(self._absolute(path))

    def begin(self, config: pytest.Config, path: str, nodes: Sequence[str], *, with_globals: bool) -> None:
        """The tests of a file are about to run."""
        factory = getattr(config, "_tmp_path_factory", None)
        base = getattr(factory, "_basetemp", None)
        self._kept = str(base) if base is not None else ""
        self._path, self._file = path, self._absolute(path)
        self._only = nodes[0] if len(nodes) == 1 else ""
        self._temporary.clear()
        self._started.clear()
        self._threads = threading.active_count()
        self._before = {(left.kind, left.key) for left in _now()}
        self._state = snapshot()
        self._globals = ChangedGlobals(self._root, besides=self._file) if with_globals else None
        self._writers.path = self._file

    def starts(self, node: str) -> None:
        """A test of the file is about to run."""
        self._writers.node = node

    def ended(self, node: str) -> None:
        """A test of the file has run."""
        count = threading.active_count()
        if count > self._threads:
            for thread in threading.enumerate():
                self._started.setdefault(id(thread), node)
        self._threads = count

    def end(self) -> list[Left]:
        """What was not there when the file began, or is not what it was."""
        assert self._state is not None
        self._writers.path = ""
        found = [
            Left(each.kind, each.name, each.name, each.detail, each.node) for each in self._writers.take(self._file)
        ]
        found += self._compared(self._state)
        if self._globals is not None:
            found += [Left("global", name, name, how, self._only) for name, how in self._globals.changes()]
            self._globals = None
        for left in _now():
            if (left.kind, left.key) not in self._before:
                node = self._started.get(int(left.key), "") if left.kind == "thread" else ""
                found.append(left._replace(node=node or self._only))
        paths = [path for path in self._temporary if not self._kept or not path.startswith(self._kept)]
        return found + [
            Left("temporary-file", path, path, "", self._temporary[path]) for path in paths if os.path.lexists(path)
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: "pytest.FixtureDef[object]") -> Generator[None, object, object]:
        """What a wide fixture starts and changes belongs to it, and so does what one from elsewhere changes."""
        if fixturedef.scope not in _WIDE:
            if not self._is_to_be_watched(fixturedef):
                return (yield)
            before = snapshot()
            try:
                return (yield)
            finally:
                self._accept(before)
        fixturedef.addfinalizer(self._leave_wide)  # finalizers run from the last to the first
        self._enter_wide()
        try:
            return (yield)
        finally:
            self._leave_wide()
            fixturedef.addfinalizer(self._enter_wide)

    def _enter_wide(self) -> None:
        """From here on a fixture of a session or package is at work."""
        here = {(left.kind, left.key) for left in _now()}
        names = self._globals.take() if self._globals is not None else None
        self._wide.append(_Moment(here, set(self._temporary), snapshot(), names))
        self._writers.is_foreign = True

    def _leave_wide(self) -> None:
        if not self._wide:
            return
        before = self._wide.pop()
        self._writers.is_foreign = bool(self._wide)
        self._before |= {(left.kind, left.key) for left in _now()} - before.left
        for path in set(self._temporary) - before.temporary:
            del self._temporary[path]
        self._accept(before.state)
        if self._globals is not None and before.names is not None:
            self._globals.accept(before.names)

    def _is_to_be_watched(self, fixture: "pytest.FixtureDef[object]") -> bool:
        """Whether a fixture from elsewhere might change something for good, and was not watched often enough yet."""
        base = fixture.baseid
        if not self._path or base.startswith(self._path):
            return False
        name = f"{base}::{fixture.argname}"
        looks = self._looks.get(name, 0)
        if looks >= _WATCHED:
            return False
        self._looks[name] = looks + 1
        return not getattr(fixture.func, "__module__", "").startswith("_pytest.")

    def _accept(self, before: Snapshot) -> None:
        """What has changed since then, and differs from what the file found, is no file's leak."""
        if self._state is not None and not is_unchanged(before):
            here = {(leak.kind, leak.name) for leak in differences(before)}
            self._accepted |= here & {(leak.kind, leak.name) for leak in differences(self._state)}

    def _compared(self, before: Snapshot) -> Iterator[Left]:
        if is_unchanged(before):
            return
        known = {logger.name for logger in before.logs[3]} if before.logs is not None else set()
        for leak in differences(before):
            if leak.kind not in _COMPARED or (leak.kind, leak.name) in self._accepted:
                continue
            if leak.kind == "logging" and leak.name not in known and _is_of_a_module(leak.name):
                continue
            yield Left(leak.kind, leak.name, leak.name, leak.detail, self._only)

    def _absolute(self, path: str) -> str:
        return os.path.join(self._root, path)  # noqa: PTH118 - as code objects hold it

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        hear = self._heard.get(event)
        if hear is not None:
            hear(arguments)

    def _hear_temporary(self, arguments: tuple[object, ...]) -> None:
        self._temporary[str(arguments[0])] = self._writers.node


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
    with open(f"/proc/self/task/{os.getpid()}/children", "rb", buffering=0) as file:
        pids = file.read().decode("ascii").split()
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
        try:
            status = os.fstat(int(name))
        except OSError:  # that of the listing itself
            continue
        if stat.S_ISSOCK(status.st_mode):
            yield Left("socket", status.st_ino, f"descriptor {name}")


def _tasks() -> Iterator[Left]:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return
    tasks = getattr(asyncio.tasks, "_scheduled_tasks", None) or getattr(asyncio.tasks, "_all_tasks", None)
    for task in list(tasks or ()):
        if not task.done():
            yield Left("task", id(task), task.get_name())


def _is_of_a_module(logger: str) -> bool:
    """Whether a new logger is one that a library set up for itself when it was loaded."""
    return logger in sys.modules or logger.partition(".")[0] in sys.modules
