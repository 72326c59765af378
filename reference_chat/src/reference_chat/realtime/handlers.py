"""What clients may say on a socket, and what is done then."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from reference_chat.auth.accounts import Accounts
from reference_chat.errors import ChatError, not_found, not_ready
from reference_chat.faults import Faults
from reference_chat.realtime.connection import Connection
from reference_chat.realtime.requests import Requests
from reference_chat.realtime.router import Handler
from reference_chat.realtime.runs import Runs, refuse_too_many
from reference_chat.settings import Settings
from reference_chat.store.store import Store

_Id = Annotated[str, msgspec.Meta(max_length=128, pattern="^[!-~]+$")]


class UserMessage(msgspec.Struct):
    """A question."""

    text: str
    thread_id: _Id | None = None
    request_id: _Id | None = None
    """Sent again, it starts nothing again: the run it started is followed from its first event."""
    user_id: str | None = None


class Ping(msgspec.Struct):
    """Are you there."""

    payload: Any = None
    request_id: _Id | None = None


class Resume(msgspec.Struct):
    """Go on with a run behind an event."""

    run_id: _Id
    after: Annotated[int, msgspec.Meta(ge=-1, lt=2**53)] = -1


class Authenticate(msgspec.Struct):
    """A newer token for a socket that is open."""

    token: str


class Handlers:
    """The handlers of one process."""

    def __init__(self, *, settings: Settings, store: Store, runs: Runs, accounts: Accounts, faults: Faults) -> None:
        self._settings, self._store, self._runs = settings, store, runs
        self._accounts, self._faults = accounts, faults
        self._requests = Requests()

    def table(self) -> Mapping[str, Handler]:
        """All of them, by the type of message."""
        return {
            "user_message": Handler(UserMessage, self.user_message),
            "ping": Handler(Ping, self.ping),
            "resume": Handler(Resume, self.resume),
            "authenticate": Handler(Authenticate, self.authenticate),
        }

    async def user_message(self, connection: Connection, message: UserMessage) -> None:
        """Starts a run."""
        text = self._checked(connection, message)
        if message.request_id is None:
            await self._start(connection, text, message)
            return
        async with self._requests.hold(connection.user_id, message.request_id):
            if not await self._followed_again(connection, message.request_id):
                await self._start(connection, text, message)

    async def _start(self, connection: Connection, text: str, message: UserMessage) -> None:
        history = []
        if message.thread_id:
            if await self._store.owner(message.thread_id) != connection.user_id:
                raise not_found("thread")
            history = await self._store.history(message.thread_id)
        if not self._runs.can_store():
            raise not_ready()
        self._runs.start(connection, text, thread_id=message.thread_id, history=history, request_id=message.request_id)

    async def ping(self, connection: Connection, message: Ping) -> None:
        """Answers with what was sent."""
        connection.tell("pong", {"echo": message.payload, "request_id": message.request_id})

    async def resume(self, connection: Connection, message: Resume) -> None:
        """Sends the events behind `after`, those that are stored first."""
        _refuse_expired(connection)
        run = await self._store.run(message.run_id)
        if run is None or run.user_id != connection.user_id:
            raise not_found("run")
        after = message.after
        if cut := self._faults.on("cut"):
            after = max(-1, after + cut["lose"] - cut["repeat"])
        connection.follow(run.id, after=after, read=True)

    async def authenticate(self, connection: Connection, message: Authenticate) -> None:
        """Keeps the socket open for as long as the new token is good."""
        claims = await self._accounts.authenticate(message.token)
        if claims.user_id != connection.user_id:
            raise ChatError("forbidden", "the token belongs to somebody else")
        connection.session_id, connection.expires_at = claims.session_id, claims.expires_at
        connection.welcome()

    def _checked(self, connection: Connection, message: UserMessage) -> str:
        settings = self._settings
        if message.user_id is not None and message.user_id != connection.user_id:
            raise ChatError("forbidden", "`user_id` is not the one who is logged in")
        _refuse_expired(connection)
        if not message.text.strip():
            raise ChatError("malformed", "`text` is empty")
        if "\x00" in message.text:
            raise ChatError("malformed", "`text` holds a NUL character, which cannot be stored")
        if len(message.text.encode()) > settings.max_text and not self._faults.unlimited("text"):
            raise ChatError("too_long", f"`text` has more than {settings.max_text} bytes")
        if not self._faults.unlimited("runs"):
            refuse_too_many(self._runs.of(connection.user_id), settings.max_runs)
        return message.text

    async def _followed_again(self, connection: Connection, request_id: str) -> bool:
        for run in self._runs.of(connection.user_id):
            if run.request_id == request_id:
                connection.follow(run.context.run_id, read=True)
                return True
        row = await self._store.run_of_request(connection.user_id, request_id)
        if row is not None:
            connection.follow(row.id, read=True)
        return row is not None


def _refuse_expired(connection: Connection) -> None:
    if time.time() >= connection.expires_at:
        raise ChatError("token_expired", "the token has expired; send `authenticate` with a new one")
