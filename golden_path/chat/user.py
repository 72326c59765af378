"""A virtual user of the suite: registers, logs in, asks for tickets, connects."""

import itertools
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from canonry.testing import EventContract
from canonry.testing.connection import RealConnection
from canonry.testing.http import HttpClient
from canonry.testing.users import websocket_url
from golden_path.chat.conversation import Conversation
from golden_path.chat.times import times_of

_NUMBERS = itertools.count(1)
SUBPROTOCOL = "chat.v1"


@dataclass(slots=True, kw_only=True)
class ChatUser:
    """Somebody with an account. ``canary`` is a text that nobody else may be sent."""

    url: str
    email: str
    password: str = field(repr=False)
    user_id: str = ""
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    threads: list[str] = field(default_factory=list)
    """The ids of the threads that are his, as far as he has learned of them."""
    canary: str = field(default_factory=lambda: f"canary{secrets.token_hex(12)}")

    @property
    def http(self) -> HttpClient:
        """A client of his."""
        return HttpClient(self.url, headers={"Authorization": f"Bearer {self.access_token}"})

    def register(self) -> None:
        """Makes the account."""
        answer = HttpClient(self.url).post(
            "/auth/register", json={"email": self.email, "password": self.password, "name": self.email.split("@")[0]}
        )
        assert answer.status == 201, f"registering ends with {answer.status}: {answer.text[:200]}"

    def log_in(self) -> None:
        """Gets tokens."""
        answer = HttpClient(self.url).post("/auth/login", json={"email": self.email, "password": self.password})
        assert answer.status == 200, f"logging in ends with {answer.status}: {answer.text[:200]}"
        self._keep(answer.json())

    def refresh(self) -> None:
        """Gets newer tokens."""
        answer = HttpClient(self.url).post("/auth/refresh", json={"refresh_token": self.refresh_token})
        assert answer.status == 200, f"refreshing ends with {answer.status}: {answer.text[:200]}"
        self._keep(answer.json())

    def ticket(self) -> str:
        """A ticket for one connection."""
        answer = self.http.post("/ws/ticket", json={})
        assert answer.status == 201, f"asking for a ticket ends with {answer.status}: {answer.text[:200]}"
        return str(answer.json()["ticket"])

    def connect(
        self,
        contract: EventContract,
        *,
        ticket: str | None = None,
        subprotocols: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        url: str = "",
        owned: bool = False,
        after: Conversation | None = None,
    ) -> Conversation:
        """A socket of his, not open yet: by a ticket, by subprotocol, by ``headers``, else by his token as header.

        ``after`` is the one that it goes on with: what both receive is judged as one stream.
        """
        path = "/ws" if ticket is None else f"/ws?ticket={ticket}"
        if ticket is None and not subprotocols and headers is None:
            headers = {"Authorization": f"Bearer {self.access_token}"}
        stream = (
            after.stream
            if after is not None
            else contract.stream(
                f"{self.email.split('@')[0]} {len(contract.streams) + 1}",
                user_id=self.user_id,
                owned={"thread_id": self.threads} if owned else None,
                canaries=[self.canary],
            )
        )
        connection = RealConnection(
            websocket_url(url or self.url, path), user=self.email, headers=headers or {}, subprotocols=subprotocols
        )
        return Conversation(connection, stream, self, times_of(contract))

    def with_token(self, token: str) -> dict[str, str]:
        """Headers that show another token than his own; nobody's where it is empty."""
        return {"Authorization": f"Bearer {token}"} if token else {"X-Nobody": "1"}

    def _keep(self, session: Mapping[str, Any]) -> None:
        self.user_id = str(session["user_id"])
        self.access_token, self.refresh_token = str(session["access_token"]), str(session["refresh_token"])


def new_user(url: str) -> ChatUser:
    """Somebody whose address nobody has; not registered yet."""
    name = f"user-{os.getpid()}-{next(_NUMBERS)}-{secrets.token_hex(4)}"
    return ChatUser(url=url, email=f"{name}@golden.example", password=secrets.token_urlsafe(16))
