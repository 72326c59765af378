"""The bars of the golden path that take minutes: `canonry run --category golden_storms`, on each engine."""

import asyncio
import random

import pytest

from canonry.testing import EventContract
from canonry.testing.connection import HandshakeError, RealConnection
from canonry.testing.users import websocket_url
from golden_path.chat.refused import refusal
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio
RUNS, REDEEMS, CUTS, CONNECTS = 100, 50, 200, 5_000


async def test_a_hundred_golden_runs_in_a_row(users: Users, contract: EventContract) -> None:
    for number in range(RUNS):
        (user,) = users(1)
        async with user.connect(contract, ticket=user.ticket() if number % 2 else None) as conversation:
            await conversation.welcome()
            run = await conversation.ask(f"run {number} {user.canary}")
        assert user.canary in run.answer, f"run {number} is not answered"


async def test_of_fifty_redeems_one_succeeds(user: ChatUser, chat: Target) -> None:
    for _ in range(5):
        ticket = user.ticket()
        answers = await asyncio.gather(*(refusal(chat, {}, f"/ws?ticket={ticket}") for _ in range(REDEEMS)))
        assert answers.count(0) == 1, f"{answers.count(0)} of {REDEEMS} redeem one ticket"


async def test_random_cuts_lose_and_repeat_nothing(users: Users, contract: EventContract) -> None:
    chance = random.Random(9)
    people = users(8)

    async def cut_once(number: int) -> None:
        user = people[number % len(people)]
        tools = chance.randint(1, 6)
        conversation = user.connect(contract)
        await conversation.open()
        await conversation.say(f"[[tools:{tools}]] [[slow:0.05]] cut {number}")
        run = await conversation.until("agent_started")
        for _ in range(chance.randint(1, 3)):
            await asyncio.sleep(chance.random() * 0.15)
            await conversation.cut(run)
            conversation = user.connect(contract, after=conversation)
            await conversation.open()
            await conversation.welcome()
            await conversation.resume(run.run_id, run.last_seq)
        if not run.end:
            await conversation.until_end(run=run)
        await conversation.close()
        assert run.end, f"cut {number}: no end after {run.types}"
        numbers = [event["seq"] for event in run.events]
        assert numbers == list(range(len(numbers))), f"cut {number}: {numbers}"

    async def some(start: int) -> None:
        for number in range(start, CUTS, len(people)):
            await cut_once(number)

    await asyncio.gather(*(some(start) for start in range(len(people))))


async def test_five_thousand_connects_without_a_false_refusal(users: Users) -> None:
    people = users(20)
    refused: list[int] = []
    gate = asyncio.Semaphore(40)

    async def connect(number: int) -> None:
        user = people[number % len(people)]
        async with gate:
            headers = user.with_token(user.access_token)
            connection = RealConnection(websocket_url(user.url, "/ws"), headers=headers)
            try:
                await connection.open(limit=20)
                welcome = await connection.receive_json(limit=20)
                if welcome["type"] != "connection_ready":
                    refused.append(-1)
            except HandshakeError as error:
                refused.append(error.status)
            except AssertionError:
                refused.append(connection.close_code or -2)
            finally:
                await connection.close()

    await asyncio.gather(*(connect(number) for number in range(CONNECTS)))
    assert not refused, f"{len(refused)} of {CONNECTS} are refused: {sorted(set(refused))}"
