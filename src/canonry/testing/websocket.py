"""`RealWebSocketTestBase`: tests over real WebSocket connections, several users at once, nothing left open."""

from __future__ import annotations

from canonry.model.errors import UserError
from canonry.testing.async_cases import SSotAsyncTestCase
from canonry.testing.connection import HandshakeError, NotReceivedError, RealConnection, Received

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import ClassVar

    from canonry.testing.connection import Observer
    from canonry.testing.services.running import Running
    from canonry.testing.users import User, UserSource

__all__ = ["HandshakeError", "NotReceivedError", "RealConnection", "RealWebSocketTestBase", "Received"]
__unittest = True  # unittest leaves this module out of tracebacks


class RealWebSocketTestBase(SSotAsyncTestCase):
    """The base of tests that talk to a real server over WebSockets.

    ``service`` names the declared service that is talked to, or ``url`` says where something answers; ``path`` is the
    WebSocket's own. ``user_source`` logs users in. ``on_receive`` are called for every message of every connection,
    before the test sees it: the place for a check of a contract. All connections are closed when the test ends.
    """

    service: ClassVar[str] = ""
    url: ClassVar[str] = ""
    path: ClassVar[str] = ""
    user_source: ClassVar[UserSource | None] = None
    on_receive: ClassVar[Sequence[Observer]] = ()

    @property
    def connections(self) -> list[RealConnection]:
        """The connections that this test opened, each with all that it received."""
        made: list[RealConnection] = self.__dict__.setdefault("_canonry_connections", [])
        return made

    def running(self, name: str = "") -> Running:
        """The named service, else the one of this class, started where nobody had, and asked whether it answers.

        Raises `ServiceError` where it does not.
        """
        from canonry.testing.services.session import current

        wanted = name or self.service
        if not wanted:
            raise UserError(f"`{type(self).__qualname__}` names no `service` and no `url` to talk to")
        return current(self._canonry_item).running(wanted)

    def base_url(self) -> str:
        """Where the server answers."""
        return self.url or self.running().url

    def log_in(self, count: int = 1) -> list[User]:
        """So many new users who are logged in; they log out when the test ends."""
        from canonry.testing.users import Users

        if self.user_source is None:
            raise UserError(
                f"`{type(self).__qualname__}` has no `user_source`; give it an object with `login(url, name)`"
            )
        users = Users(self.user_source)
        self.addCleanup(users.close)
        return users.log_in(self.base_url(), count)

    async def connect(
        self,
        *,
        user: User | None = None,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        limit: float = 5.0,
    ) -> RealConnection:
        """An open connection, as ``user`` where one is given. Raises `HandshakeError` where the server refuses it."""
        from canonry.testing.users import Login, websocket_url

        login, base = (Login(), self.base_url()) if user is None else (user.login, user.url)
        connection = RealConnection(
            websocket_url(base, self.path if path is None else path),
            user="" if user is None else user.name,
            headers={**login.headers, **(headers or {})},
            subprotocols=tuple(subprotocols) or login.subprotocols,
            on_receive=self.on_receive,
        )
        self.connections.append(connection)
        self.addAsyncCleanup(connection.close)
        await connection.open(limit=limit)
        return connection

    async def connect_users(self, count: int, *, limit: float = 5.0) -> list[RealConnection]:
        """Open connections of so many new users; all of them are opened at once."""
        import asyncio

        users = await asyncio.to_thread(self.log_in, count)
        return list(await asyncio.gather(*(self.connect(user=user, limit=limit) for user in users)))
