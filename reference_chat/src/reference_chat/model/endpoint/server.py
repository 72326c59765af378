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
            self._server.should_exit = self._server.force_exit = True
            for connection in list(self._server.server_state.connections):
                connection.transport.abort()
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
