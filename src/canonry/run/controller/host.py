"""The controller's end of one worker process: its folder, its pipes, its page, its death."""

import contextlib
import json
import mmap
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from canonry.model.worker_message import Request, encode_message
from canonry.model.worker_page import BASE, HEADER, LENGTH, NUMBER, SINCE, SIZE, VERSION
from canonry.run.controller.stacks import StacksRequest
from canonry.run.processes import MARK, Process, identify, kill_tree, stop
from canonry.run.zygote import Zygote

_TAIL = 64 * 1024
"""Bytes that are kept of what a worker writes outside of every test."""


class Host:
    """One worker process, from its start to its end."""

    def __init__(self, number: int, place: Path) -> None:
        self.number = number
        self.folder = place / f"worker-{number}"
        self.folder.mkdir(mode=0o700)
        self.mark = f"{place.name}-{number}"
        self.output = bytearray()
        self.memory_limit: int | None = None
        self.forked = False
        self.status: int | None = None
        self.process: Process | None = None
        self.popen: subprocess.Popen[bytes] | None = None
        self.pidfd = -1
        self._attached = 0
        self._received = 0
        self._piped = 0
        self._partial = b""
        self._page = _new_page(self.folder / "page")
        self._words = memoryview(self._page)[:HEADER].cast("Q")
        for name in ("events", "requests", "output"):
            os.mkfifo(self.folder / name, 0o600)
        # both ends are ours: a pipe whose other end a test closed is no end of the stream
        self.events = os.open(self.folder / "events", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.requests = os.open(self.folder / "requests", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.printed = os.open(self.folder / "output", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._unsent = b""
        self._zygote: Zygote | None = None
        self.environment: dict[str, str] = {}

    def prepare(
        self,
        *,
        root: str,
        paths: Sequence[str],
        arguments: Sequence[str],
        workers: int,
        memory: int | None,
        environment: Mapping[str, str],
    ) -> None:
        """What the worker reads at its start is in its folder."""
        self.memory_limit = memory
        self.environment = {**environment, MARK: self.mark}
        write_start(
            self.folder,
            root=root,
            paths=paths,
            arguments=arguments,
            workers=workers,
            memory=memory,
            environment=self.environment,
        )

    def fork(self, zygote: Zygote) -> None:
        """The worker is a fork of the zygote. Raises `Refused`."""
        self._zygote = zygote
        self.attach(zygote.fork(self.folder, self.number, {**os.environ, **self.environment}), forked=True)

    def spawn(self) -> None:
        """The worker is a new Python process, in a session of its own."""
        output = os.open(self.folder / "output", os.O_WRONLY | os.O_CLOEXEC)
        try:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "canonry.run.worker", str(self.folder), str(self.number)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, MARK: self.mark},
            )
        finally:
            os.close(output)
        self.attach(self.popen.pid, forked=False)

    def attach(self, pid: int, *, forked: bool) -> None:
        """The worker is the process with this number."""
        self.forked, self._attached = forked, pid
        self.process = identify(pid)
        with contextlib.suppress(OSError, AttributeError):
            self.pidfd = os.pidfd_open(pid)

    @property
    def pid(self) -> int:
        """Its process number, 0 where it has none yet."""
        return self.process.pid if self.process is not None else 0

    def send(self, request: Request) -> None:
        """The worker will read it; `flush_requests` writes what did not fit at once."""
        self._unsent += encode_message(request)
        self.flush_requests()

    def flush_requests(self) -> None:
        """What is not sent yet is sent as far as the pipe has room."""
        while self._unsent:
            try:
                sent = os.write(self.requests, self._unsent)
            except BlockingIOError:
                return
            self._unsent = self._unsent[sent:]

    def read(self) -> list[bytes]:
        """The lines that arrived through the pipe."""
        try:
            data = os.read(self.events, 1 << 20)
        except BlockingIOError:
            return []
        start = self._piped
        self._piped += len(data)
        return self._lines(data[max(0, self._received - start) :])

    def peek(self) -> list[bytes]:
        """The lines that the worker has said and not yet written; they are not read again later.

        Only what a worker that stands still has said is taken, or all of it where the worker is dead.
        """
        for _ in range(100):
            before = self._words[VERSION]
            base, length = self._words[BASE], self._words[LENGTH]
            start = self._received - base
            if not 0 <= start <= length:  # the pipe holds what comes before
                return []
            data = self._page[HEADER + start : HEADER + length]
            if self._words[VERSION] == before and (before % 2 == 0 or self.status is not None):
                return self._lines(data)
        return []

    def drain(self) -> list[bytes]:
        """Everything that a dead worker has said."""
        lines: list[bytes] = []
        while got := self.read_some():
            lines += got[1]
        return lines + self.peek()

    def read_some(self) -> tuple[int, list[bytes]] | None:
        """One read of the pipe; None where it is empty."""
        before = self._piped
        lines = self.read()
        return (self._piped - before, lines) if self._piped > before else None

    def read_output(self) -> bytes:
        """What it printed outside of tests, as far as it is there; the end of it is kept in ``output``."""
        try:
            data = os.read(self.printed, 1 << 18)
        except BlockingIOError:
            return b""
        self.output += data
        if len(self.output) > 2 * _TAIL:
            del self.output[: len(self.output) - _TAIL]
        return data

    @property
    def since(self) -> tuple[int, float]:
        """The number of what runs, and for how many seconds it has; 0 where nothing runs."""
        number, since = self._words[NUMBER], self._words[SINCE]
        return number, max(0.0, (time.monotonic_ns() - since) / 1e9) if since else 0.0

    def poll(self) -> bool:
        """Whether it is dead; then ``status`` is as `subprocess` tells it (negative: a signal)."""
        if self.status is None and self.popen is not None:
            self.status = self.popen.poll()
        elif self.status is None and self.forked and self._zygote is not None and self._is_gone():
            status = self._zygote.status(self._attached)
            self.status = -9 if status is None and not self._zygote_lives() else status
        return self.status is not None

    def _is_gone(self) -> bool:
        if self.pidfd < 0:  # it was dead and waited for by the zygote before anybody could look at it
            return self.process is None or identify(self.process.pid) != self.process
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def _zygote_lives(self) -> bool:
        assert self._zygote is not None
        return self._zygote.is_alive

    def kill(self) -> None:
        """It and all that it started are ended; `poll` tells when."""
        if self.process is not None:
            kill_tree(self.process, self.mark)

    def halt(self) -> bool:
        """Whether it stands still between two words, so that it has said all that happened; `resume` lets it on."""
        if self.process is None or not stop(self.process):
            return False
        if self._words[VERSION] % 2:
            self.resume()
            return False
        return True

    def resume(self) -> None:
        """It goes on."""
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGCONT)

    def ask_stacks(self) -> StacksRequest:
        """Asks what its threads do at this moment."""
        return StacksRequest(self.pid, self.folder / "stacks", self.since[0])

    def close(self) -> None:
        """Nothing of it is left behind; whatever outlived it is ended."""
        if self.process is not None:
            kill_tree(self.process, self.mark)
        for descriptor in (self.events, self.requests, self.printed, self.pidfd):
            if descriptor >= 0:
                os.close(descriptor)
        self.pidfd = -1
        self._words.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lines(self, data: bytes) -> list[bytes]:
        self._received += len(data)
        if not data:
            return []
        lines = (self._partial + data).split(b"\n")
        self._partial = lines.pop()
        return lines


def write_start(
    folder: Path,
    *,
    root: str,
    paths: Sequence[str],
    arguments: Sequence[str],
    workers: int,
    memory: int | None,
    environment: Mapping[str, str],
) -> None:
    """What a worker or a zygote reads first."""
    start = {
        "root": root,
        "paths": list(paths),
        "arguments": list(arguments),
        "workers": workers,
        "memory": memory,
        "environment": dict(environment),
    }
    (folder / "start.json").write_text(json.dumps(start), encoding="utf-8")


def _new_page(path: Path) -> mmap.mmap:
    with path.open("w+b") as file:
        file.truncate(SIZE)
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, SIZE)  # a full disk is told now, not as SIGBUS later
        return mmap.mmap(file.fileno(), SIZE)
