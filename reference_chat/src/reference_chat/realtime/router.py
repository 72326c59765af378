"""Message type -> exactly one handler; whatever has none is answered with an error, never with silence."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from reference_chat.errors import ChatError
from reference_chat.faults import Faults
from reference_chat.realtime.connection import Connection

Handle = Callable[[Connection, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """What handles one type of messages, and what such a message has to be."""

    shape: type[msgspec.Struct]
    handle: Handle


class Router:
    """Decodes, checks, and hands on."""

    def __init__(self, handlers: Mapping[str, Handler], faults: Faults) -> None:
        self._handlers, self._faults = handlers, faults
        self.received: Counter[str] = Counter()
        self.handled: Counter[str] = Counter()

    async def route(self, connection: Connection, frame: str | bytes) -> None:
        """Handles one message of a client; what is wrong with it is told to him."""
        request_id = None
        try:
            message = _decoded(frame)
            request_id = message.get("request_id")
            await self._hand_on(connection, message)
        except ChatError as error:
            payload: dict[str, object] = {"code": error.code, "message": error.message}
            if isinstance(request_id, str):
                payload["request_id"] = request_id
            connection.tell("error", payload)

    async def _hand_on(self, connection: Connection, message: dict[str, Any]) -> None:
        type = message["type"]
        handler = self._handlers.get(type)
        if handler is None:
            known = ", ".join(f"`{name}`" for name in self._handlers)
            raise ChatError("unknown_type", f"there is no message of this type; there are: {known}")
        self.received[type] += 1
        if self._faults:
            if self._faults.hits("unrouted", type):
                return
            if wrong := self._faults.hits("wrong_handler", type):
                type = wrong["as"]
                handler, message = self._handlers[type], {"type": type}
            if self._faults.hits("double_route", type):
                await self._handle(connection, type, handler, message)
        await self._handle(connection, type, handler, message)

    async def _handle(self, connection: Connection, type: str, handler: Handler, message: dict[str, Any]) -> None:
        try:
            checked = msgspec.convert(message, handler.shape)
        except msgspec.ValidationError as error:
            raise ChatError("malformed", f"a `{type}` is not like this: {error}") from None
        self.handled[type] += 1
        await handler.handle(connection, checked)


def _decoded(frame: str | bytes) -> dict[str, Any]:
    if isinstance(frame, bytes):
        raise ChatError("malformed", "messages are text frames, each a JSON object")
    try:
        message = msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise ChatError("malformed", "the message is not JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ChatError("malformed", "a message is a JSON object with a text at `type`")
    return message
