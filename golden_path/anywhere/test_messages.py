"""A message reaches exactly one handler, is stored, and what is no message is answered: rows 27, 32 and 33."""

import asyncio
import json
from typing import Any

import pytest

from canonry.testing import EventContract
from golden_path.chat.conversation import Conversation, Run
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser

pytestmark = pytest.mark.anyio
HOSTILE = (
    "'; DROP TABLE messages; --",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "\u202e\ud7ff\u200d",
    "../../etc/passwd",
)


async def error_to(conversation: Conversation, frame: str | bytes) -> dict[str, Any]:
    """What is answered to a frame that is no good message."""
    await conversation.connection.send(frame)
    while True:
        event = await conversation.connection.receive_json(limit=conversation.times.silence)
        if event["type"] in ("error", "agent_started"):
            return dict(event)


async def test_a_message_starts_one_run(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        run = await conversation.ask("one handler?")
        runs = {event["run_id"] for event in (*run.events, *await conversation.rest(0.3)) if "run_id" in event}
    assert len(runs) <= 1, f"one message starts {len(runs)} runs"


async def test_every_frame_is_judged(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.ask("how many frames?")
        sent = 1
    came, judged = conversation.frames + sent, conversation.stream.session.received
    assert came == judged, f"{came} frames went by, {judged} were judged"
    assert contract.judged == judged, f"{judged} frames were received, {contract.judged} were judged"


async def test_what_was_answered_is_stored(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        run = await conversation.ask("keep this")
        thread = user.http.get(f"/threads/{run.thread_id}")
        stored = user.http.get(f"/runs/{run.run_id}/events")
    said = [message["text"] for message in thread.json()["messages"]] if thread.status == 200 else []
    assert run.answer in said, "the answer was sent and is not stored"
    kept = [event["seq"] for event in stored.json()["events"]]
    assert kept == [event["seq"] for event in run.events], "events were sent and are not stored"
    after = user.http.get(f"/runs/{run.run_id}/events?after={kept[1]}").json()["events"]
    assert [event["seq"] for event in after] == kept[2:]


async def test_a_thread_goes_on_and_is_nobody_elses(
    user: ChatUser, users: Any, contract: EventContract, chat: Target
) -> None:
    async with user.connect(contract) as conversation:
        first = await conversation.ask("the first question")
    async with user.connect(contract, owned=True) as again:
        await again.welcome()
        second = await again.ask("the second question", thread_id=first.thread_id)
    assert second.thread_id == first.thread_id
    assert len(user.http.get(f"/threads/{first.thread_id}").json()["messages"]) == 4
    assert first.thread_id in [each["thread_id"] for each in user.http.get("/threads").json()["threads"]]
    (other,) = users()
    for path in (f"/threads/{first.thread_id}", f"/runs/{first.run_id}/events"):
        assert other.http.get(path).status == 404, "another reads it"
        assert chat.http.get(path).status == 401, "nobody reads it"
    async with other.connect(contract) as theirs:
        await theirs.welcome()
        for message in (
            {"type": "resume", "run_id": first.run_id, "after": -1},
            {"type": "user_message", "text": "and I?", "thread_id": first.thread_id},
            {"type": "user_message", "text": "as him", "user_id": user.user_id},
        ):
            assert (await error_to(theirs, json.dumps(message)))["type"] == "error", "another goes on with it"
        await theirs.ask("my own")


async def test_what_is_no_message_is_answered(user: ChatUser, contract: EventContract) -> None:
    frames: tuple[str | bytes, ...] = (
        "{",
        "",
        "null",
        "[]",
        '"text"',
        "{}",
        '{"type": 7}',
        '{"type": "no_such_type"}',
        '{"type": "user_message"}',
        '{"type": "user_message", "text": 7}',
        '{"type": "user_message", "text": "  "}',
        '{"type": "user_message", "text": "x", "thread_id": "../../x"}',
        '{"type": "resume", "run_id": "run_of_nobody", "after": 0}',
        '{"type": "resume", "run_id": 1, "after": "x"}',
        '{"type": "resume", "run_id": "r", "after": 99999999999999999999999}',
        "[" * 20_000,
        b"\x00\xff",
        '{"type": "user_message", "text": "lone \\ud800"}',
        '{"type": "user_message", "text": "NUL \\u0000"}',
    )
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        for frame in frames:
            answer = await error_to(conversation, frame)
            assert answer["type"] == "error", f"{frame[:60]!r} starts a run"
            assert all(answer["payload"][name] for name in ("code", "message"))
        await conversation.send({"type": "ping"})
        await conversation.until("pong")
        run = await conversation.ask("and now a good one")
    assert run.answer


async def test_hostile_texts_are_texts(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        for text in HOSTILE:
            run = await conversation.ask(text)
            assert run.answer, f"{text!r} is not answered"
            messages = user.http.get(f"/threads/{run.thread_id}").json()["messages"]
            assert messages[0]["text"] == text, "a text is stored as another"


async def test_a_flood_holds_up_nobody_else(users: Any, contract: EventContract) -> None:
    noisy, quiet = users(2)
    async with noisy.connect(contract) as flood, quiet.connect(contract) as calm:
        await flood.welcome()
        await calm.welcome()
        await asyncio.gather(*(flood.connection.send('{"type": "no_such_type"}') for _ in range(500)))
        run: Run = await calm.ask("am I heard?")
        assert run.answer
        await flood.rest(0.3)
    told = {each["payload"]["code"] for each in flood.events("error")}
    assert told, "a flood is not told that nothing comes of it"
