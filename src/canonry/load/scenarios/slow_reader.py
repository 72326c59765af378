"""`slow-reader`."""

from collections.abc import Mapping
from typing import ClassVar

from canonry.load.scenarios.golden import Golden
from canonry.load.user import VirtualUser


class SlowReader(Golden):
    """Some users read slowly; the latencies of all others are what counts, and are reported apart."""

    OPTIONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        **Golden.OPTIONS,
        "share": ("0.05", "share of the users who read slowly"),
        "pauses": ("2", "seconds that a slow user reads nothing in each turn"),
    }

    async def turn(self, user: VirtualUser) -> None:
        """A question; a slow user asks and does not read for a while."""
        if user.index * float(self.options["share"]) % 1 < float(self.options["share"]):
            connection = user.memory["connection"]
            if not connection.is_open:
                connection = user.memory["connection"] = await self.connect(user)
            await connection.send(self.message(user))
            await connection.pause(float(self.options["pauses"]))
            user.took("slow reader")
        else:
            await super().turn(user)
