"""Slow readers, blocked loops, dead sockets, leaks: rows 20, 23 and 24."""

import asyncio
import time

import pytest

from canonry.testing import EventContract
from golden_path.chat.conversation import Conversation
from golden_path.chat.raw import RawSocket
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio
BEAT = 30 * 0.05
ROUNDS, GROWTH = 30, 8_000_000


async def test_a_slow_reader_holds_up_nobody_else(users: Users, contract: EventContract, chat: Target) -> None:
    slow, quick = users(2)
    with RawSocket(chat.url, small=True) as raw:
        raw.upgrade(slow.access_token)
        where = _place_of(chat, slow)
        raw.frame(b'{"type": "user_message", "text": "[[stream:3000]] much"}')
        await asyncio.sleep(0.3)
        async with await _beside(quick, contract, where) as conversation:
            begun = time.monotonic()
            run = await conversation.ask("am I held up?", limit=3.0)
            took = time.monotonic() - begun
    assert run.end and took < 2.5, f"a slow reader held up another for {took:.1f} s"


async def test_nothing_blocks_the_event_loop(users: Users, contract: EventContract, chat: Target) -> None:
    busy, watching = users(2)
    async with busy.connect(contract) as one:
        where = str((await one.welcome())["payload"]["worker"])
        async with await _beside(watching, contract, where) as other:
            asking = asyncio.create_task(one.ask("[[tools:2]] work", limit=8.0))
            for _ in range(10):
                await other.send({"type": "ping"})
                await other.until("pong", limit=8.0)
                await asyncio.sleep(0.02)
            await asking


async def test_half_open_sockets_are_reaped(user: ChatUser, chat: Target) -> None:
    with RawSocket(chat.url) as raw:
        assert b" 101 " in raw.upgrade(user.access_token)
        assert chat.connections_of(user.user_id) == 1
        deadline = time.monotonic() + 2 * BEAT + 2.0
        while chat.connections_of(user.user_id) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert not chat.connections_of(user.user_id), "a half-open socket is there after two beats"


async def test_connections_leave_nothing_behind(user: ChatUser, contract: EventContract, chat: Target) -> None:
    async def rounds(count: int) -> None:
        for _ in range(count):
            async with user.connect(contract) as conversation:
                await conversation.welcome()

    await rounds(10)
    before = chat.censuses()
    await rounds(ROUNDS)
    after = chat.censuses()
    memory = [sum(each["memory"] for each in censuses) for censuses in (before, after)]
    assert memory[1] - memory[0] < GROWTH, f"{ROUNDS} connections leave {(memory[1] - memory[0]) / 1e6:.0f} MB behind"
    assert not chat.connections_of(user.user_id)
    assert sum(each["tasks"] for each in after) <= sum(each["tasks"] for each in before) + 5, "tasks are left behind"
    assert sum(each["files"] for each in after) <= sum(each["files"] for each in before) + 5, "files are left behind"


def _place_of(chat: Target, user: ChatUser) -> str:
    """The process that has a user's socket."""
    return next(str(each["worker"]) for each in chat.censuses() if user.user_id in each["users"])


async def _beside(user: ChatUser, contract: EventContract, worker: str) -> Conversation:
    """An open socket in the process of that name."""
    for _ in range(60):
        found = user.connect(contract)
        await found.open()
        if (await found.welcome())["payload"]["worker"] == worker:
            return found
        await found.close()
        contract.streams.remove(found.stream)
    raise AssertionError(f"`{worker}` takes no connections")
