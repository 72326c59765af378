"""Tickets: one use, one owner, a short life; taken atomically from a table (from Redis: `redis_tickets`)."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from reference_chat.auth.accounts import digest
from reference_chat.auth.tokens import Claims
from reference_chat.faults import Faults
from reference_chat.store.schema import tickets


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose ticket it was."""

    user_id: str
    session_id: str


class Tickets(Protocol):
    """Nothing here looks at a ticket without taking it."""

    async def issue(self, claims: Claims, ttl: float) -> str:
        """A ticket of the token's owner, good for `ttl` seconds."""

    async def redeem(self, ticket: str) -> Holder | None:
        """Its holder, once; of any number of attempts at the same time, one gets him."""

    async def revoke(self, ticket: str, user_id: str) -> bool:
        """Whether there was such a ticket of this user; it is gone."""


class TableTickets:
    """``DELETE ... RETURNING`` on SQLite and PostgreSQL."""

    def __init__(self, engine: AsyncEngine, faults: Faults) -> None:
        self._engine, self._faults = engine, faults

    async def issue(self, claims: Claims, ttl: float) -> str:
        """See `Tickets`."""
        ticket, now = secrets.token_urlsafe(32), time.time()
        values = {"hash": digest(ticket), "user_id": claims.user_id, "session_id": claims.session_id}
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(tickets).where(tickets.c.expires_at < now))
            await connection.execute(sa.insert(tickets).values(**values, expires_at=now + ttl))
        return ticket

    async def redeem(self, ticket: str) -> Holder | None:
        """See `Tickets`."""
        if careless := self._faults.on("get_then_delete"):
            return await self._get_then_delete(ticket, careless["seconds"])
        taken = sa.delete(tickets).where(tickets.c.hash == digest(ticket), tickets.c.expires_at > time.time())
        async with self._engine.begin() as connection:
            row = (await connection.execute(taken.returning(tickets.c.user_id, tickets.c.session_id))).first()
        return Holder(row.user_id, row.session_id) if row else None

    async def revoke(self, ticket: str, user_id: str) -> bool:
        """See `Tickets`."""
        gone = sa.delete(tickets).where(tickets.c.hash == digest(ticket), tickets.c.user_id == user_id)
        async with self._engine.begin() as connection:
            return (await connection.execute(gone)).rowcount == 1

    async def _get_then_delete(self, ticket: str, seconds: float) -> Holder | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(sa.select(tickets).where(tickets.c.hash == digest(ticket)))).first()
        await asyncio.sleep(seconds)
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(tickets).where(tickets.c.hash == digest(ticket)))
        return Holder(row.user_id, row.session_id) if row else None
