"""The endpoint on a loopback port of its own, beside whatever else this process does."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp


class EmbeddedServer:
    """Serves an application on a port until `stop`; takes no signal, for they belong to the process around it."""

    def __init__(self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0) -> None:
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none", loop="asyncio")
        self._server = _Server(config)
        self._socket = socket.create_server((host, port), backlog=2048)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is: the base URL of the API."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self) -> None:
        """Returns when it takes requests."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="embedded model")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise RuntimeError("the embedded model ended before it began")
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """Drops what is open, and returns when the port is free."""
        if self._task is not None:
            self._server.leave()
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leave = asyncio.Event()

    def leave(self) -> None:
        self.should_exit = self.force_exit = True
        self._leave.set()

    async def main_loop(self) -> None:
        """uvicorn's, which looks ten times a second whether it is to end; here whoever ends it says so."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 10
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._leave.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
