"""A crowd of cheap WebSocket clients: frames are read by hand, so that the driver is not what is measured."""

import asyncio
import base64
import http.client
import json
import os
import time
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

_SAMPLE = 16
"""Of so many events one is timed."""


class Client(asyncio.Protocol):
    """One user's socket. What it received it keeps as ``(run, number)``; terminal events are told to `ended`."""

    def __init__(self, head: bytes, ended: Callable[[], None]) -> None:
        self._head, self._ended = head, ended
        self._data = b""
        self._upgraded = False
        self.greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        self.run = ""
        self.events = 0
        self.last = -1
        self.gaps = 0
        self.delays: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.greeted.done():
            self.greeted.set_exception(ConnectionError("the socket was refused"))
        self._ended()

    def ask(self, text: str) -> None:
        self.last, self.run = -1, ""
        data = json.dumps({"type": "user_message", "text": text}).encode()
        self.transport.write(b"\x81\xfe" + len(data).to_bytes(2, "big") + bytes(4) + data)

    def data_received(self, data: bytes) -> None:
        data = self._data + data
        if not self._upgraded:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._data = data
                return
            self._upgraded, data = True, data[end + 4 :]
        at, size = 0, len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if length == 127 or size - start < length:
                break
            if data[at] == 0x81:
                self._heard(data[start : start + length])
            elif data[at] == 0x89:
                self.transport.write(b"\x8a" + bytes([0x80 | length]) + bytes(4) + data[start : start + length])
            at = start + length
        self._data = data[at:]

    def _heard(self, frame: bytes) -> None:
        place = frame.find(b'"seq":')
        if place < 0:
            if not self.greeted.done():
                self.greeted.set_result(None)
            return
        number = int(frame[place + 6 : frame.index(b",", place)])
        self.gaps += number != self.last + 1
        self.last = number
        self.events += 1
        if number == 0 or number % _SAMPLE == 0:
            event = json.loads(frame)
            self.run = event["run_id"]
            self.delays.append(time.time() - datetime.fromisoformat(event["timestamp"]).timestamp())
        if frame.startswith((b'{"type":"agent_completed"', b'{"type":"agent_error"')):
            self._ended()


class Crowd:
    """So many users of a service, registered and connected."""

    def __init__(self, url: str, count: int) -> None:
        self._address = urlsplit(url)
        self._tokens = [self._token(number) for number in range(count)]
        self.clients: list[Client] = []
        self._left = 0
        self._done = asyncio.Event()

    def _token(self, number: int) -> str:
        email = f"{number}-{os.getpid()}-{time.monotonic_ns()}@example.org"
        self._post("/auth/register", {"email": email, "password": "correct horse", "name": "Ann"})
        return str(self._post("/auth/login", {"email": email, "password": "correct horse"})["access_token"])

    def _post(self, path: str, body: dict[str, str]) -> dict[str, object]:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port or 0, timeout=60)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        read: dict[str, object] = json.loads(answer.read())
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{path}: {read}")
        return read

    async def connect(self) -> None:
        """Opens everybody's socket."""
        loop = asyncio.get_running_loop()
        for token in self._tokens:
            key = base64.b64encode(os.urandom(16)).decode()
            head = (
                f"GET /ws HTTP/1.1\r\nHost: {self._address.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            _, client = await loop.create_connection(
                lambda head=head: Client(head.encode(), self._ended),  # type: ignore[misc]
                self._address.hostname or "",
                self._address.port or 0,
            )
            await client.greeted
            self.clients.append(client)

    async def ask(self, text: str, *, limit: float) -> float:
        """Everybody asks at once; returns the seconds until the last has his answer, or lost his socket."""
        self._left = len(self.clients)
        self._done.clear()
        began = time.perf_counter()
        for client in self.clients:
            client.ask(text)
        async with asyncio.timeout(limit):
            await self._done.wait()
        return time.perf_counter() - began

    def close(self) -> None:
        """Closes everybody's socket."""
        for client in self.clients:
            client.transport.abort()

    def _ended(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._done.set()
