"""A request starts one run, whoever sends it again, where, and when."""

import asyncio
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from inside import connected, inside, logged_in
from runs import run as played

from canonry.testing.services.running import Running
from reference_chat.service import Service
from reference_chat.store.rows import new_run, new_thread
from reference_chat.store.schema import messages, runs
from reference_chat.store.sinks import open_sink


async def stored(service: Service) -> tuple[int, int]:
    """How many runs there are, and how many questions."""
    async with service.engine.connect() as connection:
        counted = await connection.scalar(sa.select(sa.func.count()).select_from(runs))
        asked = sa.select(sa.func.count()).select_from(messages).where(messages.c.role == "user")
        return counted or 0, await connection.scalar(asked) or 0


def test_a_request_on_several_sockets_at_once_starts_one_run_that_all_of_them_follow(tmp_path: Path) -> None:
    async def work() -> None:
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(inside(tmp_path))
            session = await logged_in(service)
            clients = [await stack.enter_async_context(connected(service, session)) for _ in range(4)]
            for client in clients:
                client.say("user_message", text="once", request_id="r1")
            first, *others = [await client.end() for client in clients]
            assert [event["seq"] for event in first] == list(range(len(first)))
            assert all(events == first for events in others)
            assert await stored(service) == (1, 1)

    played(work())


def test_a_request_that_was_refused_may_be_sent_again(tmp_path: Path) -> None:
    async def work() -> None:
        async with inside(tmp_path) as service, connected(service, await logged_in(service)) as client:
            client.say("user_message", text="once", request_id="r1", thread_id="thr_0")
            client.say("user_message", text="once", request_id="r1")
            assert (await client.end())[-1]["type"] == "agent_completed"
            assert client.frames[1]["payload"]["code"] == "not_found"

    played(work())


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_the_database_takes_one_run_of_a_request(database: str, tmp_path: Path, again: bool) -> None:
    async def work() -> None:
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(inside(tmp_path, database_url=database))
            user = (await logged_in(service)).user_id
            sink = stack.enter_context(closing(open_sink(database)))
            rows = [new_thread("thr_1", user, "", "run_1"), new_run("run_1", "thr_1", user, "r1", "w")]
            for attempt in (False, True):
                await asyncio.to_thread(sink.commit, rows, again=attempt)
            with pytest.raises(Exception, match=r"(?i)unique"):
                await asyncio.to_thread(sink.commit, [new_run("run_2", "thr_1", user, "r1", "w")], again=again)
            for name in ("run_3", "run_4"):
                await asyncio.to_thread(sink.commit, [new_run(name, "thr_1", user, None, "w")], again=again)

    played(work())


def test_a_request_at_two_workers_at_once_starts_one_run_that_both_follow(
    postgres: Running, redis: Running, tmp_path: Path
) -> None:
    async def work(url: str) -> None:
        async with AsyncExitStack() as stack:
            services = [
                await stack.enter_async_context(
                    inside(tmp_path, database_url=url, redis_url=redis.url, worker=f"w{number}")
                )
                for number in range(2)
            ]
            session = await logged_in(services[0])
            clients = [await stack.enter_async_context(connected(service, session)) for service in services]
            for number in range(5):
                for client in clients:
                    client.say("user_message", text="once", request_id=f"r{number}")
                first, second = [(await client.end(number + 1)) for client in clients]
                assert first == second
                assert {client.closed for client in clients} == {None}
            assert await stored(services[0]) == (5, 5)

    with postgres.isolated("chat") as lease:
        played(work(lease.url))
