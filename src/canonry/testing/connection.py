"""A real WebSocket connection of a test: everything that arrives is kept with its time, and every wait has a limit."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from canonry.model.errors import UserError

if TYPE_CHECKING:
    import asyncio

    from websockets.asyncio.client import ClientConnection

_SHOWN = 5
"""How many of the last messages a failure shows."""


class NotReceivedError(AssertionError):
    """What a test waited for did not come, or something came where nothing was due."""


class HandshakeError(ConnectionError):
    """The server refuses the connection. ``status`` is its HTTP status, 0 where it gave none."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that arrived. ``at`` is of the monotonic clock, ``wall`` since the epoch, both in seconds."""

    data: str | bytes
    at: float
    wall: float
    number: int
    """Its place among all that the connection received, from 1."""

    def json(self) -> Any:
        """The value that it holds. Raises NotReceivedError where it is no JSON."""
        try:
            return json.loads(self.data)
        except ValueError as error:
            raise NotReceivedError(f"message {self.number} is no JSON: {self.data[:200]!r}") from error


Observer = Callable[["RealConnection", Received], None]
"""Is called for every message as it arrives, before a test sees it. What it raises, the test's next wait raises."""


class RealConnection:
    """A client's side of a WebSocket. `open` it, and `close` it; both may be awaited once more without harm."""

    def __init__(
        self,
        url: str,
        *,
        user: str = "",
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        on_receive: Sequence[Observer] = (),
    ) -> None:
        self.url, self.user = url, user
        self.headers, self.subprotocols = dict(headers or {}), tuple(subprotocols)
        self.on_receive = list(on_receive)
        self.received: list[Received] = []
        self._read = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._arrived: asyncio.Event | None = None
        self._raised: BaseException | None = None

    async def __aenter__(self) -> "RealConnection":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def is_open(self) -> bool:
        """Whether it was opened, and neither side closed it."""
        return self._socket is not None and self.close_code is None

    @property
    def subprotocol(self) -> str | None:
        """What both sides agreed on."""
        return None if self._socket is None else self._socket.subprotocol

    @property
    def close_code(self) -> int | None:
        """Why it was closed (RFC 6455, 7.4; 1006 where the connection broke), None while it is open."""
        return None if self._socket is None else self._socket.close_code

    @property
    def close_reason(self) -> str:
        """What the closing side said."""
        return (self._socket.close_reason or "") if self._socket is not None else ""

    async def open(self, *, limit: float = 5.0) -> None:
        """Connects. Raises HandshakeError where the server refuses, or does not answer within ``limit`` seconds."""
        if self._socket is not None:
            return
        import asyncio

        self._socket = await _connected(self, limit)
        self._arrived = asyncio.Event()
        self._reader = asyncio.create_task(self._read_all(self._socket), name=f"reads {self.url}")

    async def send(self, message: Any) -> None:
        """Sends text and bytes as they are, and any other value as JSON. Raises NotReceivedError where it is closed."""
        from websockets.exceptions import ConnectionClosed

        data = message if isinstance(message, (str, bytes)) else json.dumps(message)
        try:
            await self._opened().send(data)
        except ConnectionClosed:
            raise NotReceivedError(f"nothing can be sent: {self._ended()}") from None

    async def receive(self, *, limit: float = 5.0) -> Received:
        """The next message. Raises NotReceivedError where none comes within ``limit`` seconds, or it is closed."""
        deadline = time.monotonic() + limit
        while self._read >= len(self.received):
            self._raise_what_was_raised()
            if not await self._change(deadline):
                raise NotReceivedError(f"no message within {limit:g} s; {self._so_far()}")
        self._raise_what_was_raised()
        self._read += 1
        return self.received[self._read - 1]

    async def receive_json(self, *, limit: float = 5.0) -> Any:
        """The value of the next message."""
        return (await self.receive(limit=limit)).json()

    async def receive_until(self, wanted: Callable[[Received], bool], *, limit: float = 5.0) -> list[Received]:
        """The next messages up to the first that is wanted; ``limit`` seconds are for all of them.

        Raises NotReceivedError, with what came instead.
        """
        deadline, first = time.monotonic() + limit, self._read
        while True:
            try:
                message = await self.receive(limit=max(deadline - time.monotonic(), 0.0))
            except NotReceivedError as error:
                passed = self._read - first
                raise NotReceivedError(
                    f"the message does not come within {limit:g} s, {passed} others did: {error}"
                ) from None
            if wanted(message):
                return self.received[first : self._read]

    async def expect_nothing(self, seconds: float = 0.2) -> None:
        """Returns after so many seconds without a message. Raises NotReceivedError for the first, which stays unread.

        A connection that is closed meanwhile is no silence either.
        """
        deadline = time.monotonic() + seconds
        while True:
            self._raise_what_was_raised()
            if self._read < len(self.received):
                message = self.received[self._read]
                raise NotReceivedError(f"a message came where none was due: {message.data[:200]!r}")
            if not await self._change(deadline):
                return

    async def wait_closed(self, *, limit: float = 5.0) -> int:
        """The code with which the other side closes. Raises NotReceivedError where it stays open."""
        import asyncio

        socket = self._opened()
        try:
            await asyncio.wait_for(socket.wait_closed(), limit)
        except TimeoutError:
            raise NotReceivedError(f"the connection is still open after {limit:g} s; {self._so_far()}") from None
        return socket.close_code or 1006

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes it and waits until nothing of it is left. Raises what an observer raised and nobody saw."""
        if self._socket is None:
            return
        await self._socket.close(code, reason)
        if self._reader is not None:
            await self._reader
            self._reader = None
        self._raise_what_was_raised()

    def drop(self) -> bool:
        """Breaks it off without a word, also where its event loop is gone; whether it was open."""
        import contextlib
        import socket

        if not self.is_open or self._socket is None:
            return False
        with contextlib.suppress(OSError, AttributeError):
            self._socket.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        return True

    async def _read_all(self, socket: "ClientConnection") -> None:
        from websockets.exceptions import ConnectionClosed

        assert self._arrived is not None
        try:
            while True:
                data = await socket.recv()
                message = Received(data=data, at=time.monotonic(), wall=time.time(), number=len(self.received) + 1)
                self.received.append(message)
                for observer in self.on_receive:
                    observer(self, message)
                self._arrived.set()
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001  an observer's; the test sees it at its next wait
            self._raised = error
        finally:
            self._arrived.set()

    async def _change(self, deadline: float) -> bool:
        """Waits until something arrives; whether it did. Raises NotReceivedError where nothing can arrive any more."""
        import asyncio

        self._opened()
        assert self._arrived is not None
        assert self._reader is not None or self.close_code is not None
        if self._reader is None or self._reader.done():
            self._raise_what_was_raised()
            raise NotReceivedError(f"no message can come: {self._ended()}; {self._so_far()}")
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), max(deadline - time.monotonic(), 0.0))
        except TimeoutError:
            return False
        return True

    def _opened(self) -> "ClientConnection":
        if self._socket is None:
            raise NotReceivedError("the connection was never opened; await `open()` first")
        return self._socket

    def _raise_what_was_raised(self) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised

    def _ended(self) -> str:
        reason = f" ({self.close_reason})" if self.close_reason else ""
        return f"the connection is closed with code {self.close_code}{reason}"

    def _so_far(self) -> str:
        if not self.received:
            return "none came before"
        last = ", ".join(repr(message.data[:80]) for message in self.received[-_SHOWN:])
        return f"{len(self.received)} came before, the last of them {last}"


async def _connected(connection: RealConnection, limit: float) -> "ClientConnection":
    try:
        from websockets.asyncio.client import connect
        from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
        from websockets.typing import Subprotocol
    except ModuleNotFoundError as error:
        raise UserError(
            "real WebSocket connections take the package `websockets`; `pip install 'canonry[websocket]'` installs it"
        ) from error
    url = connection.url
    shown = url.partition("?")[0]  # what comes behind may be a ticket
    # Releases before 15 know no proxies; a test's own server is never behind one.
    direct: dict[str, Any] = {"proxy": None} if "proxy" in connect.__init__.__annotations__ else {}
    try:
        return await connect(
            url,
            additional_headers=connection.headers,
            subprotocols=[Subprotocol(each) for each in connection.subprotocols] or None,
            open_timeout=limit,
            close_timeout=2.0,
            max_size=None,
            **direct,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        raise HandshakeError(f"`{shown}` refuses the connection with status {status}", status=status) from error
    except TimeoutError as error:
        raise HandshakeError(f"`{shown}` does not answer within {limit:g} s") from error
    except InvalidURI as error:
        # What it says holds the whole address, and would be shown as the cause.
        raise HandshakeError(f"`{shown}` is no WebSocket: {error.msg}") from None
    except InvalidHandshake as error:
        raise HandshakeError(f"`{shown}` is no WebSocket: {error}") from error
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise HandshakeError(f"`{shown}` cannot be reached: {said}") from error
