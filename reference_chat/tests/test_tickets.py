"""A ticket is redeemed once, whoever tries at the same time, on every store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from reference_chat.auth.redis_tickets import RedisTickets
from reference_chat.auth.tickets import Holder, TableTickets, Tickets
from reference_chat.auth.tokens import Claims
from reference_chat.faults import Faults
from reference_chat.store.schema import create_tables, open_engine

CLAIMS = Claims("usr_1", "ses_1", 0.0)


@asynccontextmanager
async def opened(url: str, faults: Faults) -> AsyncIterator[Tickets]:
    if url.startswith("redis"):
        from redis.asyncio import Redis

        async with Redis.from_url(url, decode_responses=True) as client:
            yield RedisTickets(client, faults)
        return
    engine = open_engine(url)
    await create_tables(engine)
    yield TableTickets(engine, faults)
    await engine.dispose()


async def winners(url: str, faults: Faults) -> int:
    """How many of fifty get the holder of one ticket."""
    async with opened(url, faults) as tickets:
        ticket = await tickets.issue(CLAIMS, 30)
        holders = await asyncio.gather(*(tickets.redeem(ticket) for _ in range(50)))
        assert {holder for holder in holders if holder} == {Holder("usr_1", "ses_1")}
        return sum(holder is not None for holder in holders)


on_each_store = pytest.mark.parametrize("database", ["sqlite", "postgres", "redis"], indirect=True)


@on_each_store
def test_of_fifty_redeems_at_once_one_succeeds(database: str) -> None:
    assert asyncio.run(winners(database, Faults())) == 1


@on_each_store
def test_read_then_delete_lets_several_in(database: str) -> None:
    faults = Faults()
    faults.switch({"get_then_delete": {"seconds": 0.4}})
    assert asyncio.run(winners(database, faults)) > 1


@on_each_store
def test_a_late_a_revoked_and_an_unknown_ticket_have_no_holder(database: str) -> None:
    async def work() -> None:
        async with opened(database, Faults()) as tickets:
            late, revoked = await tickets.issue(CLAIMS, 0.05), await tickets.issue(CLAIMS, 30)
            assert not await tickets.revoke(revoked, "usr_2")
            assert await tickets.revoke(revoked, "usr_1")
            await asyncio.sleep(0.1)
            for ticket in (late, revoked, "unknown", ""):
                assert await tickets.redeem(ticket) is None

    asyncio.run(work())
