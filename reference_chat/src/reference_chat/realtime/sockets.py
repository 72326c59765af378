"""The socket at ``/ws``: who may connect is decided before it is accepted; then messages in, events out."""

import asyncio
import logging
import time

from starlette.types import Message, Receive, Scope, Send

from reference_chat.auth.handshake import PROTOCOL, Handshake
from reference_chat.auth.tokens import Claims
from reference_chat.bus.local import Bus
from reference_chat.errors import ChatError
from reference_chat.faults import Faults
from reference_chat.ids import new_id
from reference_chat.realtime.connection import Connection
from reference_chat.realtime.distortion import Distortion
from reference_chat.realtime.registry import ConnectionRegistry
from reference_chat.realtime.router import Router
from reference_chat.realtime.runs import Runs
from reference_chat.settings import Settings
from reference_chat.store.rows import restored
from reference_chat.store.store import Store

_PAGE = 128
_log = logging.getLogger("reference_chat.sockets")


class Sockets:
    """The ASGI application of sockets."""

    def __init__(
        self,
        *,
        settings: Settings,
        handshake: Handshake,
        registry: ConnectionRegistry,
        router: Router,
        runs: Runs,
        bus: Bus,
        store: Store,
        faults: Faults,
        distortion: Distortion,
    ) -> None:
        self._settings, self._handshake, self._registry = settings, handshake, registry
        self._router, self._runs, self._bus, self._store = router, runs, bus, store
        self._faults, self._distortion = faults, distortion

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, from handshake to end."""
        await receive()
        if self._faults:
            await self._before_auth(scope, send)
        if self._runs.draining:
            await _refuse(scope, send, 1001, "the service is about to stop")
            return
        try:
            claims = await self._handshake.identify(scope)
            connection = self._connection(scope, send, claims)
            limit = 1_000_000 if self._faults.unlimited("connections") else self._settings.max_connections
            if not await self._bus.claim(claims.user_id, connection.id, limit):
                await _refuse(scope, send, 1013, "too many connections of one user")
                return
        except ChatError as error:
            _log.info("refused a connection: %s", error)
            if error.status == 503:
                await _refuse(scope, send, 1011, "not ready; try again soon")
                return
            await send({"type": "websocket.close", "code": 1008, "reason": "log in first"})  # HTTP 403
            return
        except Exception as error:  # noqa: BLE001 - whatever a database, or Redis, raises
            _log.error("cannot authenticate: %s", type(error).__name__)
            await _refuse(scope, send, 1011, "not ready; try again soon")
            return
        try:
            if not self._faults.on("accept_before_auth"):
                await send({"type": "websocket.accept", "subprotocol": _chosen(scope)})
            await self._serve(connection, receive)
        finally:
            await self._bus.release(claims.user_id, connection.id)

    async def _serve(self, connection: Connection, receive: Receive) -> None:
        connection.welcome()
        self._registry.add(connection)
        if self._faults:
            self._distortion.opened(connection)
        pump = asyncio.create_task(connection.pump())
        reader = asyncio.create_task(self._read(connection, receive))
        try:
            # The pump ends first when the connection is closed from here; then the reader hears of it.
            await reader
        finally:
            self._registry.remove(connection)
            if self._faults:
                self._distortion.closed(connection)
            for task in (pump, reader, *connection.tasks):
                task.cancel()
            await asyncio.gather(pump, reader, *connection.tasks, return_exceptions=True)

    async def _read(self, connection: Connection, receive: Receive) -> None:
        rate, burst = self._settings.max_rate, 2 * self._settings.max_rate
        tokens, last = burst, time.monotonic()
        await self._ask_again(connection)
        while True:
            message: Message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if connection.closing is not None:
                continue
            now = time.monotonic()
            tokens, last = min(burst, tokens + (now - last) * rate) - 1, now
            if tokens < 0 and not self._faults.unlimited("rate"):
                tokens = 0
                connection.tell("error", {"code": "too_fast", "message": f"at most {rate:g} messages a second"})
                await asyncio.sleep(1 / rate)
                continue
            try:
                await self._router.route(connection, message.get("text") or message.get("bytes") or "")
            except Exception:  # noqa: BLE001 - whatever it was, the client is told by the close
                _log.exception("a message of connection %s could not be handled", connection.id)
                connection.close(1011, "the message could not be handled; connect again")

    async def _ask_again(self, connection: Connection) -> None:
        """Closes the connection where its session ended before anybody could know that it is there."""
        try:
            if not await self._handshake.holds(connection.session_id, connection.user_id):
                connection.close(1008, "logged out")
        except Exception as error:  # noqa: BLE001 - whatever a database raises
            _log.error("cannot authenticate: %s", type(error).__name__)
            connection.close(1011, "not ready; try again soon")

    async def catch_up(self, connection: Connection, run_id: str) -> None:
        """Sends a connection what is stored of a run, and then what was held back meanwhile."""
        following = connection.following.get(run_id)

        def is_followed() -> bool:
            """Whether nobody resumed the run anew meanwhile, which another reading serves."""
            return following is not None and connection.following.get(run_id) is following

        try:
            run = await self._store.run(run_id)
            while following is not None and following.held is not None and is_followed():
                stored = await self._store.events(run_id, after=following.next - 1, limit=_PAGE)
                if not is_followed():
                    return
                for seq, frame in stored:
                    if seq == following.next:
                        connection.advance(following, restored(connection.user_id, run_id, seq, frame))
                while connection.is_crowded and connection.closing is None:
                    await asyncio.sleep(0.02)
                if len(stored) < _PAGE:
                    held, following.held = following.held, None
                    for event in held:
                        connection.deliver(event)
        except Exception as error:  # noqa: BLE001 - whatever a database raises
            _log.error("cannot read events: %s", type(error).__name__)
            connection.close(1011, "events cannot be read; resume later")
            return
        # A run that is not there yet has only just begun.
        if run is not None and run.status != "running" and is_followed():
            connection.following.pop(run_id, None)  # it was over before its events were read

    def _connection(self, scope: Scope, send: Send, claims: Claims) -> Connection:
        return Connection(
            id=new_id("con"),
            user_id=claims.user_id,
            session_id=claims.session_id,
            worker=self._settings.worker,
            expires_at=claims.expires_at,
            limit=self._settings.outbox,
            send=send,
            write=scope["extensions"]["reference_chat.write"],
            abort=scope["extensions"]["reference_chat.abort"],
            catch_up=self.catch_up,
            faults=self._faults,
            distorted=self._distortion.send,
        )

    async def _before_auth(self, scope: Scope, send: Send) -> None:
        if slow := self._faults.on("slow_auth"):
            await asyncio.sleep(slow["seconds"])
        if self._faults.on("accept_before_auth"):
            await send({"type": "websocket.accept", "subprotocol": _chosen(scope)})
            await send({"type": "websocket.send", "text": '{"type":"ping","payload":{}}'})


def _chosen(scope: Scope) -> str | None:
    return PROTOCOL if PROTOCOL in scope["subprotocols"] else None


async def _refuse(scope: Scope, send: Send, code: int, reason: str) -> None:
    """Closes with a code of its own, which only an accepted socket can carry."""
    await send({"type": "websocket.accept", "subprotocol": _chosen(scope)})
    await send({"type": "websocket.close", "code": code, "reason": reason})
