"""`token-expiry`."""

from collections.abc import Mapping
from typing import ClassVar

from canonry.load.chat import ChatScenario
from canonry.load.errors import RefusedError, StepError
from canonry.load.user import VirtualUser


class TokenExpiry(ChatScenario):
    """Stay connected while the access token expires, renew it, and go on asking: nobody is thrown out or let in."""

    OPTIONS: ClassVar[Mapping[str, tuple[str, str]]] = {
        **ChatScenario.OPTIONS,
        "lives": ("1", "seconds to wait in each turn, longer than a token lives in the service under test"),
    }

    async def begin(self, user: VirtualUser) -> None:
        """Logs in and connects."""
        await super().begin(user)
        user.memory["connection"] = await self.connect(user)

    async def turn(self, user: VirtualUser) -> None:
        """Waits past the expiry, renews, and asks, on a new connection where the service closed the old one."""
        await user.think(float(self.options["lives"]))
        await self._require_expired(user)
        said = await user.request(
            "POST", "/auth/refresh", name="refresh", body={"refresh_token": user.memory["refresh_token"]}
        )
        user.headers["Authorization"] = f"Bearer {said['access_token']}"
        user.memory["refresh_token"] = said.get("refresh_token", user.memory["refresh_token"])
        connection = user.memory["connection"]
        if not connection.is_open:
            connection = user.memory["connection"] = await self.connect(user)
        await self.ask(user, connection)

    async def _require_expired(self, user: VirtualUser) -> None:
        """Raises `StepError` where the token is still good, so that the turn would show nothing."""
        try:
            await user.request("GET", "/auth/me", name="expired token", expect=(401,))
        except RefusedError as error:
            if error.status == 200:
                lives = self.options["lives"]
                sentence = f"the token is still good after {lives} s; say `--option lives=` longer than it lives"
                raise StepError("token not expired", sentence) from None
            raise
