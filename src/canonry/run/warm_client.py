"""The short way of `canonry run` where a warm process waits. Imports os, sys and socket, and nothing else."""

import os
import socket
import sys

FOLDER = ".canonry/warm"
"""Below the root of the tree; only its owner may enter."""
RUN, ASK, END = "run", "ask", "end"
"""What a caller wants: to be served, to know whether it would be, or the end of the warm process."""
_BUG, _INTERRUPTED = 3, 130


def run_warm(arguments: list[str]) -> int | None:
    """The exit status of the command as the warm process ran it; None where there is none, or it does not suit.

    The process gets our arguments, folder, environment and standard streams, and does with them what we would do.
    """
    folder = _folder()
    if folder is None:
        return None
    try:
        connection = connect(folder)
    except OSError:
        return None
    with connection:
        return _call(connection, arguments)


def connect(folder: str) -> socket.socket:
    """A connection to the warm process of this folder. Raises `OSError`, also where others may enter the folder."""
    status = os.stat(folder)  # noqa: PTH116 - pathlib costs more than all of this
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(f"{folder}/socket")
    except OSError:
        connection.close()
        raise
    return connection


def send(connection: socket.socket, wish: str, arguments: list[str]) -> None:
    """Tells the warm process who calls, from where, and what for."""
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    fields = [wish, os.getcwd(), kind(), str(len(arguments)), *arguments, *environment]  # noqa: PTH109
    data = "\0".join(fields).encode("utf-8", "surrogateescape")
    socket.send_fds(connection, [len(data).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(data)


def kind() -> str:
    """What two interpreters must share for one to answer for the other."""
    umask = os.umask(0o077)
    os.umask(umask)
    return repr((sys.version, sys.prefix, sys.flags, sys.warnoptions, sys._xoptions, __file__, umask))


def _folder() -> str | None:
    """The folder of a warm process, here or above, within the repository."""
    up = "./"
    while True:
        if os.path.isdir(up + FOLDER):  # noqa: PTH112
            return up + FOLDER
        if os.path.lexists(f"{up}.git") or os.path.samefile(up, f"{up}.."):  # noqa: PTH121
            return None
        up += "../"


def _call(connection: socket.socket, arguments: list[str]) -> int | None:
    pid = 0
    answer = b""
    while True:
        try:
            if not answer and not pid:
                send(connection, RUN, arguments)
            more = connection.recv(64)
            answer += more
            if not pid and b"\n" in answer:
                first, _, answer = answer.partition(b"\n")
                if not first.startswith(b"P"):
                    return None
                pid = int(first[1:])
            if answer.endswith(b"\n"):
                return int(answer)
            if not more:
                return _lost() if pid else None
        except KeyboardInterrupt:
            if not pid:
                return _INTERRUPTED
            try:
                os.kill(pid, 2)
            except ProcessLookupError:  # it ends as we speak
                continue
        except OSError:
            return _lost() if pid else None


def _lost() -> int:
    """It may have run half of the tests, and have said so: another run now would be a surprise."""
    print("canonry: the process that ran this call was ended; run it again", file=sys.stderr)
    return _BUG


def main() -> int | None:
    """As `run_warm` for the command line, where that is `canonry run` and does not want to be cold."""
    arguments = sys.argv[1:]
    if arguments[:1] != ["run"] or "--cold" in arguments:
        return None
    return run_warm(arguments)
