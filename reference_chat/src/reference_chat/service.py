"""One process of the service: its parts, put together once, started and stopped in order."""

import asyncio
import contextlib
import itertools
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reference_chat.agents.opening import open_agents
from reference_chat.auth.accounts import Accounts
from reference_chat.auth.handshake import Handshake
from reference_chat.auth.tickets import TableTickets, Tickets
from reference_chat.auth.tokens import Tokens
from reference_chat.bus.local import Bus, LocalBus
from reference_chat.faults import Faults
from reference_chat.realtime.distortion import Distortion
from reference_chat.realtime.emitter import Emitter
from reference_chat.realtime.handlers import Handlers
from reference_chat.realtime.registry import ConnectionRegistry
from reference_chat.realtime.router import Router
from reference_chat.realtime.runs import Runs
from reference_chat.realtime.sockets import Sockets
from reference_chat.settings import Settings
from reference_chat.store.rows import Event, Row, beat
from reference_chat.store.schema import create_tables, open_engine
from reference_chat.store.sinks import open_sink
from reference_chat.store.store import Store
from reference_chat.store.writer import Writer, is_of_rows

if TYPE_CHECKING:
    from redis.asyncio import Redis

_log = logging.getLogger("reference_chat")


class Service:
    """The parts of one process; everything of users is in the database, in Redis, or in a connection or run of his."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults()
        self.engine = open_engine(settings.database_url)
        self.store = Store(self.engine)
        self.registry = ConnectionRegistry()
        self.tokens = Tokens(settings, self.faults)
        self.accounts = Accounts(settings=settings, engine=self.engine, tokens=self.tokens, faults=self.faults)
        self.bus: Bus = LocalBus()
        self.tickets: Tickets = TableTickets(self.engine, self.faults)
        self._redis: Redis | None = None
        if settings.redis_url:
            self._join_redis(settings.redis_url)
        distortion = Distortion(self.faults, self.registry)
        self.emitter = Emitter(
            distortion=distortion,
            registry=self.registry,
            bus=self.bus,
            faults=self.faults,
            ended=lambda run_id: self.runs.ended(run_id),
        )
        self.runs = Runs(settings=settings, store=self.store, emitter=self.emitter, registry=self.registry)
        handlers = Handlers(
            settings=settings, store=self.store, runs=self.runs, accounts=self.accounts, faults=self.faults
        )
        self.router = Router(handlers.table(), self.faults)
        self.sockets = Sockets(
            settings=settings,
            handshake=Handshake(settings=settings, accounts=self.accounts, tickets=self.tickets, faults=self.faults),
            registry=self.registry,
            router=self.router,
            runs=self.runs,
            bus=self.bus,
            store=self.store,
            faults=self.faults,
            distortion=distortion,
        )
        self.writer: Writer
        self._lost_size = 0
        self.census: Callable[[], dict[str, Any]] = dict
        """What is alive here; made by who opens ``/debug``."""
        self._agents = contextlib.AsyncExitStack()
        self._ticking: asyncio.Task[None] | None = None

    def _join_redis(self, url: str) -> None:
        from redis.asyncio import Redis

        from reference_chat.auth.redis_tickets import RedisTickets
        from reference_chat.bus.redis import RedisBus

        self._redis = Redis.from_url(url, decode_responses=True, socket_connect_timeout=2, socket_timeout=5)
        self.bus = RedisBus(self._redis, settings=self.settings, faults=self.faults)
        self.tickets = RedisTickets(self._redis, self.faults)

    async def start(self) -> None:
        """Makes the tables, starts the writer, and ends what a process before left open."""
        self.runs.loop = await self._agents.enter_async_context(open_agents(self.settings, self.faults))
        await create_tables(self.engine)
        self.writer = Writer(open_sink(self.settings.database_url), stored=self.emitter.stored, failed=self._failed)
        self.emitter.writer = self.writer
        await self.bus.start(self)
        await self._tick()
        self._ticking = asyncio.create_task(self._tick_on())

    async def drain(self) -> None:
        """What SIGTERM asks for: runs end, then sockets close with 1001."""
        await self.runs.drain(self.settings.grace)
        if self.writer.healthy:
            with contextlib.suppress(Exception):
                await self._beat()
        for connection in self.registry:
            connection.close(1001, "the service stops; connect again and resume")
        async with contextlib.AsyncExitStack():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    while len(self.registry):
                        await asyncio.sleep(0.01)
        for connection in self.registry:
            connection.drop()

    async def stop(self) -> None:
        """Gives everything back."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._agents.aclose()
        await self.writer.close()
        await self.bus.close()
        if self._redis is not None:
            await self._redis.aclose()
        await self.engine.dispose()

    async def ready(self) -> dict[str, bool]:
        """What it needs, and whether that works now; asks again for what failed."""
        database = await self.store.answers() and await self._stores()
        return {"database": database, "bus": await self.bus.answers(), "running": not self.runs.draining}

    async def _stores(self) -> bool:
        if not self.writer.healthy:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(2):
                    await self._beat()
        return self.writer.healthy

    async def _beat(self) -> None:
        """Says that this worker lives; after a failure, with as many bytes as could not be stored."""
        size = 0 if self.writer.healthy else self._lost_size
        await self.writer.write(beat(self.settings.worker, time.time(), size=size))

    def _failed(self, rows: Sequence[Row], error: Exception) -> None:
        size = sum(len(row.frame) for row in rows if isinstance(row, Event))
        self._lost_size = min(65_536, max(self._lost_size, size))
        self.runs.failed({row.run_id for row in rows if row.run_id}, refused=is_of_rows(error))

    async def switch_faults(self, changes: Mapping[str, Any] | None) -> None:
        """Switches faults in every process; nothing: all of them off."""
        self.faults.apply(changes)
        await self.bus.ask_others({"faults": changes})

    def remote_events(self, events: Sequence[Event]) -> None:
        """See `Listener`."""
        self.emitter.deliver_remote(events)

    def remote_end(self, user_id: str, session_id: str) -> None:
        """See `Listener`."""
        for connection in self.registry.of(user_id):
            if connection.session_id == session_id:
                connection.close(1008, "logged out")

    def end_session(self, user_id: str, session_id: str) -> None:
        """Closes the sockets of a session, here and elsewhere."""
        self.remote_end(user_id, session_id)
        self.bus.end(user_id, session_id)

    def remote_question(self, question: Mapping[str, Any]) -> Any:
        """See `Listener`."""
        if not self.settings.test_secret:
            return None
        if "faults" in question:
            self.faults.apply(question["faults"])
            return None
        return self.census()

    def remote_gap(self) -> None:
        """See `Listener`."""
        for connection in self.registry:
            connection.read_again()

    async def _tick_on(self) -> None:
        for number in itertools.count(1):
            await asyncio.sleep(self.settings.heartbeat / 64)
            self._look_after_connections()
            if number % 64 == 0:
                self._look_for_unheard()
            if number % 8 == 0:
                try:
                    await self._tick()
                    await self._close_ended_sessions()
                except Exception as error:  # noqa: BLE001 - a lost database; the next tick may find it again
                    _log.error("cannot look after runs: %s", type(error).__name__)

    async def _tick(self) -> None:
        await self._beat()
        self._lost_size = 0
        alone = isinstance(self.bus, LocalBus)
        await self.runs.adopt_orphans(dead_before=math.inf if alone else time.time() - 3 * self.settings.heartbeat)

    async def _close_ended_sessions(self) -> None:
        """Closes sockets of sessions whose end was not heard of."""
        asked = {connection.session_id for connection in self.registry}
        if not asked:
            return
        still_open = await self.accounts.open_sessions(asked)
        for connection in self.registry:
            if connection.session_id in asked and connection.session_id not in still_open:
                connection.close(1008, "logged out")

    def _look_for_unheard(self) -> None:
        """Reads of runs that have been still since the last time what another process may have said in vain."""
        if not isinstance(self.bus, LocalBus) and not self.faults.on("pubsub_drop"):  # it would mend the fault
            for connection in self.registry:
                connection.read_again(still=True)

    def _look_after_connections(self) -> None:
        """Drops who does not read, and closes whose token has expired, once his runs have ended."""
        now, moment = time.time(), time.monotonic()
        for connection in self.registry:
            if connection.blocked_since and moment - connection.blocked_since > self.settings.send_timeout:
                connection.drop()
            elif (short := self.faults.on("short_ttl")) and moment - connection.opened_at > short["seconds"]:
                connection.close(1008, "the token has expired")
            elif now >= connection.expires_at and not connection.following:
                connection.close(1008, "the token has expired; log in or refresh")
