"""``python -m canonry.cli._warm ROOT IDLE_SECONDS``: the process that `canonry run --warm` leaves behind. No verb."""

import contextlib
import fcntl
import functools
import gc
import importlib
import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from canonry.run.waiting import WARM_VARIABLE, take_wishes
from canonry.run.warm_client import ASK, END, FOLDER, RUN, kind
from canonry.run.warm_zygotes import Zygotes

_CHANGING = frozenset(
    ("PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "TERM", "WINDOWID", "CANONRY_RUN", "PYTEST_CURRENT_TEST")
)
"""Variables that may differ from call to call."""
_PATIENCE = 5.0
"""Seconds that a caller may need to say what it wants."""
_LOOK = 30.0
"""Seconds between two looks whether anybody could still call."""


class _Call(NamedTuple):
    """What a caller wants, and where it stands."""

    wish: str
    folder: str
    kind: str
    arguments: list[str]
    environment: dict[str, str]


def serve(root: Path, idle: float) -> None:
    """Answers calls until none came for ``idle`` seconds: each is a fork of this process, its workers of zygotes."""
    os.chdir(root)
    with (
        Path(FOLDER, "lock").open("w", encoding="utf-8") as lock,
        tempfile.TemporaryDirectory(prefix="canonry-warm-") as place,
    ):
        if not _is_alone(lock):
            return
        zygotes = Zygotes(Path(place))
        server = _Server(root, Path(place), zygotes)
        try:
            server.run(idle)
        finally:
            zygotes.release()
            if server.is_reachable():
                Path(FOLDER, "socket").unlink(missing_ok=True)


def _is_alone(lock: IO[str]) -> bool:
    """Whether no other serves this folder; one that was told to leave gets time for it."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.02)
    return False


class _Server:
    """The socket, and what is kept between calls."""

    def __init__(self, root: Path, place: Path, zygotes: Zygotes) -> None:
        self._root, self._place, self._zygotes = root, place, zygotes
        path = Path(FOLDER, "socket")
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._inode = path.stat().st_ino
        self._listener.listen(8)
        self._kind = kind()
        self._environment = _lasting(dict(os.environ))
        self._code = _code()
        self._ends = False

    def is_reachable(self) -> bool:
        """Whether callers find this process, and not another or none."""
        try:
            return Path(FOLDER, "socket").stat().st_ino == self._inode
        except OSError:
            return False

    def run(self, idle: float) -> None:
        """Until it is told to end, is not found any more, or has been idle for long."""
        while not self._ends and self._somebody_comes(idle) and self.is_reachable():
            connection = self._listener.accept()[0]
            with contextlib.suppress(OSError, ValueError), connection:
                connection.settimeout(_PATIENCE)
                self._answer(connection)
            _reap()

    def _somebody_comes(self, idle: float) -> bool:
        """Waits for the next call, and learns from those before meanwhile; False after a long time without one."""
        deadline = time.monotonic() + idle
        wait = 0.1
        while time.monotonic() < deadline and self.is_reachable():
            if select.select([self._listener], [], [], min(wait, max(0.0, deadline - time.monotonic())))[0]:
                return True
            _reap()
            for wish in (*take_wishes(Path(FOLDER)), *take_wishes(self._place)):
                self._zygotes.grant(wish)
            _learn(self._place)
            wait = min(2 * wait, _LOOK)
        return False

    def _answer(self, connection: socket.socket) -> None:
        head, streams, _, _ = socket.recv_fds(connection, 8, 3)
        try:
            if len(head) < 8 or len(streams) < 3:
                return
            call = _parse(_read(connection, int.from_bytes(head, "big")))
            if call.wish == END or _code() != self._code:
                self._ends = True
                connection.sendall(b"no\n")
            elif not self._suits(call):
                connection.sendall(b"no\n")
            elif call.wish == ASK:
                connection.sendall(b"yes\n")
            elif call.wish == RUN:
                self._zygotes.refresh()
                if os.fork() == 0:
                    self._listener.close()
                    _run(connection, streams, call, self._place, self._root)
        finally:
            for stream in streams:
                os.close(stream)

    def _suits(self, call: _Call) -> bool:
        return call.kind == self._kind and _lasting(call.environment) == self._environment


def _parse(data: bytes) -> _Call:
    wish, folder, interpreter, count, *rest = data.decode("utf-8", "surrogateescape").split("\0")
    arguments, variables = rest[: int(count)], rest[int(count) :]
    return _Call(wish, folder, interpreter, arguments, dict(each.split("=", 1) for each in variables))


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _learn(place: Path) -> None:
    """What the calls before had to import is imported here, for the next; nothing of the project's."""
    for listed in place.glob("modules-*"):
        names = listed.read_text(encoding="utf-8").split()
        listed.unlink()
        for name in names:
            if name not in sys.modules:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
    fingerprint: Any = sys.modules.get("canonry.run.fingerprint")
    if fingerprint is not None and not hasattr(fingerprint.packages, "cache_info"):
        fingerprint.packages = functools.cache(fingerprint.packages)  # `_code` sees what changes there
        fingerprint.packages()
    gc.collect()
    gc.freeze()


_OURS = sorted(str(path) for path in Path(__file__).parent.parent.rglob("*.py") if "site-packages" not in path.parts)
"""Files of canonry where it is worked on; installed ones change with their folder."""


def _code() -> list[int]:
    """When packages were installed or removed last, and when our own files were changed."""
    folders = [each for each in sys.path if each.endswith("-packages")]
    return [_changed(name) for name in folders] + [_changed(name) for name in _OURS]


def _changed(name: str) -> int:
    try:
        return os.stat(name).st_mtime_ns  # noqa: PTH116 - at each call
    except OSError:
        return 0


def _tell_modules(place: Path, root: str) -> None:
    """For `_learn`. Written under another name first: it may be read at any time."""
    names = [
        name
        for name, module in list(sys.modules.items())
        if name.startswith("canonry.") or not str(getattr(module, "__file__", None) or "").startswith(root)
    ]
    draft = place / f"draft-modules-{os.getpid()}"
    draft.write_text("\n".join(names), encoding="utf-8")
    draft.rename(place / f"modules-{os.getpid()}")


def _run(connection: socket.socket, streams: list[int], call: _Call, place: Path, root: Path) -> NoReturn:
    """The call, in a process of its own that never returns."""
    status = 3
    try:
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(call.folder)
        os.environ.clear()
        os.environ.update(call.environment)
        os.environ[WARM_VARIABLE] = str(place)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _open_streams()
        sys.argv = ["canonry", *call.arguments]
        connection.settimeout(None)
        connection.sendall(f"P{os.getpid()}\n".encode())
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        from canonry.cli import status_of

        status = status_of(call.arguments)
    finally:
        with contextlib.suppress(OSError):
            connection.sendall(f"{status}\n".encode())
        with contextlib.suppress(OSError):
            _tell_modules(place, str(root))
        os._exit(0)


def _open_streams() -> None:
    """As a new interpreter would, with the encodings that it would choose: its environment is ours."""
    names = [(each.encoding, each.errors or "strict") for each in (sys.stdin, sys.stdout, sys.stderr)]
    sys.stdin = open(0, encoding=names[0][0], errors=names[0][1], closefd=False)  # noqa: SIM115
    for number, stream in ((1, "stdout"), (2, "stderr")):
        encoding, errors = names[number]
        opened = open(number, "w", encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115
        opened.reconfigure(line_buffering=number == 2 or os.isatty(number))
        setattr(sys, stream, opened)


def _end_with(connection: socket.socket) -> None:
    """A caller that was killed has its run ended as if it had been told to."""
    with contextlib.suppress(OSError):
        if not connection.recv(1):
            os.kill(os.getpid(), signal.SIGTERM)


def _read(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ValueError("it left in the middle")
        data += more
    return data


def _lasting(environment: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in _CHANGING}


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]))
