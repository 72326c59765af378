"""The bus over Redis: what is told is told in the end, what is lost is looked for, and nothing ends its listening."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import Any

import pytest
from inside import connected, inside, logged_in, until
from line import Line, over_a_line
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from runs import run as played

from canonry.testing.services.running import Running
from reference_chat.auth.tokens import Claims
from reference_chat.bus import redis as bus_over_redis
from reference_chat.bus.redis import RedisBus
from reference_chat.faults import Faults
from reference_chat.settings import Settings
from reference_chat.store.rows import Event


class Ear:
    """What a process hears."""

    def __init__(self) -> None:
        self.seqs: list[int] = []
        self.ended: list[str] = []
        self.gaps = 0

    def remote_events(self, events: Sequence[Event]) -> None:
        self.seqs += [event.seq for event in events]

    def remote_end(self, user_id: str, session_id: str) -> None:
        self.ended.append(session_id)

    def remote_question(self, question: Mapping[str, Any]) -> Any:
        return None

    def remote_gap(self) -> None:
        self.gaps += 1


def event(seq: int) -> Event:
    return Event("usr_1", "run_1", seq, "agent_thinking", b"{}", False)


@asynccontextmanager
async def opened(url: str, worker: str) -> AsyncIterator[tuple[RedisBus, Ear]]:
    async with Redis.from_url(url, decode_responses=True, socket_connect_timeout=2) as client:
        await client.flushall()
        bus, ear = RedisBus(client, settings=Settings(worker=worker), faults=Faults()), Ear()
        await bus.start(ear)
        try:
            yield bus, ear
        finally:
            await bus.close()


def test_a_service_in_another_database_is_not_asked_and_not_told(redis: Running) -> None:
    async def work() -> None:
        own, another = (f"{redis.url.rsplit('/', 1)[0]}/{number}" for number in (1, 2))
        async with opened(own, "w0") as (bus, _), opened(own, "w1") as (_, near), opened(another, "w2") as (_, far):
            assert await bus.claim("usr_1", "con_1", 5)
            begun = asyncio.get_running_loop().time()
            assert await bus.ask_others({"any": "question"}) == [None], "one other answers"
            assert asyncio.get_running_loop().time() - begun < 2, "an answer is waited for that never comes"
            bus._tell(bus._questions, bus_over_redis._Message("w0", gap=True))
            await until(lambda: near.gaps == 1)
            assert far.gaps == 0

    played(work())


def test_a_claim_that_fails_half_way_counts_nothing_and_the_next_one_hears(redis: Running) -> None:
    async def work() -> None:
        async with opened(redis.url, "w0") as (bus, ear), opened(redis.url, "w1") as (other, _):
            subscribe = bus._pubsub.subscribe

            async def broken(channel: str) -> None:
                raise RedisConnectionError

            bus._pubsub.subscribe = broken  # type: ignore[method-assign,assignment]
            with pytest.raises(RedisConnectionError):
                await bus.claim("usr_1", "con_1", 1)
            bus._pubsub.subscribe = subscribe  # type: ignore[method-assign]
            assert await bus.claim("usr_1", "con_2", 1)
            other.publish([event(0)])
            await until(lambda: ear.seqs == [0])

    played(work())


def test_what_cannot_be_told_now_is_told_later(redis: Running, caplog: pytest.LogCaptureFixture) -> None:
    async def work(line: Line, url: str) -> None:
        async with opened(redis.url, "w0") as (bus, ear), opened(url, "w1") as (other, _):
            assert await bus.claim("usr_1", "con_1", 9)
            line.cut()
            other.publish([event(0)])
            other.end("usr_1", "ses_1")
            await until(lambda: "cannot tell" in caplog.text)
            line.mend()
            await until(lambda: (ear.seqs, ear.ended) == ([0], ["ses_1"]))

    with_line(redis, work)


def test_when_more_waits_than_may_the_others_are_told_to_look_for_themselves(
    redis: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(line: Line, url: str) -> None:
        async with opened(redis.url, "w0") as (_, ear), opened(url, "w1") as (other, _):
            line.cut()
            for seq in range(5):
                other.publish([event(seq)])
            line.mend()
            await until(lambda: ear.gaps > 0)

    monkeypatch.setattr(bus_over_redis, "_BACKLOG", 2)
    with_line(redis, work)


def with_line(redis: Running, work: Callable[[Line, str], Any]) -> None:
    with ExitStack() as stack:
        played(work(*over_a_line(redis.url, stack)))


@pytest.mark.parametrize("nonsense", ["nonsense", b"\xff\xfe", '{"origin": "x", "events": [[1]]}'])
def test_what_cannot_be_understood_does_not_end_the_listening(redis: Running, nonsense: str | bytes) -> None:
    async def work() -> None:
        async with opened(redis.url, "w0") as (bus, ear), opened(redis.url, "w1") as (other, _):
            assert await bus.claim("usr_1", "con_1", 9)
            other.publish([event(0)])
            await until(lambda: ear.seqs == [0])
            await other._redis.publish("chat:user:usr_1", nonsense)
            for seq in range(1, 40):
                other.publish([event(seq)])
                await asyncio.sleep(0.05)
            assert ear.seqs[-1] == 39
            assert await bus.answers()

    played(work())


def test_who_does_not_listen_any_more_is_not_ready(redis: Running) -> None:
    async def work() -> None:
        async with opened(redis.url, "w0") as (bus, _):
            assert await bus.answers()
            bus._tasks[0].cancel()
            await asyncio.sleep(0)
            assert not await bus.answers()

    played(work())


def test_a_log_out_that_was_not_heard_closes_the_sockets_of_the_session(tmp_path: Any) -> None:
    async def work() -> None:
        async with inside(tmp_path, heartbeat=1.0) as service:
            session, other = await logged_in(service), await logged_in(service)
            async with connected(service, session) as client, connected(service, other) as bystander:
                ended = service.tokens.read(session.access_token)
                await service.accounts.log_out(Claims(ended.user_id, ended.session_id, 0.0))
                await until(lambda: client.closed == 1008)
                await asyncio.sleep(0.3)
                assert bystander.closed is None

    played(work())


def test_a_terminal_event_that_was_not_heard_is_found(postgres: Running, redis: Running, tmp_path: Any) -> None:
    async def work(url: str) -> None:
        async with AsyncExitStack() as stack:
            given = {"database_url": url, "redis_url": redis.url, "heartbeat": 1.0}
            deaf, mute = [
                await stack.enter_async_context(inside(tmp_path, worker=f"w{number}", **given)) for number in range(2)
            ]
            session = await logged_in(mute)
            there = await stack.enter_async_context(connected(mute, session))
            here = await stack.enter_async_context(connected(deaf, session))
            mute.bus.publish = lambda events: None  # type: ignore[method-assign]
            there.say("user_message", text="[[slow:0.5]] unheard")
            await until(lambda: bool(there.of_runs()))
            here.say("resume", run_id=there.of_runs()[0]["run_id"])
            assert await here.end() == await there.end()

    with postgres.isolated("chat") as lease:
        played(work(lease.url))
