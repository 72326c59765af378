"""`storm`."""

from canonry.load.chat import ChatScenario
from canonry.load.user import VirtualUser


class Storm(ChatScenario):
    """Everybody connects anew in each turn, waits for the welcome, and leaves: a storm of handshakes."""

    async def turn(self, user: VirtualUser) -> None:
        """One connection, opened and closed; a refusal is a failure."""
        connection = await self.connect(user)
        await connection.close()
