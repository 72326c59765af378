"""Users who really log in, each with clients of his own.

A project says once how a user comes to be (`UserSource`); tests ask for as many as they need.
"""

import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import urlsplit

from canonry.testing.http import HttpClient

if TYPE_CHECKING:
    from canonry.testing.connection import RealConnection

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a user carries once he logged in: headers of every request, a token, subprotocols of WebSockets."""

    headers: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    subprotocols: tuple[str, ...] = ()


class UserSource(Protocol):
    """How users of a project come to be. Where it has a method ``logout(url, name, login)``, that ends each one."""

    def login(self, url: str, name: str) -> Login:
        """Makes a user of that name, where there is none, and logs him in to the service at ``url``."""


@runtime_checkable
class _Leaving(Protocol):
    def logout(self, url: str, name: str, login: Login) -> None: ...


class User:
    """Somebody who is logged in. His clients share nothing with those of others, cookies included."""

    def __init__(self, url: str, name: str, login: Login) -> None:
        self.url, self.name, self.login = url, name, login
        self.http = HttpClient(url, headers=login.headers)
        self.connections: list[RealConnection] = []

    def connect(
        self, path: str = "", *, limit: float = 5.0, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager["RealConnection"]:
        """``async with user.connect("/ws") as connection``: a real WebSocket with his headers; closed at the end."""
        return self._connected(path, limit, headers or {})

    @contextlib.asynccontextmanager
    async def _connected(self, path: str, limit: float, headers: Mapping[str, str]) -> AsyncIterator["RealConnection"]:
        connection = self.connection(path, headers=headers)
        await connection.open(limit=limit)
        try:
            yield connection
        finally:
            await connection.close()

    def connection(self, path: str = "", *, headers: Mapping[str, str] | None = None) -> "RealConnection":
        """A WebSocket with his headers that is not open yet."""
        from canonry.testing.connection import RealConnection

        connection = RealConnection(
            websocket_url(self.url, path),
            user=self.name,
            headers={**self.login.headers, **(headers or {})},
            subprotocols=self.login.subprotocols,
        )
        self.connections.append(connection)
        return connection


class Users:
    """The users of one test. `close` logs all of them out."""

    def __init__(self, source: UserSource) -> None:
        self._source = source
        self._users: list[User] = []

    def log_in(self, url: str, count: int = 1) -> list[User]:
        """So many new users who are logged in; names differ between tests and processes."""
        made = []
        for _ in range(count):
            name = f"user-{os.getpid()}-{next(_NUMBERS)}"
            made.append(User(url, name, self._source.login(url, name)))
            self._users.append(made[-1])
        return made

    def close(self) -> list[str]:
        """Closes what is open and logs everybody out; returns the connections that the test had left open."""
        left = []
        with contextlib.ExitStack() as stack:
            for user in self._users:
                left += [connection.url for connection in user.connections if connection.drop()]
                if isinstance(self._source, _Leaving):
                    stack.callback(self._source.logout, user.url, user.name, user.login)
        self._users = []
        return left


def websocket_url(url: str, path: str = "") -> str:
    """The address of a WebSocket: ``ws`` for ``http``, ``wss`` for ``https``; ``path`` replaces the URL's own."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if not path:
        return parts._replace(scheme=scheme).geturl()
    way, _, query = path.partition("?")
    way = way if way.startswith("/") else f"/{way}"
    return parts._replace(scheme=scheme, path=way, query=query, fragment="").geturl()
