"""The short way of `canonry run` where a warm process waits. Imports os, sys and socket, and nothing else."""

import os
import socket
import sys

FOLDER = ".canonry/warm"
"""Below the folder that the runner is called in; only its owner may enter."""


def run_warm(arguments: list[str]) -> int | None:
    """The exit status of the command as the warm process ran it; None where there is none, or it does not suit.

    The process gets our arguments, folder, environment and standard streams, and does with them what we would do.
    """
    try:
        status = os.stat(FOLDER)  # noqa: PTH116 - pathlib costs more than all of this
    except OSError:
        return None
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        return None
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(f"{FOLDER}/socket")
            return _call(connection, arguments)
        except OSError:
            return None


def _call(connection: socket.socket, arguments: list[str]) -> int | None:
    environment = [f"{name}={value}" for name, value in os.environ.items()]
    fields = [os.getcwd(), str(len(arguments)), *arguments, *environment]  # noqa: PTH109
    data = "\0".join(fields).encode("utf-8", "surrogateescape")
    socket.send_fds(connection, [len(data).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(data)
    answer = connection.recv(16)
    if not answer.startswith(b"P"):
        return None
    pid = int(answer[1:].split(b"\n")[0])
    while True:
        try:
            end = connection.recv(16)
        except KeyboardInterrupt:
            os.kill(pid, 2)
            continue
        return int(end) if end else 3


def main() -> int | None:
    """As `run_warm` for the command line, where that is `canonry run` and does not speak of warmth itself."""
    arguments = sys.argv[1:]
    if arguments[:1] != ["run"] or any(argument.startswith("--warm") for argument in arguments):
        return None
    return run_warm(arguments)
