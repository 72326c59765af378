"""A virtual user: HTTP and WebSockets of somebody's own, random numbers, a canary, and the time that steps take."""

import asyncio
import contextlib
import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from canonry.contract.canary import TAG
from canonry.contract.check.checker import Checker, Session
from canonry.contract.check.isolation import SessionFacts
from canonry.load.connection import Awaited, Event, JudgedConnection, Kinds, Listener, forget_handshake
from canonry.load.errors import RefusedError
from canonry.load.latency import Latencies
from canonry.load.spec import LoadSpec
from canonry.load.witnesses import Witnesses

_LARGEST = 64 << 20


def canary_of(seed: int, index: int) -> str:
    """Return the canary of a user. Every process knows those of all users, whoever they belong to."""
    digits = hashlib.blake2b(f"{seed}:{index}".encode(), digest_size=8, person=b"canary").hexdigest()
    return TAG + digits


class Crowd(Protocol):
    """What a user needs of those around: the spec, one clock, one HTTP client, one checker. ``word`` names the run."""

    spec: LoadSpec
    loop: asyncio.AbstractEventLoop
    word: str
    latencies: Latencies
    checker: Checker
    kinds: Kinds
    witnesses: Witnesses
    http: aiohttp.ClientSession

    def settle(self, user: "VirtualUser", connection: JudgedConnection, *, is_last: bool) -> None:
        """Counts a connection that ended; the last one of a conversation decides what was pending."""


class VirtualUser:
    """One of the crowd. ``index`` counts through all processes, ``memory`` is the scenario's, ``due`` when the turn was
    meant to begin (seconds of the loop's clock).

    A step is timed from when it was meant to begin: the first of a turn from ``due``, each later one from the end of
    the step before, so that a service that stalls is charged for all who had to wait (no coordinated omission).
    """

    __slots__ = (
        "_chance", "_crowd", "_facts", "_owned", "_streams", "canary", "connections", "due", "headers", "index",
        "intended", "memory", "name",
    )  # fmt: skip

    def __init__(self, crowd: Crowd, index: int) -> None:
        self._crowd = crowd
        self.index = index
        self.name = f"user-{crowd.word}-{index}"
        self._chance: random.Random | None = None
        self.canary = canary_of(crowd.spec.seed, index) if crowd.spec.canaries else ""
        self.memory: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.due = self.intended = crowd.loop.time()
        self.connections: list[JudgedConnection] = []
        self._facts: dict[str, Any] = {}
        self._owned: dict[str, set[Any]] = {}
        self._streams = 0

    @property
    def url(self) -> str:
        """Where the service is."""
        return self._crowd.spec.url

    @property
    def random(self) -> random.Random:
        """Random numbers of this user's own, which the run's seed decides."""
        if self._chance is None:
            self._chance = random.Random(f"{self._crowd.spec.seed}:{self.index}")
        return self._chance

    @property
    def run(self) -> str:
        """A word that no other run has, for names that have to be new."""
        return self._crowd.word

    def is_known_as(self, **fields: Any) -> None:
        """Says whose the user's connections are, by the contract's fields (``user_id="u1"``), before he has any."""
        self._facts.update(fields)

    def owns(self, field: str, *ids: Any) -> None:
        """Says that ids are this user's own. Connections that are opened later are held against them."""
        self._owned.setdefault(field, set()).update(ids)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Times a step that is no request and no WebSocket; only one that ends without an exception counts."""
        yield
        self.took(name)

    def took(self, name: str, at: float | None = None) -> None:
        """Records how long a step took that ends now, or at ``at``, from when it was meant to begin."""
        end = self._crowd.loop.time() if at is None else at
        self._crowd.latencies.record(name, end - self.intended)
        self.intended = max(end, self.intended)

    async def think(self, seconds: float) -> None:
        """Waits inside a turn; the next step is meant to begin then."""
        self.intended += seconds
        await asyncio.sleep(self.intended - self._crowd.loop.time())

    async def request(
        self,
        method: str,
        path: str,
        *,
        name: str = "",
        body: Mapping[str, Any] | None = None,
        expect: Sequence[int] = (200, 201, 202, 204),
        headers: Mapping[str, str | None] | None = None,
    ) -> Any:
        """The decoded answer to an HTTP request; a header that is None is left out.

        Raises `RefusedError` for a status that is not expected.
        """
        step = name or f"{method} {urlsplit(path).path}"
        async with self._crowd.http.request(
            method, below(self.url, path), json=body, headers=self._headers(headers)
        ) as response:
            text = await response.text()
            self.took(step)
            if response.status not in expect:
                raise RefusedError(step, response.status, text[:200])
            return await response.json(content_type=None) if text else None

    async def connect(
        self,
        path: str = "/ws",
        *,
        name: str = "connect",
        headers: Mapping[str, str | None] | None = None,
        subprotocols: Sequence[str] = (),
        welcome: str = "",
        within: float = 10.0,
        going_on: JudgedConnection | None = None,
        listener: Listener | None = None,
    ) -> JudgedConnection:
        """An open connection, judged from its first frame on. ``welcome`` is an event that has to come first.

        ``going_on`` is an earlier connection whose conversation this one continues: both are judged as one stream.
        ``listener`` hears of every event. Raises `RefusedError` where the handshake is refused.
        """
        self._settle_all_but(going_on.session if going_on is not None else None)
        try:
            async with asyncio.timeout(within):
                socket = await self._crowd.http.ws_connect(
                    _websocket(self.url, path),
                    headers=self._headers(headers),
                    protocols=tuple(subprotocols),
                    max_msg_size=_LARGEST,
                    autoping=False,
                    autoclose=False,
                    compress=0,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise RefusedError(name, error.status) from None
        forget_handshake(socket)
        connection = JudgedConnection(
            socket,
            going_on.session if going_on is not None else self._session(),
            kinds=self._crowd.kinds,
            witnesses=self._crowd.witnesses,
            user=self.name,
            listener=listener,
        )
        self.connections.append(connection)
        if welcome:
            try:
                await connection.awaiting(welcome).within(within)
            except BaseException:  # whatever ended it, the connection is let go; it is raised again
                if connection.is_open:
                    await connection.cut()
                raise
        self.took(name)
        return connection

    def _headers(self, more: Mapping[str, str | None] | None) -> dict[str, str]:
        """The user's headers and others; one that is None is left out."""
        return {name: value for name, value in {**self.headers, **(more or {})}.items() if value is not None}

    async def ask(
        self,
        connection: JudgedConnection,
        message: Mapping[str, Any],
        *,
        until: Sequence[str],
        within: float = 60.0,
        name: str = "answer",
    ) -> Event:
        """Sends a message and waits for its end; records the time to the first event, and to the end as ``name``."""
        awaited: Awaited = connection.awaiting(*until)
        await connection.send(dict(message))
        event = await awaited.within(within)
        if awaited.first_at is not None:
            self._crowd.latencies.record("first event", awaited.first_at - self.intended)
        self.took(name, event.at)
        return event

    async def leave(self, *, within: float = 5.0) -> None:
        """Ends all connections that are open, in so many seconds, and decides what was pending on them."""
        for connection in self.connections:
            if connection.is_open:
                try:
                    async with asyncio.timeout(within):
                        await connection.close()
                except TimeoutError:
                    await connection.cut()
        self._settle_all_but(None)

    def _settle_all_but(self, session: Session | None) -> None:
        """Judges what ended: each conversation once, however many connections it had."""
        going_on = {id(one.session) for one in self.connections if one.is_open} | {id(session)}
        ended = [one for one in self.connections if not one.is_open and id(one.session) not in going_on]
        last = {id(one.session): one for one in ended}
        for connection in ended:
            self._crowd.settle(self, connection, is_last=last[id(connection.session)] is connection)
        self.connections = [one for one in self.connections if one not in ended]

    def _session(self) -> Session:
        self._streams += 1
        facts = SessionFacts(
            user={"virtual user": self.name, **self._facts},
            owned={field: tuple(ids) for field, ids in self._owned.items()},
            canaries=(self.canary,) if self.canary else (),
        )
        return self._crowd.checker.session(f"{self.name}/{self._streams}", facts)


def below(url: str, path: str) -> str:
    """Return the address of a path below a service's, prefix included; an address of its own stays as it is."""
    parts, base = urlsplit(path), urlsplit(url)
    if parts.scheme and parts.netloc:
        return path
    joined = f"{base.path.rstrip('/')}/{parts.path.lstrip('/')}"
    return base._replace(path=joined, query=parts.query, fragment="").geturl()


def _websocket(url: str, path: str) -> str:
    parts = urlsplit(below(url, path))
    return parts._replace(scheme={"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)).geturl()
