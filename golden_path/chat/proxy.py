"""What may stand between a user and the service: a proxy that takes headers away, a line that is cut."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from golden_path.chat.raw import small_socket

HIDDEN = frozenset({b"authorization", b"cookie", b"proxy-authorization", b"x-api-key"})
"""What such proxies take away."""
_CHUNK, _LITTLE = 65536, 256
_ROUNDS = 8
"""Of the loop, from a connection that is accepted until its handler runs."""


@dataclass(slots=True)
class Proxy:
    """Passes connections on to ``host`` and ``port``; ``hidden`` headers of the first request do not arrive."""

    host: str
    port: int
    hidden: Collection[bytes] = ()
    pause: float = 0.0
    """How many seconds pass before each piece of what the service sends is taken."""
    small: bool = False
    """Whether it takes few bytes from the service before that has to wait."""
    address: int = 0
    """The port at which it listens itself."""
    passing: bool = True
    taken: int = 0
    """How many headers were taken away."""
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.address}"

    async def start(self) -> None:
        """Listens, at the same port as before where it did."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.address)
        self.address = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cuts all lines; who connects now is refused."""
        if self._server is not None:
            self._server.close()
            for _ in range(_ROUNDS):  # what is accepted already gets its handler
                await asyncio.sleep(0)
            for writer in list(self._open):
                writer.transport.abort()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task, ends = asyncio.current_task(), [writer]
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            there_reader, there = await self._connected()
            ends.append(there)
            self._open.add(there)
            if self.hidden:
                there.write(self._without(await reader.readuntil(b"\r\n\r\n")))
            await asyncio.gather(_copy(reader, there), _copy(there_reader, writer, self.pause))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one of them left, or the proxy stops
        finally:
            self._tasks.discard(task)
            self._open.difference_update(ends)
            for each in ends:
                each.transport.abort()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not self.small:
            return await asyncio.open_connection(self.host, self.port)
        plain = small_socket()
        try:
            plain.setblocking(False)
            await asyncio.get_running_loop().sock_connect(plain, (self.host, self.port))
            return await asyncio.open_connection(sock=plain, limit=_LITTLE)
        except BaseException:  # whatever it was, the socket is closed; raised again
            plain.close()
            raise

    def _without(self, head: bytes) -> bytes:
        lines = head.split(b"\r\n")
        kept = [line for line in lines if line.partition(b":")[0].strip().lower() not in self.hidden]
        self.taken += len(lines) - len(kept)
        return b"\r\n".join(kept)


@contextlib.asynccontextmanager
async def proxied(
    url: str, *, hidden: Collection[bytes] = (), pause: float = 0.0, small: bool = False
) -> AsyncIterator[Proxy]:
    """A proxy in front of an address."""
    parts = urlsplit(url)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 80, hidden, pause, small)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float = 0.0) -> None:
    while data := await reader.read(_LITTLE if pause else _CHUNK):
        await asyncio.sleep(pause)
        writer.write(data)
        await writer.drain()
    writer.transport.abort()
