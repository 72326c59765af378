"""Tickets in Redis, for a service of several processes."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator

from redis.asyncio import Redis
from redis.exceptions import RedisError

from reference_chat.auth.accounts import digest
from reference_chat.auth.tickets import Holder
from reference_chat.auth.tokens import Claims
from reference_chat.errors import not_ready
from reference_chat.faults import Faults


class RedisTickets:
    """``GETDEL`` on Redis, whose clock ends them."""

    def __init__(self, redis: Redis, faults: Faults) -> None:
        self._redis, self._faults = redis, faults

    async def issue(self, claims: Claims, ttl: float) -> str:
        """See `Tickets`."""
        ticket = secrets.token_urlsafe(32)
        forgetful = self._faults.on("get_then_delete") is not None
        value = f"{claims.user_id} {claims.session_id}"
        with _needed():
            await self._redis.set(_key(ticket), value, px=max(1, round(ttl * (100 if forgetful else 1) * 1000)))
        return ticket

    async def redeem(self, ticket: str) -> Holder | None:
        """See `Tickets`."""
        with _needed():
            if careless := self._faults.on("get_then_delete"):
                value = await self._redis.get(_key(ticket))
                await asyncio.sleep(careless["seconds"])
                await self._redis.delete(_key(ticket))
            else:
                value = await self._redis.getdel(_key(ticket))
        return Holder(*str(value).split(" ")) if value else None

    async def revoke(self, ticket: str, user_id: str) -> bool:
        """See `Tickets`."""
        with _needed():
            return bool(await self._redis.eval(_REVOKE, 1, _key(ticket), f"{user_id} "))


_REVOKE = """
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""


def _key(ticket: str) -> str:
    return f"chat:ticket:{digest(ticket)}"


@contextlib.contextmanager
def _needed() -> Iterator[None]:
    """Without Redis nobody can connect by a ticket."""
    try:
        yield
    except (RedisError, OSError):
        raise not_ready() from None
