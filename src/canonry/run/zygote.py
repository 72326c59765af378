"""The controller's end of a zygote: a process with a pytest session that forks into workers."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from canonry.run.processes import MARK, Process, identify, kill_tree
from canonry.run.worker.stacks import STACKS_SIGNAL

_PATIENCE = 60.0
"""Seconds that a zygote may need for its imports."""


class Refused(Exception):  # noqa: N818 - an answer
    """There is no fork, and why."""


def can_fork() -> bool:
    """Whether this platform has what a zygote needs."""
    return hasattr(os, "fork") and hasattr(os, "pidfd_open") and Path("/proc/self/fd").is_dir()


class Zygote:
    """Starts one in a folder of its own, which holds `start.json` as a worker's does, or joins one that is there."""

    def __init__(self, folder: Path, *, joins: bool = False) -> None:
        self.folder = folder
        self.mark = f"{folder.parent.name}-zygote"
        self._popen: subprocess.Popen[bytes] | None = None
        self.process: Process | None = None
        self._buffer = b""
        self._statuses: dict[int, int] = {}
        if not joins:
            self._start()
        self._connection: socket.socket | None = None
        self._deadline = time.monotonic() + _PATIENCE
        self._is_lost = False

    def fork(self, folder: Path, number: int, environment: Mapping[str, str]) -> int:
        """The process number of a new worker. Raises `Refused`."""
        connection = self._connected()
        request = {
            "folder": str(folder),
            "number": number,
            "environment": dict(environment),
            "signal": int(STACKS_SIGNAL),
        }
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            connection.settimeout(_PATIENCE)
            while True:
                answer = self._answer()
                if "pid" in answer:
                    return int(str(answer["pid"]))
                if "refused" in answer:
                    raise Refused(str(answer["refused"]))
        except OSError as error:
            raise Refused(f"the zygote does not answer ({error})") from error

    def is_ready(self) -> bool:
        """Whether it has done its imports, and answers. Raises `Refused` where it never will."""
        if self._connection is not None:
            return True
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(f"{self.folder}/fork")
        except OSError:
            connection.close()
            if not self._lives() or time.monotonic() > self._deadline:
                raise Refused("the zygote did not start") from None
            return False
        self._connection = connection
        return True

    def is_fresh(self) -> bool:
        """Whether the files that it has loaded are still those on the disk. Raises `Refused`."""
        connection = self._connected()
        try:
            connection.settimeout(_PATIENCE)
            connection.sendall(b'{"check": 1}\n')
            while True:
                answer = self._answer()
                if "fresh" in answer:
                    return bool(answer["fresh"])
        except OSError as error:
            raise Refused(f"the zygote does not answer ({error})") from error

    def go_ahead(self, folder: Path, path: str) -> None:
        """One more of its kind will serve in this folder, with what a test file imports loaded. Raises `Refused`."""
        connection = self._connected()
        try:
            connection.settimeout(_PATIENCE)
            connection.sendall(json.dumps({"ahead": path, "folder": str(folder)}).encode() + b"\n")
            while True:
                answer = self._answer()
                if "pid" in answer:
                    _write_pid(folder, int(str(answer["pid"])))
                    return
                if "refused" in answer:
                    raise Refused(str(answer["refused"]))
        except OSError as error:
            raise Refused(f"the zygote does not answer ({error})") from error

    @property
    def is_alive(self) -> bool:
        """Whether it can still tell what becomes of its children."""
        return not self._is_lost and (self._popen is None or self._popen.poll() is None)

    def status(self, pid: int) -> int | None:
        """The status of a worker that ended, as `subprocess` tells it; None while nothing says that it has."""
        if pid not in self._statuses and self._connection is not None:
            self._connection.settimeout(0.0)
            with contextlib.suppress(OSError):
                while True:
                    self._answer()
        return self._statuses.get(pid)

    def release(self) -> None:
        """It leaves when nobody uses it any more: workers of another run may be its children."""
        if self._connection is None:
            self.close()
            return
        self._connection.close()
        self._connection = None
        self._is_lost = True

    def close(self) -> None:
        """It is gone, if it was ours."""
        if self._connection is not None:
            self._connection.close()
        if self.process is not None:
            kill_tree(self.process, self.mark)
        if self._popen is not None:
            self._popen.wait()

    def _start(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "canonry.run.worker", str(self.folder), "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, MARK: self.mark},
        )
        self.process = identify(self._popen.pid)
        _write_pid(self.folder, self._popen.pid)

    def _connected(self) -> socket.socket:
        while not self.is_ready():
            time.sleep(0.005)
        assert self._connection is not None
        return self._connection

    def _lives(self) -> bool:
        """Whether the process is there, which may be importing still."""
        if self._popen is not None:
            return self._popen.poll() is None
        try:
            pid = int((self.folder / "pid").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return identify(pid) is not None

    def _answer(self) -> dict[str, object]:
        """The next answer; a worker's status is kept on the way."""
        assert self._connection is not None
        while b"\n" not in self._buffer:
            data = self._connection.recv(65536)
            if not data:
                self._is_lost = True
                raise ConnectionResetError("it is gone")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer: dict[str, object] = json.loads(line)
        if "ended" in answer:
            self._statuses[int(str(answer["ended"]))] = int(str(answer["status"]))
        return answer


def _write_pid(folder: Path, pid: int) -> None:
    """For those that join, so that they wait no longer than it lives."""
    draft = folder / "pid-draft"
    draft.write_text(str(pid), encoding="utf-8")
    draft.rename(folder / "pid")
