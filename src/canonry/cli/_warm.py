"""``python -m canonry.cli._warm ROOT``: the process that `canonry run --warm` leaves behind. No verb."""

import contextlib
import functools
import gc
import importlib
import os
import select
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from canonry.run.controller.host import write_start
from canonry.run.controller.loop import WARM_VARIABLE
from canonry.run.warm_client import FOLDER
from canonry.run.zygote import Refused, Zygote

_IDLE = 1800.0
"""Seconds without a call after which it leaves."""
_CHANGING = frozenset(("PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "TERM", "WINDOWID"))


def serve(root: Path) -> None:
    """Answers calls until nobody comes any more. Each is a fork of this process, and its workers of the zygote."""
    os.chdir(root)
    with tempfile.TemporaryDirectory(prefix="canonry-warm-") as place:
        zygote = _zygote(root, Path(place))
        path = Path(FOLDER, "socket")
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        mine = path.stat().st_ino
        installed = _installed()
        listener.listen(8)
        while _somebody_comes(listener, Path(place)):
            if not path.exists() or path.stat().st_ino != mine or _installed() != installed:
                break
            connection = listener.accept()[0]
            with contextlib.suppress(OSError, ValueError), connection:
                zygote = _answer(connection, listener, zygote, root, Path(place))
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
        zygote.close()
        path.unlink(missing_ok=True)


def _somebody_comes(listener: socket.socket, place: Path) -> bool:
    """Waits for the next call, and learns from those before meanwhile; False after a long time without one."""
    for wait in (0.2, 1.0, _IDLE):
        if select.select([listener], [], [], wait)[0]:
            return True
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        _learn(place)
    return False


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
        fingerprint.packages = functools.cache(fingerprint.packages)  # `_installed` sees what changes there
        fingerprint.packages()
    gc.collect()
    gc.freeze()


def _installed() -> list[int]:
    """When packages were installed or removed last."""
    return [
        Path(folder).stat().st_mtime_ns for folder in sys.path if folder.endswith("-packages") and Path(folder).is_dir()
    ]


def _tell_modules(place: Path, root: str) -> None:
    """For `_learn`. Written under another name first: it may be read at any time."""
    names = [
        name
        for name, module in list(sys.modules.items())
        if name.startswith("canonry.") or not str(getattr(module, "__file__", None) or "").startswith(root)
    ]
    draft = place / f"draft-{os.getpid()}"
    draft.write_text("\n".join(names), encoding="utf-8")
    draft.rename(place / f"modules-{os.getpid()}")


def _zygote(root: Path, place: Path) -> Zygote:
    folder = Path(tempfile.mkdtemp(prefix="zygote-", dir=place))
    write_start(
        folder, root=str(root), paths=(), arguments=(f"--rootdir={root}",), workers=1, memory=None, environment={}
    )
    return Zygote(folder)


def _answer(connection: socket.socket, listener: socket.socket, zygote: Zygote, root: Path, place: Path) -> Zygote:
    """Serves one call; the zygote for the next."""
    head, streams, _, _ = socket.recv_fds(connection, 8, 3)
    if not head:
        return zygote
    try:
        fields = _read(connection, int.from_bytes(head, "big")).decode("utf-8", "surrogateescape").split("\0")
        count = int(fields[1])
        arguments = fields[2 : 2 + count]
        environment = dict(field.split("=", 1) for field in fields[2 + count :])
        if fields[0] != str(root) or _lasting(environment) != _lasting(dict(os.environ)):
            connection.sendall(b"no\n")
            return zygote
        zygote = _fresh(zygote, root, place)
        pid = os.fork()
        if pid == 0:
            listener.close()
            _run(connection, streams, arguments, environment, zygote.folder, root)
        return zygote
    finally:
        for stream in streams:
            os.close(stream)


def _fresh(zygote: Zygote, root: Path, place: Path) -> Zygote:
    with contextlib.suppress(Refused):
        if zygote.is_fresh():
            return zygote
    zygote.close()
    return _zygote(root, place)


def _run(
    connection: socket.socket,
    streams: list[int],
    arguments: list[str],
    environment: dict[str, str],
    folder: Path,
    root: Path,
) -> None:
    """The call, in a process of its own that never returns."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(environment)
    os.environ[WARM_VARIABLE] = str(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["canonry", *arguments]
    connection.sendall(f"P{os.getpid()}\n".encode())
    status = 3
    try:
        from canonry.cli import main

        main()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 0 if left.code is None else 1
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        with contextlib.suppress(OSError):
            connection.sendall(f"{status}\n".encode())
            connection.close()
        with contextlib.suppress(OSError):
            _tell_modules(folder.parent, str(root))
        os._exit(0)


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
    serve(Path(sys.argv[1]))
