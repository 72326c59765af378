"""The golden path with real times: what takes half a minute takes half a minute. `canonry run -c golden_slow`."""

import asyncio
import time

import pytest

from canonry.testing import EventContract
from golden_path.chat.raw import RawSocket
from golden_path.chat.refused import refusal
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio
TICKET, BEAT, CONNECT, FIRST = 30.0, 30.0, 2.0, 5.0


async def test_a_long_thought_is_never_silent(user: ChatUser, contract: EventContract) -> None:
    begun = time.monotonic()
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        assert time.monotonic() - begun <= CONNECT
        asked = time.monotonic()
        await conversation.say("think [[slow:20]]")
        run = await conversation.until("agent_started", limit=FIRST)
        assert time.monotonic() - asked <= FIRST
        await conversation.until_end(run=run, limit=60, silence=15)
    contract.check()
    assert run.answer


async def test_tickets_and_half_open_sockets_have_their_time(users: Users, chat: Target) -> None:
    ada, grace = users(2)
    ticket = ada.ticket()
    with RawSocket(chat.url) as raw:
        raw.upgrade(grace.access_token)
        begun = time.monotonic()
        await asyncio.sleep(TICKET + 0.5)
        assert await refusal(chat, {}, f"/ws?ticket={ticket}") == 403
        while chat.connections_of(grace.user_id) and time.monotonic() - begun < 2 * BEAT + 5:
            await asyncio.sleep(1)
        assert not chat.connections_of(grace.user_id), "a half-open socket is there after two beats"
