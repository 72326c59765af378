"""A session that has paid for its imports once, and forks into workers on request."""

import contextlib
import importlib
import json
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from _pytest.pathlib import fnmatch_ex

from canonry.pytest_plugin.beside import measures_coverage
from canonry.pytest_plugin.channel import Channel

_AT_START = dict(os.environ)
"""The variables before any conftest file or plugin was loaded."""
_LONELY = 60.0
"""Seconds after which one that nobody has called yet looks whether its parent lives."""
_CONFIGURATION = ("pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg")
_STARTED = time.time_ns()


CONTEXT, EVENTS = "canonry.testing.context", "canonry.testing.events"
"""What a worker needs of the framework before its first test."""


class Forked(Exception):  # noqa: N818 - no error: the way out of the loop, in the child
    """This process is a new worker."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel


def rehearse(config: pytest.Config) -> None:
    """What every worker does before its first test is done once, as far as no file of the project is read for it."""
    for option in ("norecursedirs", "python_files"):
        for pattern in config.getini(option):
            fnmatch_ex(pattern, config.rootpath)  # keeps the compiled pattern
    for module in (CONTEXT, EVENTS):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


def serve(config: pytest.Config, path: str, go_ahead: Callable[[str], bool]) -> None:
    """Forks whenever somebody asks at the socket ``path``; raises `Forked` in each child. Ends with its last client.

    A client sends the folder and number of a worker as a line of JSON. The answer is its process number, or why there
    is no fork; later comes a line with the process number and its status. ``check`` asks whether what is loaded is
    still what lies on the disk; ``ahead`` asks for one more of our kind, at another socket, that has done what
    ``go_ahead`` does for a test file.
    """
    _Server(config, path, go_ahead).run()


class _Server:
    """One socket and its clients."""

    def __init__(self, config: pytest.Config, path: str, go_ahead: Callable[[str], bool]) -> None:
        self._config, self._go_ahead = config, go_ahead
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(8)
        self._files = loaded_files(config)
        self._connections: dict[int, socket.socket] = {}
        self._children: dict[int, tuple[int, int]] = {}

    def run(self) -> None:
        """Never returns; raises `Forked` in a child."""
        parent = os.getppid()
        while True:
            watched = [self._listener.fileno(), *self._connections, *self._children]
            ready: list[int] = select.select(watched, [], [], None if self._connections else _LONELY)[0]
            if not ready and not self._connections and os.getppid() != parent:
                os._exit(0)
            for one in ready:
                if one == self._listener.fileno():
                    connection = self._listener.accept()[0]
                    self._connections[connection.fileno()] = connection
                elif one in self._children:
                    self._reap(one)
                elif one in self._connections:
                    self._hear(one)

    def _reap(self, one: int) -> None:
        pid, client = self._children.pop(one)
        os.close(one)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        _say(self._connections.get(client), {"ended": pid, "status": status})

    def _hear(self, one: int) -> None:
        line = _line(self._connections[one])
        if not line:
            self._connections.pop(one).close()
            for descriptor, (pid, client) in list(self._children.items()):
                if client == one:
                    self._children[descriptor] = (pid, -1)
            if not self._connections:
                os._exit(0)
            return
        request = json.loads(line)
        if "check" in request:
            _say(self._connections[one], {"fresh": self._files == loaded_files(self._config)})
            return
        ours = {self._listener.fileno(), *self._connections, *self._children}
        reason = "coverage is measured" if measures_coverage(self._config) else why_not(ours)
        if reason:
            _say(self._connections[one], {"refused": reason})
            return
        pid = _fork()
        if pid == 0:
            self._leave()
            if "ahead" in request:
                _be_ahead(self._config, request, self._go_ahead)
            raise Forked(_become(self._config, request))
        self._children[os.pidfd_open(pid)] = (pid, one)
        _say(self._connections[one], {"pid": pid})

    def _leave(self) -> None:
        """What is the parent's is closed in the child."""
        for descriptor in (*self._children, *self._connections, self._listener.fileno()):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._listener.detach()
        for connection in self._connections.values():
            connection.detach()


def _be_ahead(config: pytest.Config, request: dict[str, Any], go_ahead: Callable[[str], bool]) -> None:
    """The child serves at a socket of its own, or is gone where the file's imports do not allow that."""
    global _STARTED
    _STARTED = time.time_ns()
    os.setsid()
    try:
        is_ready = go_ahead(request["ahead"]) and not why_not(set())
    except BaseException:  # noqa: BLE001 - an import may raise anything; the file's own run will tell
        is_ready = False
    if not is_ready:
        os._exit(1)
    serve(config, f"{request['folder']}/fork", go_ahead)


def why_not(ours: set[int]) -> str:
    """Why a fork is not safe now; empty where it is. ``ours`` are descriptors that the child closes."""
    threads = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if threads:
        return f"the thread `{threads[0]}` runs"
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names
        with contextlib.suppress(OSError):
            if int(name) not in ours and os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):  # noqa: PTH115
                return "a socket is open"
    return ""


def loaded_files(config: pytest.Config) -> dict[str, object]:
    """What tells each loaded file from a changed one, and which conftest files and modules could be loaded instead.

    A file that changed while this process started is never the same again: it may have been read before.
    """
    root = str(config.rootpath)
    names = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
    names.update(f"{root}/{name}" for name in _CONFIGURATION)
    names.add(str(config.inipath or ""))
    found: dict[str, object] = {name: _identity(name) for name in names if name}
    for folder in (root, *_folders_of_project(root)):
        found[f"{folder}/"] = _modules_in(folder)
    return found


def _identity(name: str) -> object:
    try:
        status = os.stat(name)  # noqa: PTH116 - a thousand of them at each call of a warm runner
    except OSError:
        return None
    if max(status.st_mtime_ns, status.st_ctime_ns) > _STARTED:
        return time.monotonic_ns()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _folders_of_project(root: str) -> list[str]:
    """Where imports look first that is the project's own."""
    return [each for each in dict.fromkeys(sys.path) if each.startswith(root) and "site-packages" not in each]


def _modules_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if (entry.name.endswith(".py") and not entry.name.startswith("test_"))
                or (entry.name.isidentifier() and entry.name != "__pycache__" and entry.is_dir())
            )
    except OSError:
        return []


def _fork() -> int:
    import gc

    gc.collect()
    gc.freeze()
    return os.fork()


def _become(config: pytest.Config, request: dict[str, Any]) -> Channel:
    """The child takes the place that a new process would have: session, streams, environment, capture files."""
    os.setsid()
    folder = request["folder"]
    manager: Any = config.pluginmanager.get_plugin("capturemanager")
    captures = manager is not None and manager._global_capturing is not None
    if captures:
        manager.stop_global_capturing()
    output = os.open(f"{folder}/output", os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    given = {**request["environment"], **_set_since()}
    for name in [name for name in _AT_START if name not in os.environ]:
        given.pop(name, None)
    os.environ.clear()
    os.environ.update(given)
    if captures:
        manager.start_global_capturing()
    _answer_with_stacks(folder, request["signal"])
    if "random" in sys.modules:
        sys.modules["random"].seed()
    return Channel(folder, request["number"])


def _set_since() -> dict[str, str]:
    """What conftest files, plugins and imports have set."""
    return {name: value for name, value in os.environ.items() if _AT_START.get(name) != value}


_kept: list[object] = []


def _answer_with_stacks(folder: str, number: int) -> None:
    import faulthandler

    file = open(f"{folder}/stacks", "ab")  # noqa: SIM115 - for as long as the process lives
    _kept.append(file)
    faulthandler.register(number, file=file, all_threads=True)
    if faulthandler.is_enabled():
        errors = os.fdopen(os.dup(2), "w")
        _kept.append(errors)
        faulthandler.enable(file=errors)


def _line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        try:
            more = connection.recv(65536)
        except OSError:
            return b""
        if not more:
            return b""
        data += more
    return data


def _say(connection: socket.socket | None, message: dict[str, Any]) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.sendall(json.dumps(message).encode() + b"\n")
