"""`golden`."""

from canonry.load.chat import ChatScenario
from canonry.load.user import VirtualUser


class Golden(ChatScenario):
    """Log in once, stay connected, ask, wait for the answer, think, ask again."""

    async def begin(self, user: VirtualUser) -> None:
        """Logs in and connects."""
        await super().begin(user)
        user.memory["connection"] = await self.connect(user)

    async def turn(self, user: VirtualUser) -> None:
        """One question; a connection that was lost is opened again first."""
        connection = user.memory["connection"]
        if not connection.is_open:
            connection = user.memory["connection"] = await self.connect(user)
        await self.ask(user, connection)
