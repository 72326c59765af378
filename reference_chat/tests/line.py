"""A line to a service that can be cut, or go silent."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import TypeVar
from urllib.parse import urlsplit

_T = TypeVar("_T")


def over_a_line(url: str, stack: ExitStack) -> tuple["Line", str]:
    """A line to a service, and the service's URL over it."""
    line = Line(url)
    stack.callback(line.close)
    parts = urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return line, parts._replace(netloc=credentials + at + line.url.removeprefix("http://")).geturl()


class Line:
    """A TCP line to a service, in a thread of its own: `cut` ends what is open and lets nothing through, `freeze` is silent.

    Sockets are plain ones that belong to the task of their connection, and are closed when it ends, whether it ever
    began or not: a transport of asyncio that is cancelled while it is made is left to the garbage collector.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname, parts.port)
        self._loop = asyncio.new_event_loop()
        self._links: dict[asyncio.Task[None], list[socket.socket]] = {}
        self._down = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._listening.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._loop.call_soon_threadsafe(self._loop.add_reader, self._listening, self._accept)

    def cut(self) -> None:
        """Ends every connection, and every one that comes."""
        self._do(self._set(down=True, flows=True))

    def freeze(self) -> None:
        """Lets no byte through, and closes nothing: a half-open line."""
        self._do(self._set(down=False, flows=False))

    def mend(self) -> None:
        """Lets connections through again; those that were open while it was frozen stay as they are."""
        self._do(self._set(down=False, flows=True))

    def close(self) -> None:
        """Ends the line and its thread."""
        self._loop.call_soon_threadsafe(self._loop.remove_reader, self._listening)
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        self._listening.close()

    def _do(self, coroutine: Coroutine[None, None, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=20)

    async def _set(self, *, down: bool, flows: bool) -> None:
        self._down = down
        if flows:
            self._flows.set()
        else:
            self._flows.clear()
        if down:
            tasks = list(self._links)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            near, _ = self._listening.accept()
            if self._down:
                near.close()
                return
            task = self._loop.create_task(self._connected(near))
            self._links[task] = [near]
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        for end in self._links.pop(task):
            end.close()

    async def _connected(self, near: socket.socket) -> None:
        far = socket.socket()
        task = asyncio.current_task()
        assert task is not None
        self._links[task].append(far)
        for end in (near, far):
            end.setblocking(False)
        with contextlib.suppress(OSError):  # a service that is not there ends the connection
            await self._loop.sock_connect(far, self._target)
            both = [asyncio.create_task(self._pass(*ends)) for ends in ((near, far), (far, near))]
            try:
                await asyncio.gather(*both)
            finally:
                for each in both:
                    each.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    async def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        while data := await self._loop.sock_recv(source, 65_536):
            await self._flows.wait()
            await self._loop.sock_sendall(sink, data)
        sink.shutdown(socket.SHUT_WR)
