"""Cuts, resumes, and who comes next: rows 18, 19 and 26."""

import asyncio

import pytest

from canonry.testing import EventContract
from golden_path.chat.conversation import Conversation
from golden_path.chat.target import Target
from golden_path.chat.together import beside, worker_of
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio


async def test_a_cut_loses_and_repeats_nothing(user: ChatUser, contract: EventContract) -> None:
    before = user.connect(contract)
    await before.open()
    await before.say("[[tools:4]] [[slow:0.3]] cut me off")
    run = await before.until("agent_started")
    await before.cut(run)
    async with user.connect(contract, after=before) as again:
        await again.welcome()
        await again.resume(run.run_id, run.last_seq)
        await again.until_end(run=run)
    contract.check()
    assert run.answer


async def test_a_finished_run_is_resumed_from_any_event(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        done = await conversation.ask("[[tools:2]] all of it")
        for after in (-1, 0, done.last_seq - 1):
            await conversation.connection.send(f'{{"type": "resume", "run_id": "{done.run_id}", "after": {after}}}')
            came = [(await conversation.connection.receive_json())["seq"] for _ in range(done.last_seq - after)]
            assert came == list(range(after + 1, done.last_seq + 1))
    contract.streams.remove(conversation.stream)
    event = contract.stream("afterwards", user_id=user.user_id)
    for each in done.events:
        event.receive(each)


async def test_a_closed_connection_hands_nothing_on(users: Users, contract: EventContract) -> None:
    ada, grace = users(2)
    hers = ada.connect(contract)
    await hers.open()
    worker = worker_of(await hers.welcome())
    await hers.say(f"[[tools:3]] [[slow:1.0]] secret {ada.canary}")
    await hers.until("agent_started")
    await hers.cut()
    contract.streams.remove(hers.stream)
    async with await beside(grace, contract, worker) as next_one:
        await next_one.rest(1.6)
        run = await next_one.ask("anything for me?")
    contract.check()
    assert run.answer


async def test_a_run_is_followed_from_another_process(user: ChatUser, contract: EventContract, chat: Target) -> None:
    first = user.connect(contract)
    await first.open()
    here = str((await first.welcome())["payload"]["worker"])
    second = await _elsewhere(user, contract, chat, here)
    await first.say("[[tools:3]] [[slow:0.5]] follow me")
    run = await first.until("agent_started")
    await second.resume(run.run_id, -1)
    await asyncio.gather(first.until_end(run=run), second.until_end(silence=2.5))
    await first.close()
    await second.close()


async def _elsewhere(user: ChatUser, contract: EventContract, chat: Target, here: str) -> Conversation:
    """A socket in another process, where there is one."""
    several = len(chat.censuses()) > 1
    for _ in range(60):
        found = user.connect(contract)
        await found.open()
        if not several or (await found.welcome())["payload"]["worker"] != here:
            return found
        await found.close()
        contract.streams.remove(found.stream)
    raise AssertionError("no second process takes connections")
