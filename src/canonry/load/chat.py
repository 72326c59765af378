"""What scenarios of an agent chat share: log in, take a ticket, connect, ask; a project overrides the rest."""

from collections.abc import Mapping
from typing import Any, ClassVar

from canonry.load.connection import Event, JudgedConnection, Listener
from canonry.load.errors import StepError
from canonry.load.scenario import Scenario
from canonry.load.user import VirtualUser

ENDS = ("agent_completed", "agent_error")
_PASSWORD = "correct horse battery staple"


class ChatScenario(Scenario):
    """A user of a service that speaks the agent-events contract as the reference chat does (its HTTP part is OpenAPI).

    The question carries the user's canary, so that an answer which reaches somebody else is known by its words alone.
    """

    OPTIONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "question": ("What is new today?", "what every user asks, beside a word of his own"),
        "within": ("60", "seconds that an answer may take"),
        "ticket": ("no", "`yes`: connect by a single-use ticket instead of the access token"),
    }

    async def begin(self, user: VirtualUser) -> None:
        """Registers and logs in."""
        await self.register(user)
        await self.log_in(user)

    async def register(self, user: VirtualUser) -> None:
        """Makes the user's account, once: a new one in each run."""
        if user.memory.get("is_registered"):
            return
        await user.request("POST", "/auth/register", name="register", body={**account(user), "name": user.name})
        user.memory["is_registered"] = True

    async def log_in(self, user: VirtualUser) -> None:
        """Logs in, and says whose the connections are."""
        said = await user.request("POST", "/auth/login", name="login", body=account(user))
        user.headers["Authorization"] = f"Bearer {said['access_token']}"
        user.memory["refresh_token"] = said.get("refresh_token", "")
        user.is_known_as(user_id=said["user_id"])

    async def take_ticket(self, user: VirtualUser) -> str:
        """A ticket for one WebSocket."""
        said = await user.request("POST", "/ws/ticket", name="ticket")
        return str(said["ticket"])

    async def connect(
        self, user: VirtualUser, *, going_on: JudgedConnection | None = None, listener: Listener | None = None
    ) -> JudgedConnection:
        """A connection that was welcomed."""
        path = "/ws"
        headers: dict[str, str | None] = {}
        if self.options["ticket"] == "yes":
            path, headers = f"/ws?ticket={await self.take_ticket(user)}", {"Authorization": None}
        return await user.connect(
            path, headers=headers, welcome="connection_ready", going_on=going_on, listener=listener
        )

    async def ask(self, user: VirtualUser, connection: JudgedConnection, text: str = "") -> Event:
        """Asks and waits for the end of the run. Raises `StepError` where it is an error."""
        event = await user.ask(connection, self.message(user, text), until=ENDS, within=float(self.options["within"]))
        if event.name == "agent_error":
            said = event.decoded().get("payload", {}).get("error", {})
            raise StepError(
                f"agent_error ({said.get('code', 'no code') if isinstance(said, dict) else said})", str(said)
            )
        return event

    def message(self, user: VirtualUser, text: str = "") -> dict[str, Any]:
        """What a question looks like."""
        return {"type": "user_message", "text": f"{text or self.options['question']} {user.canary}".strip()}


def account(user: VirtualUser) -> dict[str, str]:
    """What a user logs in with."""
    return {"email": f"{user.name}@load.example", "password": _PASSWORD}
