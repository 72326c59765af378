"""Tickets have their time: row 15."""

import asyncio

import pytest

from golden_path.chat.refused import refusal
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser

pytestmark = pytest.mark.anyio
TTL = 30 * 0.05


async def test_a_ticket_has_its_time(user: ChatUser, chat: Target) -> None:
    ticket = user.ticket()
    await asyncio.sleep(TTL + 0.2)
    assert await refusal(chat, {}, f"/ws?ticket={ticket}") == 403, "a ticket is good after its time"
