"""Runs with tools, sub-agents, failures and overlaps: rows 11, 12 and 16."""

import asyncio
import contextlib
import json
import time

import jwt
import pytest

from canonry.testing import EventContract
from canonry.testing.connection import NotReceivedError
from golden_path.chat.conversation import Run
from golden_path.chat.target import Target
from golden_path.chat.together import together
from golden_path.chat.user import ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("three [[tools:3]]", "agent_completed"),
        ("with others [[sub]]", "agent_completed"),
        ("in pieces [[stream:20]]", "agent_completed"),
        ("none [[tools:0]]", "agent_completed"),
        ("the model fails [[fail:400]]", "agent_error"),
        ("a sub-agent fails [[sub:fail]]", ""),
    ],
    ids=["tools", "sub-agents", "stream", "no tool", "error", "failing sub-agent"],
)
async def test_every_kind_of_run_keeps_the_contract(
    user: ChatUser, contract: EventContract, text: str, end: str
) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        run = await conversation.ask(text)
    contract.check()
    assert not end or run.end["type"] == end


async def test_overlapping_runs_share_nothing(users: Users, contract: EventContract, chat: Target) -> None:
    ada, grace = users(2)
    hers, also = await together(contract, ada, grace)
    async with hers, also:
        name = f"meeting-{ada.user_id}"
        await hers.say(f"[[barrier:{name}:3]] {ada.canary}")
        await also.say(f"[[barrier:{name}:3]] {grace.canary}")
        await hers.until("agent_started")
        overlapping = await _overlapping(chat, {ada.user_id, grace.user_id})
        third = ada.connect(contract)
        await third.open()
        await third.say(f"[[barrier:{name}:3]] {ada.canary}")
        runs = await asyncio.gather(hers.until_end(), also.until_end(), third.until_end())
        await third.close()
    assert len(overlapping) >= 2, f"{len(overlapping)} of two runs that overlap are found"
    identities = [run["identity"] for run in overlapping]
    assert len(set(identities)) == len(identities), "runs that overlap share one object"
    assert all(run.end for run in runs)


async def _overlapping(chat: Target, users: set[str]) -> list[dict[str, object]]:
    """The runs of these users that go on at this moment."""
    deadline = time.monotonic() + 3
    while True:
        censuses = await asyncio.to_thread(chat.censuses)
        found = [
            {**run, "identity": (each["worker"], run["identity"])}
            for each in censuses
            for run in each["agents"]["runs"]
            if run["user_id"] in users
        ]
        if len(found) >= 2 or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.02)


async def test_a_run_has_its_own_id_and_context(user: ChatUser, contract: EventContract) -> None:
    async with user.connect(contract) as conversation:
        await conversation.welcome()
        first = await conversation.ask("one")
        second = await conversation.ask("two")
    contract.check()
    assert first.run_id != second.run_id


async def test_a_run_outlives_its_token(user: ChatUser, contract: EventContract, chat: Target) -> None:
    claims = jwt.decode(user.access_token, options={"verify_signature": False})
    claims["exp"] = time.time() + 0.7
    soon = jwt.encode(claims, chat.key, algorithm="HS256")
    async with user.connect(contract, headers=user.with_token(soon)) as conversation:
        await conversation.welcome()
        run = await conversation.ask("takes longer than the token [[slow:1.2]]")
        assert run.answer or not run.end, f"the run ends with {run.end}"
        if run.end:
            with contextlib.suppress(NotReceivedError):  # closed before it is sent
                await conversation.connection.send('{"type": "user_message", "text": "and after it?"}')
            with pytest.raises(NotReceivedError):
                await conversation.until("agent_started", limit=1)
            assert conversation.events("error") or conversation.connection.close_code == 1008


async def test_a_socket_outlives_its_token_where_a_newer_one_comes(
    user: ChatUser, contract: EventContract, chat: Target
) -> None:
    claims = jwt.decode(user.access_token, options={"verify_signature": False})
    claims["exp"] = time.time() + 1.0
    soon = jwt.encode(claims, chat.key, algorithm="HS256")
    async with user.connect(contract, headers=user.with_token(soon)) as conversation:
        await conversation.welcome()
        await asyncio.to_thread(user.refresh)
        await conversation.connection.send(json.dumps({"type": "authenticate", "token": user.access_token}))
        again = await conversation.welcome()
        assert again["payload"]["expires_in"] > 1.0, "a newer token does not count"
        await asyncio.sleep(claims["exp"] - time.time() + 0.3)
        try:
            run = await conversation.ask("after the first token")
        except NotReceivedError:
            run = Run()
    assert run.answer, "a socket ends with its first token, although a newer one came"


async def test_expired_and_foreign_tokens_are_refused(user: ChatUser, chat: Target) -> None:
    claims = jwt.decode(user.access_token, options={"verify_signature": False})
    now = time.time()
    bad = {
        "expired": claims | {"iat": now - 600, "exp": now - 60},
        "another audience": claims | {"aud": "another-service"},
        "another issuer": claims | {"iss": "somebody"},
        "no expiry": {name: value for name, value in claims.items() if name != "exp"},
        "no subject": {name: value for name, value in claims.items() if name != "sub"},
        "of the future": claims | {"iat": now + 3600, "exp": now + 7200},
        "nobody's": claims | {"sub": "usr_of_nobody"},
        "an ended session": claims | {"sid": "ses_of_nobody"},
    }
    signed = {name: jwt.encode(value, chat.key, algorithm="HS256") for name, value in bad.items()}
    signed["another key"] = jwt.encode(claims, "another-key-that-is-long-enough-to-sign", algorithm="HS256")
    signed["HS512"] = jwt.encode(claims, chat.key, algorithm="HS512")
    good = jwt.encode(claims, chat.key, algorithm="HS256")
    assert chat.http.get("/auth/me", headers=user.with_token(good)).status == 200, "the forger does not know the key"
    taken = [
        name
        for name, token in signed.items()
        if chat.http.get("/auth/me", headers=user.with_token(token)).status != 401
    ]
    assert not taken, f"bad tokens are accepted: {', '.join(taken)}"
