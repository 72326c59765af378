"""`soak`."""

from canonry.load.scenarios.golden import Golden
from canonry.load.user import VirtualUser


class Soak(Golden):
    """The golden path for hours: users log in anew now and then, so that tokens and sockets turn over."""

    async def turn(self, user: VirtualUser) -> None:
        """One question, in one of twenty turns after a new log-in on a new connection."""
        if user.random.random() < 1 / 20:
            await user.leave()
            await self.log_in(user)
            user.memory["connection"] = await self.connect(user)
        await super().turn(user)
