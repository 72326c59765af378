"""How the application is served: uvicorn with bounds of our own, one process or several."""

import asyncio
import gc
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from reference_chat.app import create_app
from reference_chat.faults import Faults
from reference_chat.realtime.frames import frame_head
from reference_chat.service import Service
from reference_chat.settings import Settings
from reference_chat.store.schema import open_engine
from reference_chat.store.store import Store
from reference_chat.supervisor import Supervisor

_log = logging.getLogger("reference_chat")


_NOTSENT_LOWAT: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
_UNSENT = 16_384
"""Bytes of a connection that the kernel keeps beyond those on their way; connections that are accepted inherit it."""


def socket_protocol(faults: Faults) -> type[WebSocketsSansIOProtocol]:
    """uvicorn's, which the application can end at once, and which drops half-open connections."""

    class SocketProtocol(WebSocketsSansIOProtocol):
        def handle_connect(self, event: Request) -> None:
            super().handle_connect(event)
            if faults.unlimited("frame"):
                self.conn.max_message_size = None
            if hasattr(self, "scope"):
                extensions: dict[str, Any] = self.scope["extensions"]
                extensions["reference_chat.abort"] = self.transport.abort
                extensions["reference_chat.write"] = self.write_frames

        async def write_frames(self, frames: Sequence[bytes]) -> None:
            """Sends text frames in one write, which `send` does not; returns when more may be sent."""
            if self.close_sent or self.transport.is_closing():
                raise ConnectionError("the connection is closed")
            self.transport.write(b"".join([part for frame in frames for part in (frame_head(frame), frame)]))
            await self.writable.wait()

        def keepalive_timeout(self) -> None:
            """Two beats without an answer: nobody is there to close with."""
            if not faults.on("no_reap"):
                super().keepalive_timeout()
                self.transport.abort()

        def shutdown(self) -> None:
            """The application has closed its sockets; what is left is in a handshake."""
            if not self.handshake_complete:
                super().shutdown()
            elif not self.transport.is_closing():
                self.transport.abort()

    return SocketProtocol


def http_protocol(timeout: float) -> type[H11Protocol]:
    """uvicorn's, which waits `timeout` seconds for the head of a request and no longer."""

    class HttpProtocol(H11Protocol):
        _head: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._head = self.loop.call_later(timeout, self._give_up)

        def data_received(self, data: bytes) -> None:
            cycle: Any = self.cycle  # None before the first request
            if self._head is None and (cycle is None or cycle.response_complete):
                self._head = self.loop.call_later(timeout, self._give_up)
            super().data_received(data)
            if self._head is not None and self.cycle is not cycle:
                self._head.cancel()
                self._head = None

        def connection_lost(self, exc: Exception | None) -> None:
            if self._head is not None:
                self._head.cancel()
            super().connection_lost(exc)

        def _give_up(self) -> None:
            # An upgraded connection has another protocol now, which looks after itself.
            if self.transport.get_protocol() is self and not self.transport.is_closing():
                self.transport.close()

    return HttpProtocol


class Server(uvicorn.Server):
    """Runs end before connections do."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """After SIGTERM."""
        await self._service.drain()
        await super().shutdown(sockets)


def serve(settings: Settings) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # uvicorn writes whole addresses of sockets, tickets included; what it says of errors stays.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    listening = _bound(settings, shared=settings.workers > 1 or settings.shared_port)
    address = f"http://{settings.host}:{listening.getsockname()[1]}"
    if settings.workers > 1:
        supervisor = Supervisor(settings, listening.getsockname()[1])
        return supervisor.run(lambda: write_address(settings.port_file, address))
    if not asyncio.run(_database_answers(settings)):
        _log.error("the database does not answer; start it, or set `CHAT_DATABASE_URL` to one that does")
        return 2
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        http=http_protocol(settings.request_timeout),
        ws=socket_protocol(app.state.service.faults),
        ws_max_size=settings.max_frame,
        ws_ping_interval=settings.heartbeat,
        ws_ping_timeout=settings.heartbeat,
        ws_per_message_deflate=False,
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = Server(config, app.state.service)
    config.load()
    asyncio.run(_serve(server, listening, settings, address))
    return 0


async def _serve(server: Server, listening: socket.socket, settings: Settings, address: str) -> None:
    if settings.lifeline >= 0:
        asyncio.get_running_loop().add_reader(settings.lifeline, lambda: setattr(server, "should_exit", True))

    async def announce() -> None:
        while not server.started:
            await asyncio.sleep(0.01)
        gc.collect()
        gc.freeze()  # what is there now stays: looking through it again and again would hold up everybody for 40 ms
        _log.info("listening at %s as worker %s", address, settings.worker)
        write_address(settings.port_file, address)

    announcing = asyncio.create_task(announce())
    try:
        await server.serve([listening])
    finally:
        announcing.cancel()


async def _database_answers(settings: Settings) -> bool:
    engine = open_engine(settings.database_url)
    try:
        return await Store(engine).answers(limit=10)
    finally:
        await engine.dispose()


def write_address(file: str, address: str) -> None:
    """One line, there at once or not at all."""
    if file:
        unfinished = Path(f"{file}.{os.getpid()}")
        unfinished.write_text(f"{address}\n", encoding="ascii")
        unfinished.replace(file)


def _bound(settings: Settings, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if _NOTSENT_LOWAT is not None:
        # What a slow reader does not take waits here, where it is counted and limited, and not in the kernel (tcp(7)).
        listening.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, _UNSENT)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((settings.host, settings.port))
    return listening
