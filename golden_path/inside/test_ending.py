"""SIGTERM, kill -9, dependencies that are gone, a full disk: rows 27, 28 and 29."""

import asyncio
import contextlib
import resource
import signal
import time
from typing import Any

import pytest

from canonry.testing import EventContract
from canonry.testing.connection import NotReceivedError
from golden_path.chat.user import ChatUser
from golden_path.inside.conftest import Own
from golden_path.matrix.cases import Case

pytestmark = pytest.mark.anyio
GRACEFUL = (0, -signal.SIGTERM)
"""How a process ends that was asked to: uvicorn hands the signal on once it is through."""


async def test_a_run_survives_the_end_of_its_process(
    own: Own, event_contract: Any, planted: Case, own_engine: dict[str, str]
) -> None:
    contract: EventContract = event_contract(profile="scaled")
    service = own(**own_engine)
    target = service.start()
    user = service.user()
    conversation = user.connect(contract)
    await conversation.open()
    await conversation.say("[[tools:3]] [[slow:0.2]] before the end")
    run = await conversation.until("agent_thinking")
    if planted.key == "killed":
        service.kill(target)
    else:
        service.tell(signal.SIGTERM)
    await conversation.until_end(run=run)
    try:
        code = await conversation.connection.wait_closed(limit=5)
    except NotReceivedError:
        code = 0
    conversation.stream.closed(code)
    contract.check()
    assert service.ended() in GRACEFUL
    assert user_after(service, user).get(f"/runs/{run.run_id}/events").json()["events"][-1]["type"] == run.types[-1]


def user_after(service: Any, user: ChatUser) -> Any:
    """The user's client at the same service, started again on the same data."""
    user.url = service.start().url
    user.log_in()
    return user.http


async def test_what_was_sent_survives_kill_9(
    own: Own, event_contract: Any, planted: Case, own_engine: dict[str, str]
) -> None:
    contract: EventContract = event_contract()  # the silence lasts until the service is there again
    service = own(**own_engine)
    target = service.start()
    target.switch(planted.faults)
    user = service.user()
    conversation = user.connect(contract)
    await conversation.open()
    await conversation.say("[[tools:6]] kill me")
    run = await conversation.until("tool_completed")
    service.kill(target)
    await conversation.until_end(run=run, silence=1.0)
    service.ended()
    stored = user_after(service, user).get(f"/runs/{run.run_id}/events").json()
    kept = {event["event_id"] for event in stored.get("events", [])}
    lost = [event["seq"] for event in run.events if event["event_id"] not in kept]
    assert not lost, f"{len(lost)} events were sent and are lost after kill -9"
    contract.streams.clear()
    last = contract.stream("after the kill", user_id=user.user_id)
    async with user.connect(contract) as again:
        contract.streams.remove(again.stream)
        for event in run.events:
            last.receive(event)
        again.stream = last
        again.connection.on_receive[:] = [again._judge]
        await again.resume(run.run_id, run.last_seq)
        await again.until_end(run=run)
    assert run.end, "a run that was killed has no end after the restart"


async def test_the_golden_question_has_its_dependencies(
    own: Own, event_contract: Any, planted: Case, request: pytest.FixtureRequest
) -> None:
    contract: EventContract = event_contract(profile="scaled")
    which, stopped = planted.key.partition("-")[::2]
    if stopped == "stopped":
        settings, servers = request.getfixturevalue("stoppable")
    else:
        settings, servers = request.getfixturevalue("own_engine"), {}
    if planted.key == "no-model":
        settings = {**settings, "CHAT_MODEL_URL": "http://127.0.0.1:9/v1"}
    service = own(limits=_little_disk if planted.key == "disk-full" else None, **settings)
    service.start()
    user = service.user()
    texts = [f"question {number} {'x' * 4000}" for number in range(6)]
    answered = 0
    for some in (texts[:2], texts[2:]):
        with contextlib.suppress(NotReceivedError, OSError):  # closed, or not let in
            async with user.connect(contract) as conversation:
                await conversation.welcome()
                for text in some:
                    answered += bool((await conversation.ask(text, limit=8.0)).answer)
        if servers:
            servers[which].stop()
    unanswered = len(texts) - answered
    assert not unanswered, f"{unanswered} of {len(texts)} questions have no answer"


async def test_a_full_disk_is_told_and_loses_nothing(own: Own, event_contract: Any) -> None:
    contract: EventContract = event_contract(profile="scaled", policy={"thinking": "optional"})
    service = own(limits=_little_disk)
    target = service.start()
    user = service.user()
    answered = []
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        for number in range(30):
            run = await conversation.ask(f"question {number} {'x' * 8000}", limit=4.0)
            if not run.answer:
                break
            answered.append(run)
    contract.streams.clear()
    contract.stream("answered", user_id=user.user_id).receive_all([event for run in answered for event in run.events])
    assert len(answered) < 30, "the disk was never full"
    assert target.http.get("/health/live").status == 200
    if target.http.get("/health/ready").status == 200:
        async with user.connect(contract) as again:
            contract.streams.remove(again.stream)
            run = await again.ask("ready?")
            said = run.types or [each["payload"] for each in again.events("error")] or again.connection.close_code
            assert run.end or said == 1011, f"it says that it is ready, and then: {said}"
    for run in answered:
        kept = user.http.get(f"/runs/{run.run_id}/events").json()["events"]
        assert [event["event_id"] for event in kept] == [event["event_id"] for event in run.events]
    assert "Traceback" not in service.log


def _little_disk() -> None:
    """No file of the process grows beyond 400 kB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


async def test_secrets_stay_out_of_logs(own: Own, event_contract: Any) -> None:
    service = own()
    target = service.start()
    contract: EventContract = event_contract(profile="scaled")
    user = service.user()
    ticket = user.ticket()
    async with user.connect(contract, ticket=ticket) as conversation:
        await conversation.ask(f"[[fail:500]] {user.canary}")
        await conversation.ask(f"remember {user.canary}")
    target.http.get(f"/ws?ticket={user.ticket()}")
    await asyncio.to_thread(time.sleep, 0.1)
    service.tell(signal.SIGTERM)
    assert service.ended() in GRACEFUL
    secret = {
        "password": user.password,
        "access token": user.access_token,
        "refresh token": user.refresh_token,
        "ticket": ticket,
        "test secret": target.test_secret,
        "signing key": target.key,
        "what a user said": user.canary,
    }
    told = [name for name, value in secret.items() if value in service.log]
    assert not told, f"the log holds: {', '.join(told)}"
