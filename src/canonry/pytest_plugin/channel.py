"""The worker's end of the way to its controller: events out, requests in. Never written to by a forked child."""

import contextlib
import fcntl
import mmap
import os
import select
import time

from canonry.model.run_event import RunEvent
from canonry.model.worker_message import Finish, Reply, Request, decode_request, encode_message
from canonry.model.worker_page import BASE, CAPACITY, HEADER, LENGTH, NUMBER, SINCE, SIZE, VERSION

_HIGH = 200
"""Descriptors from here on are out of the way of tests that close low ones."""
_INTERVAL = 50_000_000
"""Nanoseconds that an event may wait for the next before it is written."""


class Channel:
    """Events go into a page that the controller can read, and from there into a pipe, many with one call.

    A test that closes all descriptors does no harm: the page stays mapped, and the pipes have names.
    """

    def __init__(self, folder: str, worker: int) -> None:
        self.worker = worker
        self._folder = folder
        self._pid = os.getpid()
        with open(f"{folder}/page", "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), SIZE)
        self._words = memoryview(self._memory)[:HEADER].cast("Q")
        self._length = 0
        self._base = 0
        self._flushed = time.monotonic_ns()
        self._requests = _opened(f"{folder}/requests", os.O_RDONLY)
        self._requests_are = _identity(self._requests)
        self._events = _opened(f"{folder}/events", os.O_WRONLY)
        self._events_are = _identity(self._events)
        self._unread = b""

    @property
    def is_mine(self) -> bool:
        """Whether this is the process that opened it, and no child of it."""
        return os.getpid() == self._pid

    def emit(self, message: RunEvent | Reply, *, flush: bool = False) -> None:
        """The controller gets the message, now (``flush``) or soon; at the latest when this process is dead."""
        if os.getpid() != self._pid:
            return
        data = encode_message(message)
        if self._length + len(data) > CAPACITY:
            self.flush()
        if len(data) > CAPACITY:
            self._write(data)
            self._base += len(data)
            self._words[BASE] = self._base
            return
        words = self._words
        words[VERSION] += 1
        start = HEADER + self._length
        self._memory[start : start + len(data)] = data
        self._length += len(data)
        words[LENGTH] = self._length
        words[VERSION] += 1
        if flush or time.monotonic_ns() - self._flushed > _INTERVAL:
            self.flush()

    def flush(self) -> None:
        """Everything that was said is in the pipe."""
        if os.getpid() != self._pid:
            return
        self._flushed = time.monotonic_ns()
        if not self._length:
            return
        self._write(self._memory[HEADER : HEADER + self._length])
        words = self._words
        words[VERSION] += 1
        words[LENGTH] = 0  # first: whoever reads between the two must not take the bytes twice
        self._base += self._length
        words[BASE] = self._base
        words[VERSION] += 1
        self._length = 0

    def begin(self) -> None:
        """A test, a collection or a teardown begins: its time limit counts from here."""
        if os.getpid() == self._pid:
            self._words[NUMBER] += 1
            self._words[SINCE] = time.monotonic_ns()

    def end(self) -> None:
        """Nothing runs."""
        if os.getpid() == self._pid:
            self._words[SINCE] = 0

    def next_request(self, *, wait: bool) -> Request | None:
        """What the controller wants next; None where ``wait`` is false and nothing is there yet.

        A controller that is gone wants its workers gone.
        """
        while b"\n" not in self._unread:
            if _identity(self._requests) != self._requests_are:
                self._requests = _opened(f"{self._folder}/requests", os.O_RDONLY)
            if not wait and not select.select([self._requests], [], [], 0)[0]:
                return None
            data = os.read(self._requests, 1 << 20)
            if not data:
                return Finish(now=True)
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return decode_request(line)

    def _write(self, data: bytes) -> None:
        if _identity(self._events) != self._events_are:  # a test closed it, and perhaps opened something else there
            try:
                self._events = _opened(f"{self._folder}/events", os.O_WRONLY)
            except OSError:
                os._exit(1)
            self._events_are = _identity(self._events)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._events, view) :]
        except BrokenPipeError:  # nobody is there to be told anything
            os._exit(1)


def _opened(path: str, flags: int) -> int:
    low = os.open(path, flags | os.O_CLOEXEC)
    try:
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    except OSError:  # a tight limit on descriptors
        return fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(low)


def _identity(descriptor: int) -> tuple[int, int]:
    with contextlib.suppress(OSError):
        status = os.fstat(descriptor)
        return status.st_dev, status.st_ino
    return 0, 0
