"""PostgreSQL and Redis stop, as servers do, and start again: row 28."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from canonry.testing import EventContract
from canonry.testing.connection import HandshakeError, NotReceivedError
from canonry.testing.services.running import Running
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.inside.conftest import Own
from golden_path.inside.test_rough import answers_again

pytestmark = [pytest.mark.anyio, pytest.mark.pair_only]
PAUSE, NOTICED = 6.0, 5.0

Stoppable = tuple[dict[str, str], dict[str, Running]]


@pytest.mark.parametrize("which", ["database", "redis"])
async def test_what_stops_is_told_and_is_used_again(
    own: Own, stoppable: Stoppable, event_contract: Callable[..., EventContract], which: str
) -> None:
    contract = event_contract(profile="scaled", policy={"thinking": "optional"})
    settings, servers = stoppable
    service = own(**settings)
    chat = await asyncio.to_thread(service.start)
    user = await asyncio.to_thread(service.user)
    async with user.connect(contract) as conversation:
        first = await conversation.ask("before it stops")
        assert first.answer
    conversation = user.connect(contract)
    await conversation.open()
    await conversation.say("[[tools:3]] [[slow:1.0]] while it stops")
    run = await conversation.until("agent_started")
    stopping = asyncio.create_task(asyncio.to_thread(servers[which].restart, pause=PAUSE))
    await conversation.until_end(run=run, silence=NOTICED)
    told = run.end.get("type") or conversation.connection.close_code
    ready = await _until_not_ready(chat)
    late = await _connecting(user)
    await stopping
    await conversation.connection.close()
    contract.streams.remove(conversation.stream)
    # a run and a socket in one process need no Redis between them; without the database nothing of a run is sent
    assert told == (1011 if which == "database" else "agent_completed"), (
        f"the {which} stops, and what is told is {told}"
    )
    assert ready == 503, f"the {which} stops, and the service says {ready} of itself"
    assert late in (1011, 503), f"the {which} is stopped, and who connects hears {late}"
    assert await answers_again(user), "what came back is not used again"
    kept = (await asyncio.to_thread(user.http.get, f"/runs/{first.run_id}/events")).json()["events"]
    assert [event["seq"] for event in kept] == [event["seq"] for event in first.events]
    ended = await _end_of(user, run.run_id)
    assert ended in ("agent_completed", "agent_error"), "a run that it stopped in has no end"
    assert "Traceback" not in service.log, service.log[service.log.index("Traceback") - 200 :][:3000]


async def _until_not_ready(chat: Target) -> int:
    """What the service says of itself, once it is not ready, or after a time."""
    deadline = time.monotonic() + NOTICED
    while True:
        status = (await asyncio.to_thread(chat.http.get, "/health/ready")).status
        if status != 200 or time.monotonic() > deadline:
            return status
        await asyncio.sleep(0.1)


async def _connecting(user: ChatUser) -> int:
    """The status or the code that somebody hears who connects now, 0 where he is welcomed."""
    conversation = user.connect(EventContract("agent-events"))
    try:
        await conversation.open()
        await conversation.welcome()
    except HandshakeError as error:
        return error.status
    except NotReceivedError:
        return conversation.connection.close_code or 0
    finally:
        await conversation.connection.close()
    return 0


async def _end_of(user: ChatUser, run_id: str) -> str:
    """How a run is stored to have ended, within some time."""
    deadline, last = time.monotonic() + 10, ""
    while time.monotonic() < deadline and not last.startswith(("agent_completed", "agent_error")):
        answer: dict[str, Any] = (await asyncio.to_thread(user.http.get, f"/runs/{run_id}/events")).json()
        last = answer["events"][-1]["type"] if answer.get("events") else ""
        await asyncio.sleep(0.2)
    return last
