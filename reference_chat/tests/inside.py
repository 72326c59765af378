"""Services in this process, as many as a test needs, and clients that are their sockets' other end without a network."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from reference_chat.auth.accounts import Session
from reference_chat.ids import new_id
from reference_chat.service import Service
from reference_chat.settings import Settings

_PATIENCE = 20.0


@contextlib.asynccontextmanager
async def inside(folder: Path, **given: Any) -> AsyncIterator[Service]:
    """A service that has started."""
    settings = {"secret_key": "k" * 64, "data_dir": str(folder), "argon2_memory": 64, "argon2_time": 1, **given}
    service = Service(Settings(**settings))
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def logged_in(service: Service) -> Session:
    """The session of a new user."""
    email = f"{new_id('u')}@example.org"
    await service.accounts.register(email, "correct horse", "Ann")
    return await service.accounts.log_in(email, "correct horse")


class Client:
    """A client of `service.sockets`: what it is sent, and how it was closed."""

    def __init__(self, service: Service, session: Session, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.frames: list[dict[str, Any]] = []
        self.accepted = False
        self.closed: int | None = None
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "headers": [(b"authorization", f"Bearer {session.access_token}".encode()), *headers],
            "subprotocols": [],
            "query_string": b"",
            "extensions": {"reference_chat.write": self._write, "reference_chat.abort": self.leave},
        }
        self.task = asyncio.create_task(service.sockets(scope, self._said.get, self._send))

    def say(self, type: str, **fields: object) -> None:
        """Sends a message."""
        self._said.put_nowait({"type": "websocket.receive", "text": json.dumps({"type": type, **fields})})

    def leave(self) -> None:
        """Ends the connection."""
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1006})

    def of_runs(self) -> list[dict[str, Any]]:
        """The events of runs that came."""
        return [frame for frame in self.frames if "run_id" in frame]

    async def end(self, number: int = 1) -> list[dict[str, Any]]:
        """The events of runs, when so many terminal ones came."""
        await until(lambda: sum(map(_ends, self.frames)) >= number)
        return self.of_runs()

    async def ready(self) -> "Client":
        """When it has been greeted."""
        await until(lambda: bool(self.frames))
        return self

    async def _write(self, frames: Sequence[bytes]) -> None:
        self.frames += map(json.loads, frames)

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.accepted |= message["type"] == "websocket.accept"
        if message["type"] == "websocket.close":
            self.closed = message["code"]
            self.leave()


@contextlib.asynccontextmanager
async def connected(service: Service, session: Session) -> AsyncIterator[Client]:
    """A client that has been greeted; it leaves at the end."""
    client = Client(service, session)
    try:
        yield await client.ready()
    finally:
        client.leave()
        await client.task


async def until(happens: Callable[[], bool], limit: float = _PATIENCE) -> None:
    """Returns when it does; what does not happen fails."""
    deadline = time.monotonic() + limit
    while not happens():
        assert time.monotonic() < deadline, "it does not happen"
        await asyncio.sleep(0.01)


def _ends(frame: dict[str, Any]) -> bool:
    return frame["type"] in ("agent_completed", "agent_error") and "step_id" not in frame
