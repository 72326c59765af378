"""Connections of well-known libraries, passed through with every frame judged on its way.

None of the libraries is imported: a connection is told by the methods that it has.
"""

import inspect
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Protocol

from canonry.contract.sse import EventStream

_SENDS = ("send", "send_str", "send_text", "send_bytes")
_RECEIVES = ("recv", "receive_str", "receive_text", "receive_bytes")


class Judging(Protocol):
    """What judges the frames of a connection."""

    def receive(self, frame: bytes | str) -> None:
        """Judges a frame that came from the service."""

    def send(self, frame: bytes | str) -> None:
        """Judges a frame that goes to the service."""

    def closed(self, code: int | str | None) -> None:
        """Takes the code with which the connection was closed."""


class Watched:
    """A connection, used as it is; what is no receiving or sending goes to it unchanged."""

    def __init__(self, connection: Any, stream: Judging) -> None:
        self._connection, self._stream = connection, stream

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name in _RECEIVES:
            return self._receiving(found)
        if name in _SENDS:
            return self._sending(found)
        return found

    def __enter__(self) -> "Watched":
        entered = self._connection.__enter__()
        self._connection = entered if entered is not None else self._connection
        return self

    def __exit__(self, *error: Any) -> Any:
        self._closed()
        return self._connection.__exit__(*error)

    async def __aenter__(self) -> "Watched":
        entered = await self._connection.__aenter__()
        self._connection = entered if entered is not None else self._connection
        return self

    async def __aexit__(self, *error: Any) -> Any:
        left = await self._connection.__aexit__(*error)
        self._closed()
        return left

    def _receiving(self, method: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(method):

            async def receive(*arguments: Any, **options: Any) -> Any:
                return self._received(await self._guarded(method(*arguments, **options)))

            return receive

        def receive_now(*arguments: Any, **options: Any) -> Any:
            return self._received(method(*arguments, **options))

        return receive_now

    def _sending(self, method: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.iscoroutinefunction(method):

            async def send(frame: Any, *arguments: Any, **options: Any) -> Any:
                self._sent(frame)
                return await method(frame, *arguments, **options)

            return send

        def send_now(frame: Any, *arguments: Any, **options: Any) -> Any:
            self._sent(frame)
            return method(frame, *arguments, **options)

        return send_now

    async def _guarded(self, waiting: Any) -> Any:
        try:
            return await waiting
        except Exception:  # whatever a client raises where its connection ends; it is raised again
            self._closed()
            raise

    def _received(self, frame: Any) -> Any:
        if isinstance(frame, str | bytes | bytearray | memoryview):
            self._stream.receive(frame if isinstance(frame, str) else bytes(frame))
        return frame

    def _sent(self, frame: Any) -> None:
        if isinstance(frame, str | bytes | bytearray | memoryview):
            self._stream.send(frame if isinstance(frame, str) else bytes(frame))

    def _closed(self) -> None:
        code = getattr(self._connection, "close_code", None)
        if isinstance(code, int):
            self._stream.closed(code)


class Websockets(Watched):
    """A connection of `websockets`, asynchronous or threaded."""

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for frame in self._connection:
            yield self._received(frame)
        self._closed()

    def __iter__(self) -> Iterator[Any]:
        for frame in self._connection:
            yield self._received(frame)
        self._closed()


class Aiohttp(Watched):
    """A client's WebSocket of aiohttp, whose `receive` gives messages."""

    async def receive(self, *arguments: Any, **options: Any) -> Any:
        """The next message; its data is judged where it is a frame of the conversation."""
        message = await self._connection.receive(*arguments, **options)
        self._received(message.data)
        self._closed()
        return message

    async def receive_str(self, **options: Any) -> str:
        """The next text. Raises what aiohttp raises where it is none."""
        return str(self._received(await self._connection.receive_str(**options)))

    async def receive_json(self, *, loads: Callable[[str], Any] = json.loads, **options: Any) -> Any:
        """The next text, as JSON."""
        return loads(await self.receive_str(**options))

    async def send_json(self, data: Any, *, dumps: Callable[[Any], str] = json.dumps, **options: Any) -> None:
        """Sends JSON."""
        text = dumps(data)
        self._sent(text)
        await self._connection.send_str(text, **options)

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for message in self._connection:
            self._received(message.data)
            yield message
        self._closed()


class Starlette(Watched):
    """The WebSocket of Starlette's (and FastAPI's) test client, which sends and receives at once."""

    def receive_json(self, mode: str = "text") -> Any:
        """The next frame, as JSON."""
        return json.loads(self.receive_text() if mode == "text" else self.receive_bytes())

    def send_json(self, data: Any, mode: str = "text") -> None:
        """Sends JSON."""
        text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
        if mode == "text":
            self.send_text(text)
        else:
            self.send_bytes(text.encode())

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name in ("receive_text", "receive_bytes"):

            def receive() -> Any:
                return self._received(self._told(found))

            return receive
        return self._sending(found) if name in ("send_text", "send_bytes") else found

    def _told(self, method: Callable[[], Any]) -> Any:
        try:
            return method()
        except Exception as error:  # the test client tells a close by an exception that holds its code
            code = getattr(error, "code", None)
            if isinstance(code, int):
                self._stream.closed(code)
            raise


class ServerSent(Watched):
    """A streaming response of httpx or requests: `events` gives the data of each server-sent event."""

    async def aevents(self) -> AsyncIterator[str]:
        """The data of each event, of an asynchronous httpx response."""
        decoder = EventStream()
        async for chunk in self._connection.aiter_bytes():
            for data in decoder.feed(chunk):
                yield self._text(data)

    def events(self) -> Iterator[str]:
        """The data of each event, of a response that is read at once."""
        decoder = EventStream()
        chunks = (
            self._connection.iter_bytes if hasattr(self._connection, "iter_bytes") else self._connection.iter_content
        )
        for chunk in chunks():
            for data in decoder.feed(chunk):
                yield self._text(data)

    def _text(self, data: bytes) -> str:
        self._stream.receive(data)
        return data.decode("utf-8", "replace")


def watched(connection: Any, stream: Judging) -> Watched:
    """The connection as one that is judged. Raises `TypeError` where it is none that is known."""
    kinds: tuple[tuple[tuple[str, ...], type[Watched]], ...] = (
        (("recv", "send"), Websockets),
        (("receive_text", "send_text"), Starlette),
        (("receive_str", "send_str"), Aiohttp),
        (("aiter_bytes",), ServerSent),
        (("iter_bytes",), ServerSent),
        (("iter_content",), ServerSent),
    )
    for names, kind in kinds:
        if all(hasattr(connection, name) for name in names):
            return kind(connection, stream)
    raise TypeError(
        f"`{type(connection).__name__}` is no connection that is known (websockets, aiohttp, Starlette's test client, "
        "httpx); hand its frames to `receive` and `send`"
    )
