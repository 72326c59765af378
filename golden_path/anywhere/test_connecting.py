"""Who may connect, and how: rows 13, 14, 15 and 30."""

import asyncio
import base64
import json
import time

import pytest

from canonry.testing import EventContract
from canonry.testing.connection import HandshakeError
from golden_path.chat.conversation import Conversation
from golden_path.chat.proxy import HIDDEN, proxied
from golden_path.chat.refused import refusal
from golden_path.chat.target import Target
from golden_path.chat.times import times_of
from golden_path.chat.user import SUBPROTOCOL, ChatUser
from golden_path.conftest import Users

pytestmark = pytest.mark.anyio
CROWD, REDEEMS = 12, 20


def forged(token: str, header: dict[str, str], signature: str) -> str:
    """The same claims under another head and signature."""
    head = base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}.{signature}"


async def test_nobody_is_accepted_before_he_is_known(chat: Target) -> None:
    assert await refusal(chat, {"X-Nobody": "1"}) == 403, "a socket without credentials is accepted"


async def test_bad_credentials_are_refused(chat: Target, user: ChatUser) -> None:
    token = user.access_token
    body, signature = token.rsplit(".", 1)
    bad = {
        "no token": "",
        "no JWT": "not.a.token",
        "alg none": forged(token, {"alg": "none", "typ": "JWT"}, ""),
        "alg None": forged(token, {"alg": "None", "typ": "JWT"}, ""),
        "another algorithm": forged(token, {"alg": "RS256", "typ": "JWT"}, signature),
        "another signature": f"{body}.{base64.urlsafe_b64encode(b'x' * 32).decode().rstrip('=')}",
        "no signature": f"{body}.",
        "the refresh token": user.refresh_token,
        "very long": "x" * 6000,
    }
    let_in = [name for name, value in bad.items() if not await refusal(chat, user.with_token(value))]
    assert not let_in, f"bad credentials are accepted: {', '.join(let_in)}"
    read = [
        name for name, value in bad.items() if chat.http.get("/auth/me", headers=user.with_token(value)).status != 401
    ]
    assert not read, f"bad credentials are accepted over HTTP: {', '.join(read)}"


async def test_a_crowd_connects_in_time(users: Users, contract: EventContract) -> None:
    people = users(3)
    sockets = [people[number % 3].connect(contract) for number in range(CROWD)]

    async def opened(socket: Conversation) -> float:
        begun = time.monotonic()
        await socket.open()
        welcome = await socket.welcome()
        assert welcome["type"] == "connection_ready", f"an event before the welcome: {welcome['type']}"
        assert welcome["user_id"] == socket.user.user_id
        assert welcome["connection_id"], "the welcome has no connection id"
        return time.monotonic() - begun

    try:
        took = await asyncio.gather(*(opened(socket) for socket in sockets))
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))
    assert max(took) <= times_of(contract).connect, f"connecting took {max(took):.1f} s"


async def test_a_ticket_is_redeemed_once(user: ChatUser, chat: Target) -> None:
    ticket = user.ticket()
    answers = await asyncio.gather(*(refusal(chat, {}, f"/ws?ticket={ticket}") for _ in range(REDEEMS)))
    assert answers.count(0) == 1, f"of {REDEEMS} who redeem one ticket at once {answers.count(0)} are let in"
    assert set(answers) <= {0, 403}, f"who comes too late hears {set(answers)}"


async def test_a_ticket_is_its_owners(users: Users, contract: EventContract, chat: Target) -> None:
    ada, grace = users(2)
    ticket = ada.ticket()
    assert grace.http.request("DELETE", f"/ws/ticket/{ticket}").status == 404, "another revokes a ticket"
    assert await refusal(chat, grace.with_token(grace.access_token), f"/ws?ticket={ticket}") == 403, (
        "a ticket is good beside the token of another"
    )
    async with ada.connect(contract, ticket=ada.ticket()) as hers:
        assert (await hers.welcome())["user_id"] == ada.user_id, "a ticket makes somebody of its owner's"
        await hers.ask("is it me?")
    revoked = ada.ticket()
    assert ada.http.request("DELETE", f"/ws/ticket/{revoked}").status == 204
    assert await refusal(chat, {}, f"/ws?ticket={revoked}") == 403, "a revoked ticket is good"


async def test_a_ticket_passes_a_proxy_that_strips_headers(user: ChatUser, contract: EventContract) -> None:
    async with proxied(user.url, hidden=HIDDEN) as proxy:
        headers = user.with_token(user.access_token)
        with pytest.raises(HandshakeError):
            await user.connect(contract, headers=headers, url=proxy.url).open()
        assert proxy.taken == 1, "the proxy took nothing away"
        contract.streams.clear()
        async with user.connect(contract, ticket=user.ticket(), url=proxy.url) as by_ticket:
            await by_ticket.ask("by ticket?")


async def test_a_subprotocol_passes_a_proxy_that_strips_headers(user: ChatUser, contract: EventContract) -> None:
    async with proxied(user.url, hidden=HIDDEN) as proxy:
        offered = (SUBPROTOCOL, f"bearer.{user.access_token}")
        async with user.connect(contract, subprotocols=offered, url=proxy.url) as by_protocol:
            assert by_protocol.connection.subprotocol == SUBPROTOCOL
            await by_protocol.ask("by subprotocol?")
