"""A virtual user's WebSocket: every frame judged the moment it is received, before the scenario sees it."""

import asyncio
import contextlib
import datetime as dt
import json
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp
import msgspec
from multidict import CIMultiDict, CIMultiDictProxy

from canonry.contract.check.checker import Session
from canonry.load.errors import ClosedError, LateError
from canonry.load.witnesses import Witnesses

_WAITED = 0.002
"""Seconds that a frame was waited for: what comes quicker after a pause has lain there, and tells no time."""
_FRAMES = (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
_ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


_NO_HEADERS = CIMultiDictProxy(CIMultiDict[str]())

Listener = Callable[[str, str | bytes], None]
"""Hears of every event of a connection: its name in the contract, and the frame."""


class Event(msgspec.Struct, frozen=True):
    """A frame that was awaited: its name in the contract, what came, when (seconds of the loop's clock)."""

    name: str
    raw: str | bytes
    at: float

    def decoded(self) -> Any:
        """What the frame says."""
        return json.loads(self.raw)


class Kinds:
    """The numbers of a contract's events by their names. What thousands wait for is one object."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._known: dict[tuple[str, ...], frozenset[int]] = {}

    def of(self, names: tuple[str, ...]) -> frozenset[int]:
        """The numbers of events. Raises `KeyError` for one that the contract does not know."""
        found = self._known.get(names)
        if found is None:
            found = self._known[names] = frozenset(self._numbers[name] for name in names)
        return found


class Awaited:
    """What a scenario waits for, said before it sends, so that no answer is too quick.

    ``first_at`` is when the first event after the beginning came.
    """

    __slots__ = ("_connection", "_future", "first_at", "kinds", "names")

    def __init__(self, connection: "JudgedConnection", names: tuple[str, ...]) -> None:
        self._connection = connection
        self.names = names
        self.kinds = connection.kinds.of(names)
        self.first_at: float | None = None
        self._future: asyncio.Future[Event] = connection.loop.create_future()

    def offer(self, kind: int, name: str, raw: str | bytes, at: float) -> None:
        """Takes an event, where it is the one."""
        if self.first_at is None:
            self.first_at = at
        if kind in self.kinds and not self._future.done():
            self._future.set_result(Event(name, raw, at))

    @property
    def is_over(self) -> bool:
        """Whether nothing more is awaited."""
        return self._future.done()

    def closed(self, code: int | str | None) -> None:
        """Says that nothing more will come."""
        if not self._future.done():
            self._future.set_exception(ClosedError(" or ".join(sorted(set(self.names))), code))
            self._future.exception()  # it may be that nobody waits any more

    def failed(self, error: Exception) -> None:
        """Says that the scenario's listener raised, so that nothing more is heard."""
        if not self._future.done():
            self._future.set_exception(error)
            self._future.exception()  # it may be that nobody waits any more

    async def within(self, seconds: float) -> Event:
        """The event. Raises `LateError` after so many seconds, `ClosedError` when the connection ends before, and what
        a listener raised.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._future
        except TimeoutError:
            raise LateError(" or ".join(sorted(set(self.names))), seconds) from None
        finally:
            self._connection.forget(self)


def forget_handshake(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Lets go of what aiohttp keeps of an open WebSocket's handshake: a tenth of what a user takes.

    Nobody asks for its headers any more, and its parser of HTTP reads no more. An aiohttp that calls them otherwise
    keeps them: nothing else changes.
    """
    response = getattr(socket, "_response", None)
    connection = getattr(response, "connection", None)
    protocol = getattr(connection, "protocol", None)
    for holder, name, empty in (
        (response, "_headers", _NO_HEADERS),
        (response, "_raw_headers", ()),
        (protocol, "_parser", None),
    ):
        if hasattr(holder, name):
            setattr(holder, name, empty)


class JudgedConnection:
    """An open WebSocket whose frames go through ``session``. `close` ends it properly, `cut` as a broken line does.

    What is violated goes to ``witnesses`` in the name of ``user``.
    Slotted, and lazy in what most never need: there are thousands of them.
    """

    __slots__ = (
        "_gate", "_listener", "_reader", "_socket", "_trouble",
        "_waiting", "_wanted", "_wants_any", "close_code",
        "frames", "is_ours", "kinds", "loop", "sent", "session", "skew", "user", "witnesses",
    )  # fmt: skip

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        session: Session,
        *,
        kinds: Kinds,
        witnesses: Witnesses,
        user: str,
        listener: Listener | None = None,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.session = session
        self.frames = self.sent = 0
        """How many came and went, counted apart from the checker: it has to have judged as many."""
        self.witnesses, self.user = witnesses, user
        self.close_code: int | str | None = None
        self.is_ours = False
        """Whether the client ended it, so that what is open at the end is nobody's fault."""
        self.skew = 0.0
        """By how many seconds the user's clock is ahead; 0: messages tell no time of their own."""
        self._listener = listener
        self._socket = socket
        self.kinds = kinds
        self._waiting: list[Awaited] = []
        self._wanted: frozenset[int] = frozenset()
        self._wants_any = False
        self._gate: asyncio.Event | None = None
        self._trouble: Exception | None = None
        self._reader = asyncio.create_task(self._read())

    @property
    def is_open(self) -> bool:
        """Whether frames may still come."""
        return not self._reader.done()

    async def send(self, event: dict[str, Any] | str | bytes) -> None:
        """Sends a message, judged as one of the client's. Raises `ClosedError` on a closed connection."""
        if self.skew and isinstance(event, dict):
            event = {**event, "timestamp": dt.datetime.fromtimestamp(time.time() + self.skew, dt.UTC).isoformat()}
        if self._trouble is not None:
            raise self._trouble
        raw = event if isinstance(event, str | bytes) else json.dumps(event)
        at = self.loop.time()
        self.session.receive(raw, at=at, direction="in")
        self.sent += 1
        if self.session.state.violations:
            self.witnesses.take(self.session, self.user, at)
        try:
            if isinstance(raw, str):
                await self._socket.send_str(raw)
            else:
                await self._socket.send_bytes(raw)
        except (aiohttp.ClientConnectionError, ConnectionError):
            raise ClosedError("a message sent", self.close_code) from None

    def awaiting(self, *names: str) -> Awaited:
        """What will be waited for, from now on: the first event of one of these names."""
        awaited = Awaited(self, names)
        if self.is_open:
            self._waiting.append(awaited)
            self._wanted = _union(self._waiting)
            self._wants_any = True
        else:
            self._end(awaited)
        return awaited

    def forget(self, awaited: Awaited) -> None:
        """Waits for it no more."""
        if awaited in self._waiting:
            self._note([one for one in self._waiting if one is not awaited])

    async def pause(self, seconds: float) -> None:
        """Reads nothing for so long, and answers no ping: a slow reader, or a line that is open at one end."""
        gate = self._gate = asyncio.Event()
        try:
            await asyncio.sleep(seconds)
        finally:
            gate.set()
            if self._gate is gate:
                self._gate = None

    async def close(self) -> None:
        """Closes as the protocol says, and waits for the last frames."""
        self.is_ours = self.is_ours or self.is_open
        self._open_gate()
        await self._socket.close()
        await self._ended()

    async def cut(self) -> None:
        """Breaks the line: no close frame, nothing more is read."""
        self.is_ours = True
        line: socket.socket | None = self._socket.get_extra_info("socket")
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._reader.cancel()
        await self._ended()
        await self._socket.close()

    async def _ended(self) -> None:
        self._open_gate()
        await asyncio.gather(self._reader, return_exceptions=True)

    def _open_gate(self) -> None:
        """Ends a pause, so that what came meanwhile is read."""
        if self._gate is not None:
            self._gate.set()
            self._gate = None

    async def _read(self) -> None:
        receive, judge, clock = self._socket.receive, self.session.receive, self.loop.time
        told = self.session.state.violations
        is_behind, waited_from = False, 0.0
        try:
            while True:
                message = await receive()
                at = clock()
                if self._gate is not None:
                    await self._passed()
                    is_behind, waited_from = True, clock()
                elif is_behind:
                    is_behind = at - waited_from < _WAITED
                    waited_from = at
                if message.type not in _FRAMES:
                    if message.type is aiohttp.WSMsgType.PING:
                        await self._socket.pong(message.data)
                        continue
                    if message.type in _ENDS:
                        await self._socket.close()  # a close frame is answered
                        break
                    continue
                raw = message.data
                kind = judge(raw, at=None if is_behind else at, direction="out")
                self.frames += 1
                if told:
                    self.witnesses.take(self.session, self.user, at)
                if self._listener is not None:
                    self._listener(self.session.name(kind), raw)
                if kind in self._wanted or self._wants_any:
                    self._offer(kind, raw, at)
        except (aiohttp.ClientConnectionError, ConnectionError):
            pass  # the line broke while something was answered on it
        except Exception as error:  # noqa: BLE001  a listener may raise anything: whoever waits gets to know it
            self._trouble, self.is_ours = error, True
            await self._socket.close()
        finally:
            self.close_code = self._socket.close_code if not self.is_ours else self.close_code
            for one in self._waiting:
                self._end(one)
            self._note([])

    async def _passed(self) -> None:
        """Waits while nothing is to be read; what was taken from the line already waits too."""
        while (gate := self._gate) is not None:
            await gate.wait()
            if self._gate is gate:
                self._gate = None

    def _end(self, awaited: Awaited) -> None:
        if self._trouble is not None:
            awaited.failed(self._trouble)
        else:
            awaited.closed(self.close_code)

    def _offer(self, kind: int, raw: str | bytes, at: float) -> None:
        name = self.session.name(kind)
        for one in self._waiting:
            one.offer(kind, name, raw, at)
        self._note([one for one in self._waiting if not one.is_over])

    def _note(self, waiting: list[Awaited]) -> None:
        """Keeps what is still awaited in the form that costs an event nothing that nobody waits for."""
        self._waiting = waiting
        self._wanted = _union(waiting)
        self._wants_any = any(one.first_at is None for one in waiting)


def _union(waiting: Sequence[Awaited]) -> frozenset[int]:
    """The kinds that somebody waits for; those of the only one are no new object."""
    return waiting[0].kinds if len(waiting) == 1 else frozenset().union(*(one.kinds for one in waiting))
