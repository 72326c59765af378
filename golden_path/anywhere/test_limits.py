"""Each limit holds by itself, and what was allowed goes on: row 25."""

import asyncio
import contextlib
import json
from typing import Any

import pytest

from canonry.testing import EventContract
from canonry.testing.connection import HandshakeError, NotReceivedError
from golden_path.anywhere.test_messages import error_to
from golden_path.chat.conversation import Conversation
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio
MOST_CONNECTIONS, MOST_RUNS, MOST_TEXT, MOST_BODY, MOST_FRAME = 10, 20, 8192, 16_384, 65_536
BURST = 200
"""So many messages may come at once."""


async def test_a_text_has_a_limit(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        answer = await error_to(conversation, json.dumps({"type": "user_message", "text": "x" * (MOST_TEXT + 1)}))
        assert answer["type"] == "error", "a text that is too long starts a run"
        assert answer["payload"]["code"] == "too_long"
        await conversation.ask("x" * MOST_TEXT)


async def test_connections_of_a_user_have_a_limit(user: ChatUser, contract: EventContract) -> None:
    allowed = [user.connect(contract) for _ in range(MOST_CONNECTIONS)]
    eleventh = user.connect(contract)
    try:
        for each in allowed:
            await each.open()
            await each.welcome()
        refused = await _refused(eleventh)
        contract.streams.remove(eleventh.stream)
        assert refused in (1013, 503, 429), "the eleventh connection of a user is accepted"
        await allowed[0].ask("what was allowed goes on")
    finally:
        await asyncio.gather(*(each.close() for each in (*allowed, eleventh)))


async def _refused(conversation: Conversation) -> int:
    """The status or the code with which it is refused, 0 where it is welcomed."""
    try:
        await conversation.open()
        await conversation.welcome()
    except HandshakeError as error:
        return error.status
    except NotReceivedError:
        return conversation.connection.close_code or 0
    return 0


async def test_messages_have_a_rate(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        for _ in range(2 * BURST):
            await conversation.connection.send('{"type": "ping"}')
        came: list[dict[str, Any]] = []
        with contextlib.suppress(NotReceivedError):
            while len(came) < 2 * BURST:  # each of them is answered
                came.append(await conversation.connection.receive_json(limit=conversation.times.silence))
        codes = {each["payload"]["code"] for each in came if each["type"] == "error"}
        assert codes == {"too_fast"}, f"{2 * BURST} messages at once are not too fast"
        assert sum(each["type"] == "pong" for each in came) >= BURST
        await asyncio.sleep(0.1)
        assert (await conversation.ask("what was allowed goes on")).answer


async def test_runs_of_a_user_have_a_limit(users: Users, contract: EventContract) -> None:
    user, friend = users(2)
    async with user.connect(contract) as conversation, friend.connect(contract) as other:
        await conversation.welcome()
        await other.welcome()
        # the runs wait for one more than a user may have, and so for no clock
        meeting = f"[[barrier:limit-{user.user_id}:{MOST_RUNS + 1}]]"
        for number in range(MOST_RUNS + 1):
            await conversation.connection.send(json.dumps({"type": "user_message", "text": f"{meeting} {number}"}))
        with contextlib.suppress(NotReceivedError):
            await conversation.until("error")
        codes = [each["payload"]["code"] for each in conversation.events("error")]
        assert codes == ["too_many_runs"], f"a user has {MOST_RUNS + 1} runs at the same time"
        last = await other.ask(meeting)
        ends = [(await conversation.until_end()).end for _ in range(MOST_RUNS)]
        assert last.end
        assert all(ends)
        assert (await conversation.ask("what was allowed goes on")).answer


async def test_frames_have_a_limit(user: ChatUser, contract: EventContract) -> None:
    conversation = user.connect(contract)
    try:
        await conversation.open()
        await conversation.welcome()
        for size, answered in ((MOST_FRAME - 100, True), (MOST_FRAME + 1, False)):
            await conversation.connection.send(json.dumps({"type": "ping", "payload": "x" * size}))
            try:
                came = (await conversation.connection.receive_json(limit=conversation.times.silence))["type"]
            except NotReceivedError:
                came = ""
            assert (came == "pong") is answered, f"a frame of {size} bytes is {'answered' if came else 'not answered'}"
        assert conversation.connection.close_code == 1009
    finally:
        await conversation.cut()  # the contract knows no close for it


def test_bodies_have_a_limit(user: ChatUser, chat: Target) -> None:
    for size, status in ((MOST_BODY - 100, 422), (MOST_BODY + 1, 413)):
        body = {"email": user.email, "password": "not this one", "more": "x" * size}
        answer = chat.http.post("/auth/login", json=body)
        assert answer.status == status, f"a body of {size} bytes and some is answered with {answer.status}"
