"""A session that has paid for its imports once, and forks into workers on request."""

import contextlib
import json
import os
import select
import socket
import sys
import threading
from typing import Any

import pytest

from canonry.pytest_plugin.channel import Channel


class Forked(Exception):  # noqa: N818 - no error: the way out of the loop, in the child
    """This process is a new worker."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel


def serve(config: pytest.Config, path: str) -> None:
    """Forks whenever somebody asks at the socket ``path``; raises `Forked` in each child. Ends with its last client.

    A client sends the folder and number of a worker as a line of JSON. The answer is its process number, or why there
    is no fork; later comes a line with the process number and its status.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)
    ours = {listener.fileno()}
    files = _files(config)
    connections: dict[int, socket.socket] = {}
    children: dict[int, tuple[int, int]] = {}
    while True:
        ready: list[int] = select.select([listener.fileno(), *connections, *children], [], [])[0]
        for one in ready:
            if one == listener.fileno():
                connection = listener.accept()[0]
                connections[connection.fileno()] = connection
            elif one in children:
                pid, client = children.pop(one)
                os.close(one)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                _say(connections.get(client), {"ended": pid, "status": status})
            else:
                line = _line(connections[one])
                if not line:
                    connections.pop(one).close()
                    for descriptor, (pid, client) in list(children.items()):
                        if client == one:
                            children[descriptor] = (pid, -1)
                    if not connections:
                        os._exit(0)
                    continue
                request = json.loads(line)
                if "check" in request:
                    _say(connections[one], {"fresh": files == _files(config)})
                    continue
                reason = why_not(ours | set(connections) | set(children))
                if reason:
                    _say(connections[one], {"refused": reason})
                    continue
                pid = _fork()
                if pid == 0:
                    for descriptor in (*children, *connections, listener.fileno()):
                        with contextlib.suppress(OSError):
                            os.close(descriptor)
                    listener.detach()
                    for connection in connections.values():
                        connection.detach()
                    raise Forked(_become(config, request))
                children[os.pidfd_open(pid)] = (pid, one)
                _say(connections[one], {"pid": pid})


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


def _files(config: pytest.Config) -> dict[str, int]:
    """When each file of the project that is loaded, or configures pytest, was changed last."""
    root = str(config.rootpath) + os.sep
    names = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    names += [root + name for name in ("pyproject.toml", "pytest.ini", "pytest.toml", "tox.ini", "setup.cfg")]
    found = {}
    for name in names:
        if name.startswith(root) and f"{os.sep}site-packages{os.sep}" not in name:
            with contextlib.suppress(OSError):
                found[name] = os.stat(name).st_mtime_ns  # noqa: PTH116 - once per call of a warm runner
    return found


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
    kept = {name: value for name, value in os.environ.items() if name.startswith("PYTEST")}
    os.environ.clear()
    os.environ.update({**kept, **request["environment"]})
    if captures:
        manager.start_global_capturing()
    _answer_with_stacks(folder, request["signal"])
    if "random" in sys.modules:
        sys.modules["random"].seed()
    return Channel(folder, request["number"])


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
