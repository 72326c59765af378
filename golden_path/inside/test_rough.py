"""Clients without manners, and dependencies that go and come back."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from canonry.testing import EventContract
from golden_path.chat.proxy import Proxy, proxied
from golden_path.chat.raw import RawSocket
from golden_path.chat.target import Target
from golden_path.chat.user import ChatUser
from golden_path.inside.conftest import Own

pytestmark = pytest.mark.anyio
REQUEST_TIMEOUT = 15 * 0.05
CLOSED_WITHIN = 5.0


def test_who_sends_slowly_is_let_go(chat: Target) -> None:
    with RawSocket(chat.url) as raw:
        raw.send(b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n")
        assert raw.is_closed(REQUEST_TIMEOUT + CLOSED_WITHIN), "a head that never ends is waited for"
    with RawSocket(chat.url) as raw:
        raw.send(
            b"POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        assert b" 408 " in raw.head().split(b"\r\n")[0], "a body that never ends is waited for"


@pytest.mark.parametrize(
    "frame",
    [
        {"payload": b'{"type": "user_message", "text": "' + b"x" * 100_000 + b'"}'},
        {"payload": b"\xff\xfe"},
        {"payload": b"{}", "masked": False},
        {"payload": b"{}", "opcode": 3},
        {"payload": b"x" * 200, "opcode": 9},
    ],
    ids=["oversized", "no UTF-8", "unmasked", "unknown opcode", "long ping"],
)
def test_frames_against_the_protocol_close_the_socket(
    user: ChatUser, chat: Target, frame: dict[str, bytes | int | bool]
) -> None:
    with RawSocket(chat.url) as raw:
        assert b" 101 " in raw.upgrade(user.access_token)
        raw.frame(**frame)  # type: ignore[arg-type]
        assert raw.is_closed(CLOSED_WITHIN)
    assert chat.http.get("/health/ready").status == 200


def test_half_a_handshake_is_no_connection(user: ChatUser, chat: Target) -> None:
    with RawSocket(chat.url) as raw:
        raw.send(
            f"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nAuthorization: Bearer {user.access_token}".encode()
        )
        assert raw.is_closed(REQUEST_TIMEOUT + CLOSED_WITHIN)
    assert chat.connections_of(user.user_id) == 0


@asynccontextmanager
async def _lines(settings: dict[str, str]) -> AsyncIterator[tuple[dict[str, str], list[Proxy]]]:
    """The settings with a line in front of each dependency that can be cut; the model where there is no other."""
    if settings:
        async with proxied(settings["CHAT_DATABASE_URL"]) as database, proxied(settings["CHAT_REDIS_URL"]) as redis:
            lines = {"CHAT_DATABASE_URL": database, "CHAT_REDIS_URL": redis}
            yield {name: _through(settings[name], line) for name, line in lines.items()}, [database, redis]
        return
    environment = {**os.environ, "CHAT_MODEL_KEY": "golden", "CHAT_TEST_SECRET": ""}
    command = [sys.executable, "-m", "reference_chat.model"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as model:
        assert model.stdout is not None
        try:
            url = model.stdout.readline().strip()
            async with proxied(url) as line:
                yield {"CHAT_MODEL_URL": _through(url, line), "CHAT_MODEL_KEY": "golden"}, [line]
        finally:
            model.terminate()


def _through(url: str, line: Proxy) -> str:
    parts = urlsplit(url)
    there = f"{parts.hostname}:{parts.port}"
    return url.replace(there, f"127.0.0.1:{line.address}", 1)


async def test_a_dependency_goes_and_comes_back(
    own: Own, own_engine: dict[str, str], event_contract: Callable[..., EventContract]
) -> None:
    contract = event_contract(profile="scaled", policy={"thinking": "optional"})
    async with _lines(own_engine) as (settings, lines):
        service = own(**settings)
        chat = await asyncio.to_thread(service.start)
        user = await asyncio.to_thread(service.user)
        async with user.connect(contract) as conversation:
            assert (await conversation.ask("before")).answer
        for line in lines:
            async with user.connect(contract) as conversation:
                await conversation.welcome()
                await conversation.say("[[tools:3]] [[slow:0.3]] while it goes")
                run = await conversation.until("agent_started")
                await line.stop()
                await conversation.until_end(run=run, silence=8.0)
                told = run.end.get("type") or conversation.connection.close_code
            contract.streams.remove(conversation.stream)
            # a run and a socket in one process need no Redis between them; the model is missed by the run alone
            expected = (1011, "agent_completed")[lines.index(line)] if own_engine else "agent_error"
            assert told == expected, f"a run is lost, and what is told is {told}"
            await line.start()
            assert await answers_again(user), "what came back is not used again"
            assert await asyncio.to_thread(_ready_again, chat), "what came back is not found ready"
    assert "Traceback" not in service.log


def _ready_again(chat: Target) -> bool:
    deadline = time.monotonic() + CLOSED_WITHIN
    while chat.http.get("/health/ready").status != 200:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


async def answers_again(user: ChatUser) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        trial = EventContract("agent-events")
        conversation = user.connect(trial)
        try:
            await conversation.open()
            if (await conversation.ask("again?", limit=4)).answer:
                return True
        except (OSError, AssertionError):
            pass
        finally:
            await conversation.close()
        await asyncio.sleep(0.3)
    return False
