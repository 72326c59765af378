"""What ends a socket, or refuses it, from the inside: expiry, log-outs in between, origins that are none; and resuming twice."""

import asyncio
import time
from pathlib import Path

import pytest
from inside import Client, connected, inside, logged_in, until
from runs import run as played

from reference_chat.auth.tokens import Claims


@pytest.mark.parametrize("after", [-1, 10**9])
def test_an_expired_socket_closes_when_what_it_resumed_has_ended(tmp_path: Path, after: int) -> None:
    async def work() -> None:
        async with inside(tmp_path, heartbeat=2.0) as service:
            session = await logged_in(service)
            async with connected(service, session) as asks, connected(service, session) as resumes:
                asks.say("user_message", text="[[slow:0.6]] long")
                await until(lambda: bool(asks.of_runs()))
                resumes.say("resume", run_id=asks.of_runs()[0]["run_id"], after=after)
                await until(lambda: all(connection.following for connection in service.registry))
                for connection in service.registry:
                    connection.expires_at = time.time()
                await until(lambda: resumes.closed == asks.closed == 1008)
                assert bool(resumes.of_runs()) == (after == -1)

    played(work())


def test_who_has_expired_resumes_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with inside(tmp_path) as service, connected(service, await logged_in(service)) as client:
            client.say("user_message", text="a")
            run_id = (await client.end())[0]["run_id"]
            (connection,) = service.registry
            connection.expires_at = time.time()
            before = len(client.frames)
            client.say("resume", run_id=run_id)
            await until(lambda: len(client.frames) > before)
            assert client.frames[before]["payload"]["code"] == "token_expired"
            assert not connection.following

    played(work())


def test_of_two_resumes_the_later_holds(tmp_path: Path) -> None:
    async def work() -> None:
        async with inside(tmp_path) as service, connected(service, await logged_in(service)) as client:
            client.say("user_message", text="[[stream:300]] long")
            events = await client.end()
            assert len(events) > 64
            client.frames.clear()
            events_of, reads = service.store.events, 0

            async def slow(run_id: str, *, after: int = -1, limit: int = 10_000) -> list[tuple[int, str]]:
                nonlocal reads
                reads += 1
                found = await events_of(run_id, after=after, limit=limit)
                await asyncio.sleep(0.2 if reads == 1 else 0.05)
                return found

            service.store.events = slow  # type: ignore[method-assign]
            for after in (-1, 9):
                client.say("resume", run_id=events[0]["run_id"], after=after)
                await until(lambda: reads > 0)
            await client.end()
            await asyncio.sleep(0.3)
            assert client.of_runs() == events[10:]

    played(work())


def test_who_logs_out_while_he_connects_is_not_connected(tmp_path: Path) -> None:
    async def work() -> None:
        async with inside(tmp_path) as service:
            session = await logged_in(service)
            claim = service.bus.claim

            async def logged_out_meanwhile(user_id: str, connection_id: str, limit: int) -> bool:
                claims = service.tokens.read(session.access_token)
                await service.accounts.log_out(Claims(user_id, claims.session_id, 0.0))
                service.end_session(user_id, claims.session_id)
                return await claim(user_id, connection_id, limit)

            service.bus.claim = logged_out_meanwhile  # type: ignore[method-assign]
            client = Client(service, session)
            client.say("user_message", text="a")
            await until(lambda: client.closed is not None, limit=3)
            await client.task
            assert client.closed == 1008
            assert not client.of_runs()
            assert service.runs.started == 0

    played(work())


@pytest.mark.parametrize("origin", [b"http://[", b"http://]", b"http://[::1", b"http://a:b:c", b""])
def test_an_origin_that_is_none_is_refused_before_the_socket_is_accepted(tmp_path: Path, origin: bytes) -> None:
    async def work() -> None:
        async with inside(tmp_path) as service:
            client = Client(service, await logged_in(service), [(b"origin", origin), (b"host", b"localhost")])
            await until(lambda: client.closed is not None)
            await client.task
            assert (client.accepted, client.closed) == (False, 1008)  # which is HTTP 403

    played(work())
