"""Which handlers messages reach, and who emits events, by the counts of the service itself: rows 21 and 33."""

import asyncio
import time
from collections import Counter

import pytest

from canonry.testing import EventContract
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser

pytestmark = pytest.mark.anyio


async def test_every_message_reaches_its_own_handler_once(
    user: ChatUser, contract: EventContract, chat: Target
) -> None:
    received, handled = _counts(chat)
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        await conversation.ask("one")
        await conversation.connection.send('{"type": "ping"}')
        await conversation.until("pong")
        await conversation.ask("two")
    received_now, handled_now = _counts(chat)
    came, reached = received_now - received, handled_now - handled
    assert came == {"user_message": 2, "ping": 1}, f"the service counts as received: {dict(came)}"
    assert reached == came, f"the handlers that were reached are {dict(reached)}"


async def test_every_event_is_of_the_one_emitter(user: ChatUser, contract: EventContract, chat: Target) -> None:
    """What a user receives of a run is what the emitter of its process has emitted, and nothing beside it."""
    before = await _emitted_at_rest(chat)
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        run = await conversation.ask("[[tools:2]] who emits?")
        more = [event for event in await conversation.rest() if "run_id" in event]
    emitted, came = await _emitted_at_rest(chat) - before, len(run.events) + len(more)
    assert came == emitted, f"{came} events came, and {emitted} are of the one emitter"


async def _emitted_at_rest(chat: Target) -> int:
    """How many events all emitters have emitted, once no run goes on any more."""
    deadline = time.monotonic() + 10
    while True:
        censuses = await asyncio.to_thread(chat.censuses)
        if not any(census["runs"] for census in censuses):
            return sum(census["emitted"] for census in censuses)
        assert time.monotonic() < deadline, "runs of other tests go on"
        await asyncio.sleep(0.05)


def _counts(chat: Target) -> tuple[Counter[str], Counter[str]]:
    """How many messages of each type came to all processes, and how often each handler was reached."""
    received: Counter[str] = Counter()
    handled: Counter[str] = Counter()
    for census in chat.censuses():
        received.update(census["received"])
        handled.update(census["handled"])
    return received, handled
