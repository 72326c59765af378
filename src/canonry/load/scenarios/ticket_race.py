"""`ticket-race`."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from canonry.load.chat import ChatScenario
from canonry.load.connection import JudgedConnection
from canonry.load.errors import StepError
from canonry.load.user import VirtualUser
from canonry.model.errors import UserError


class TicketRace(ChatScenario):
    """Redeem one ticket many times at once: exactly one connection is let in."""

    OPTIONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        **ChatScenario.OPTIONS,
        "racers": ("20", "connections that try the same ticket"),
    }

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        super().__init__(options)
        racers = self.options["racers"]
        if not racers.isdecimal() or int(racers) < 1:
            raise UserError(f"`--option racers={racers}` is no number of connections; write `racers=20`")
        self.files = int(racers) + 1

    async def turn(self, user: VirtualUser) -> None:
        """One race. Raises `StepError` where not exactly one wins."""
        ticket = await self.take_ticket(user)
        tries = [self._try(user, ticket) for _ in range(int(self.options["racers"]))]
        won = [one for one in await asyncio.gather(*tries, return_exceptions=True) if isinstance(one, JudgedConnection)]
        for connection in won:
            await connection.close()
        if len(won) != 1:
            raise StepError("ticket spent otherwise than once", f"{len(won)} of {len(tries)} connections were let in")

    async def _try(self, user: VirtualUser, ticket: str) -> JudgedConnection:
        return await user.connect(f"/ws?ticket={ticket}", headers={"Authorization": None}, welcome="connection_ready")
