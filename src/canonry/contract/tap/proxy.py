"""The tap itself: a server on loopback, each of whose connections has one to the target.

A direction is read, heard, written and waited for in turn, so that no more of it is held than one piece: a slow reader
slows its writer down, as it would without a tap.
"""

import asyncio
import contextlib
import ssl
import time
from urllib.parse import urlsplit

import msgspec

from canonry.contract.tap.heard import Connection
from canonry.contract.tap.watch import Talk, Watch
from canonry.model.errors import UserError

_PIECE = 64 * 1024
_CONNECT = 10.0
_TRIES, _BETWEEN = 3, 0.3
_SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}


class Target(msgspec.Struct, frozen=True):
    """Where the service is. ``host`` is what clients name it by."""

    name: str
    port: int
    tls: bool
    host: str


def read_target(url: str) -> Target:
    """Return the target that a URL names. Raises UserError for one that names none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise UserError(f"`--target {url}` names no service; expected a URL such as `http://127.0.0.1:8000`")
    if parts.path not in ("", "/") or parts.query:
        raise UserError(
            f"`--target {url}` has a path, which the clients say themselves; give `{parts.scheme}://{parts.netloc}`"
        )
    tls = _SCHEMES[parts.scheme]
    return Target(parts.hostname, port or (443 if tls else 80), tls, parts.netloc.rpartition("@")[2])


class Tap:
    """A proxy that is heard by a `Watch`. ``stopped`` says why it ended."""

    def __init__(self, target: Target, watch: Watch, *, paths: tuple[str, ...] = (), most: int | None = None) -> None:
        self._target, self._watch, self._paths, self._most = target, watch, paths, most
        self._began = time.monotonic()
        self._open: set[asyncio.Task[None]] = set()
        self._grouped: dict[str, Talk] = {}
        self._server: asyncio.Server | None = None
        self._over = asyncio.Event()
        self.stopped = ""
        self.moved = time.monotonic()
        self._bug: BaseException | None = None

    async def start(self, port: int) -> int:
        """Listens on loopback; returns the port. Raises UserError where it is taken, or the target does not answer."""
        try:
            _, writer = await self._connect()
        except (OSError, TimeoutError) as error:
            raise UserError(
                f"nothing answers at `{self._target.host}` ({_reason(error)}); start the service, or name another one "
                "with `--target`"
            ) from None
        writer.close()
        try:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=_PIECE)
        except OSError as error:
            raise UserError(
                f"port {port} cannot be listened on ({_reason(error)}); name another `--port`, or 0 for a free one"
            ) from None
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self, why: str) -> None:
        """Ends the tap; the first reason counts."""
        if not self._over.is_set():
            self.stopped = why
            self._over.set()

    async def run(self, *, until_idle: float | None = None) -> None:
        """Passes on until `stop`, or until nothing moved for ``until_idle`` seconds; then ends all connections."""
        while not self._over.is_set():
            left = None if until_idle is None else self.moved + until_idle - time.monotonic()
            if left is not None and left <= 0:
                self.stop(f"nothing moved for {until_idle:g} s")
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), left)
        assert self._server is not None
        self._server.close()
        for task in list(self._open):
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)
        if self._bug is not None:
            raise self._bug

    def _now(self) -> float:
        self.moved = time.monotonic()
        return self.moved - self._began

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = ssl.create_default_context() if self._target.tls else None
        name = self._target.name if self._target.tls else None
        return await asyncio.wait_for(
            asyncio.open_connection(
                self._target.name, self._target.port, ssl=context, server_hostname=name, limit=_PIECE
            ),
            _CONNECT,
        )

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._most is not None and len(self._open) >= self._most:
            await _refuse(writer, "503 Service Unavailable", f"this tap has {self._most} connections open already")
            return
        self._open.add(task)
        task.add_done_callback(self._left)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:  # the tap ends
            writer.close()

    def _left(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._bug = error
            self.stop("of a bug")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, asks = await self._connect()
        except (OSError, TimeoutError) as error:
            await _refuse(writer, "502 Bad Gateway", f"the target of this tap does not answer ({_reason(error)})")
            await self._look_for_target()
            return
        heard = Connection(self._watch, host=self._target.host, paths=self._paths, grouped=self._grouped)
        both = (
            asyncio.create_task(self._ask(reader, asks, heard)),
            asyncio.create_task(self._answer(answers, writer, heard)),
        )
        try:
            await asyncio.gather(*both)
            if heard.is_cut:
                await self._look_for_target()
        except OSError:
            # one of them went away in the middle, and so does the other: without a farewell that nobody said
            for each in (asks, writer):
                each.transport.abort()
            await self._look_for_target()
        finally:
            for pump in both:
                pump.cancel()
            heard.end(time.monotonic() - self._began)
            for each in (asks, writer):
                each.close()

    async def _ask(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, heard: Connection) -> None:
        """Passes on what the client sends."""
        while chunk := await source.read(_PIECE):
            sink.write(heard.sent(chunk, self._now()))
            await sink.drain()
        sink.write(heard.unsent())
        _finish(sink)

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, heard: Connection) -> None:
        """Passes on what the target sends, and hears it only then: nobody waits for a verdict."""
        while chunk := await source.read(_PIECE):
            at = self._now()
            sink.write(chunk)
            heard.received(chunk, at)
            await sink.drain()
        _finish(sink)

    async def _look_for_target(self) -> None:
        """Ends the tap when the target is gone for good."""
        for _ in range(_TRIES):
            try:
                _, writer = await self._connect()
            except (OSError, TimeoutError):
                await asyncio.sleep(_BETWEEN)
            else:
                writer.close()
                return
        self.stop("the target is gone")


def _finish(sink: asyncio.StreamWriter) -> None:
    """Says that no more comes, as it was said here; TLS has no way to say only that."""
    if sink.is_closing():
        return
    if sink.can_write_eof():
        sink.write_eof()
    else:
        sink.close()


async def _refuse(writer: asyncio.StreamWriter, status: str, why: str) -> None:
    body = f"canonry: {why}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    with contextlib.suppress(OSError):
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {_CONNECT:g} s"
    return (getattr(error, "strerror", "") or str(error)).lower() if isinstance(error, OSError) else str(error)
