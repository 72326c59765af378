"""The circuit breaker around the model, by the calls that reach the model: row 22."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from canonry.testing import EventContract
from golden_path.chat.conversation import Conversation, Run
from golden_path.chat.target import ModelEndpoint, Target
from golden_path.chat.user import ChatUser

pytestmark = pytest.mark.anyio
OPEN_FOR, SLOW_AFTER, CALL_TIMEOUT = 10 * 0.05, 24 * 0.05, 48 * 0.05


class Upstream:
    """The model of the process in which a user is connected, its breaker, and the user's socket."""

    def __init__(self, chat: Target, socket: Conversation, worker: str) -> None:
        self.chat, self.socket, self.worker = chat, socket, worker
        self.model: ModelEndpoint = chat.model(worker)

    def state(self) -> str:
        """`closed`, `open` or `half_open`."""
        return str(self.chat.census_of(self.worker)["agents"]["breaker"]["state"])

    def opened(self) -> int:
        """How often it has opened."""
        return int(self.chat.census_of(self.worker)["agents"]["breaker"]["opened"])

    async def ask(self, count: int) -> list[Run]:
        """So many questions, one after the other."""
        return [await self.socket.ask("[[tools:0]] well?", limit=6.0) for _ in range(count)]

    async def close(self) -> None:
        """Asks until the breaker is closed and its window is clean."""
        self.model.heal()
        self.chat.heal()
        for _ in range(40):
            await asyncio.sleep(OPEN_FOR / 5)
            await self.ask(1)
            if self.state() == "closed":
                break
        await self.ask(20)


@pytest.fixture
async def upstream(user: ChatUser, contract: EventContract, chat: Target) -> AsyncIterator[Upstream]:
    """A healthy model and a closed breaker, also afterwards."""
    async with user.connect(contract) as socket:
        worker = str((await socket.welcome())["payload"]["worker"])
        found = Upstream(chat, socket, worker)
        yield found
        await found.close()


async def test_it_opens_at_a_rate_of_errors(upstream: Upstream) -> None:
    upstream.model.order(error_rate=0.8)
    await upstream.ask(16)
    calls = upstream.model.count()["calls"]
    assert upstream.state() != "closed", f"at 80 % errors the breaker is closed after {calls} calls"


async def test_it_closes_after_a_good_probe(upstream: Upstream) -> None:
    upstream.model.order(error_rate=1.0)
    await upstream.ask(12)
    upstream.model.heal()
    await asyncio.sleep(OPEN_FOR * 1.5)
    runs = await upstream.ask(3)
    assert runs[-1].answer, "the breaker does not close after a good probe"
    assert upstream.state() == "closed", "the breaker does not close after a good probe"


async def test_half_open_it_lets_one_through(upstream: Upstream) -> None:
    upstream.model.order(error_rate=1.0)
    await upstream.ask(12)
    upstream.model.order(slow=0.5)
    await asyncio.sleep(OPEN_FOR * 1.3)
    for _ in range(8):
        await upstream.socket.say("[[tools:0]] all at once")
    await asyncio.sleep(0.35)
    peak = upstream.model.count()["peak"]
    for _ in range(8):
        await upstream.socket.until_end(limit=6.0)
    assert peak == 1, f"half open, the breaker lets {peak} calls through at once"


async def test_it_opens_when_calls_are_slow(upstream: Upstream) -> None:
    upstream.model.order(slow=SLOW_AFTER * 1.25)
    before = upstream.opened()
    for _ in range(18):
        await upstream.socket.say("[[tools:0]] slowly")
    for _ in range(18):
        await upstream.socket.until_end(limit=8.0)
    assert upstream.opened() > before, "slow calls leave the breaker closed"


async def test_a_call_that_hangs_is_given_up(upstream: Upstream) -> None:
    upstream.model.order(hang=True)
    begun = time.monotonic()
    run = await upstream.socket.ask("[[tools:0]] anybody there?", limit=CALL_TIMEOUT * 2)
    took = time.monotonic() - begun
    upstream.model.heal()
    gone = upstream.model.count()["active"]
    ended = run.end.get("type") == "agent_error" and took < CALL_TIMEOUT * 1.8
    assert ended, f"a call hangs for {took:.1f} s"
    assert not gone, "a call that was given up goes on"
