"""Slow readers, blocked loops, dead sockets, leaks: rows 20, 23 and 24."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from canonry.testing import EventContract
from golden_path.chat.proxy import proxied
from golden_path.chat.raw import RawSocket
from golden_path.chat.target import Target
from golden_path.chat.together import beside, worker_of
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users
from golden_path.inside.conftest import Own
from golden_path.matrix.cases import Case

pytestmark = pytest.mark.anyio
BEAT = 30 * 0.05
SLOW_RUNS = 6
"""Of 64 tool calls with 8 kB each: more than the kernel takes for somebody who does not read."""
CROWDED, LONG = 260, 4.0
SLOW_QUESTIONS, PAUSE, BLOCKED = 4, 0.001, 0.02
ROUNDS, GROWTH = 30, 8_000_000
"""Coarse, for a leak of every connection; that memory is flat over 1,000 conversations (within 5 MB) is measured by
`python benchmarks/chat_store.py --memory`."""


async def test_a_slow_reader_holds_up_nobody_else(
    own: Own, own_engine: dict[str, str], event_contract: Callable[..., EventContract], planted: Case
) -> None:
    contract = event_contract(profile="scaled")
    # patient, so that it is not the end of the slow one that lets the other go on
    service = own(CHAT_SEND_TIMEOUT="400", CHAT_HEARTBEAT="600", **own_engine)
    chat = service.start()
    chat.switch(planted.faults)
    slow, quick = (service.user() for _ in range(2))
    with RawSocket(chat.url, small=True) as raw:
        raw.upgrade(slow.access_token)
        for _ in range(SLOW_RUNS):
            raw.frame(json.dumps({"type": "user_message", "text": f"[[tools:64]] {'much ' * 1600}"}).encode())
        await _until_crowded(chat, slow)
        async with await beside(quick, contract, await asyncio.to_thread(_worker_of, chat, slow)) as conversation:
            begun = time.monotonic()
            run = await conversation.ask("am I held up?", limit=LONG)
            took = time.monotonic() - begun
    assert run.end, f"a slow reader held up another for {took:.1f} s"


async def test_a_slow_reader_gets_everything(user: ChatUser, contract: EventContract, chat: Target) -> None:
    async with (
        proxied(user.url, pause=PAUSE, small=True) as proxy,
        user.connect(contract, url=proxy.url) as conversation,
    ):
        await conversation.welcome()
        for number in range(SLOW_QUESTIONS):
            await conversation.say(f"[[tools:64]] slowly {number} {user.canary} {'much ' * 1500}")
        runs = [await conversation.until_end() for _ in range(SLOW_QUESTIONS)]
        blocked = await asyncio.to_thread(_longest, chat, user, "longest_blocked")
        await conversation.rest(0.3)
    assert blocked > BLOCKED, "nothing waits for a reader who is slow"
    contract.check()
    assert all(run.end for run in runs)


def _longest(chat: Target, user: ChatUser, what: str) -> float:
    """The most that the service counts of something at the connections of a user."""
    connections = [each for census in chat.censuses() for each in census["connections"]]
    return max((each[what] for each in connections if each["user_id"] == user.user_id), default=0)


async def test_nothing_blocks_the_event_loop(users: Users, contract: EventContract, chat: Target) -> None:
    busy, watching = users(2)
    async with busy.connect(contract) as one:
        where = worker_of(await one.welcome())
        async with await beside(watching, contract, where) as other:
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
    deadline = time.monotonic() + 10  # the service hears of the last close a moment after its client
    while chat.connections_of(user.user_id) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    after = chat.censuses()
    memory = [sum(each["memory"] for each in censuses) for censuses in (before, after)]
    assert memory[1] - memory[0] < GROWTH, f"{ROUNDS} connections leave {(memory[1] - memory[0]) / 1e6:.0f} MB behind"
    assert not chat.connections_of(user.user_id)
    assert sum(each["tasks"] for each in after) <= sum(each["tasks"] for each in before) + 5, "tasks are left behind"
    assert sum(each["files"] for each in after) <= sum(each["files"] for each in before) + 5, "files are left behind"


def _worker_of(chat: Target, user: ChatUser) -> str:
    """The process in which a user is connected, empty where in none."""
    return next((str(each["worker"]) for each in chat.censuses() if user.user_id in each["users"]), "")


async def _until_crowded(chat: Target, user: ChatUser) -> None:
    """Until frames wait for a user who does not read, or the service has let go of him."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not await asyncio.to_thread(chat.connections_of, user.user_id):
            return
        if await asyncio.to_thread(_longest, chat, user, "waiting") > CROWDED:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing waits for a reader who does not read")
