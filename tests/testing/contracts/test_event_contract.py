"""Contracts attached to real connections: every library's frames are judged, and a violation says what is wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
import websockets
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from canonry.testing import ContractViolationError, EventContract

Frame = dict[str, Any]


def run_of(*, user: str = "ada", call: str = "1") -> list[Frame]:
    """A run of the service; ``call`` is the tool call that is said to be completed."""
    parts: list[tuple[str, Frame]] = [
        ("agent_started", {}),
        ("agent_thinking", {"thought": "about it"}),
        ("tool_executing", {"tool_name": "search", "tool_call_id": "1"}),
        ("tool_completed", {"tool_name": "search", "tool_call_id": call, "results": ["x"]}),
        ("agent_completed", {"result": "done"}),
    ]
    whose = {"user_id": user, "thread_id": f"{user}-1", "run_id": f"{user}-r", "timestamp": "2026-01-01T00:00:00Z"}
    return [{"type": name, **whose, "seq": seq, "payload": payload} for seq, (name, payload) in enumerate(parts)]


SOUND, WRONG = run_of(), run_of(call="2")


@asynccontextmanager
async def served(frames: list[Frame]) -> AsyncIterator[str]:
    """A real service on loopback that sends these frames over a WebSocket (`/ws`) and as server-sent events (`/sse`)."""

    async def socket(request: web.Request) -> web.WebSocketResponse:
        connection = web.WebSocketResponse()
        await connection.prepare(request)
        for frame in frames:
            await connection.send_json(frame)
        await connection.close()
        return connection

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for frame in frames:
            await response.write(b"data: " + json.dumps(frame).encode() + b"\n\n")
        await response.write_eof()
        return response

    application = web.Application()
    application.add_routes([web.get("/ws", socket), web.get("/sse", events)])
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def by_websockets(place: str, contract: EventContract) -> list[Any]:
    async with websockets.connect(f"ws://{place}/ws") as connection:
        return [json.loads(frame) async for frame in contract.watch(connection)]


async def by_websockets_recv(place: str, contract: EventContract) -> list[Any]:
    async with websockets.connect(f"ws://{place}/ws") as connection:
        watched = contract.watch(connection)
        return [json.loads(await watched.recv()) for _ in range(5)]


async def by_aiohttp(place: str, contract: EventContract) -> list[Any]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://{place}/ws") as connection:
        return [message.json() async for message in contract.watch(connection)]


async def by_aiohttp_json(place: str, contract: EventContract) -> list[Any]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://{place}/ws") as connection:
        watched = contract.watch(connection)
        return [await watched.receive_json() for _ in range(5)]


async def by_httpx(place: str, contract: EventContract) -> list[Any]:
    async with httpx.AsyncClient() as client, client.stream("GET", f"http://{place}/sse") as response:
        return [json.loads(data) async for data in contract.watch(response).aevents()]


async def by_httpx_at_once(place: str, contract: EventContract) -> list[Any]:
    def read() -> list[Any]:
        with httpx.stream("GET", f"http://{place}/sse") as response:
            return [json.loads(data) for data in contract.watch(response).events()]

    return await asyncio.to_thread(read)


CLIENTS = [by_websockets, by_websockets_recv, by_aiohttp, by_aiohttp_json, by_httpx, by_httpx_at_once]


@pytest.mark.parametrize("client", CLIENTS)
def test_frames_of_every_client_are_judged_and_handed_on(client: Callable[..., Any]) -> None:
    async def test(frames: list[Frame]) -> list[Any]:
        async with served(frames) as place:
            with EventContract("agent-events") as contract:
                got: list[Any] = await client(place, contract)
            assert contract.judged == len(frames)
            return got

    assert asyncio.run(test(SOUND)) == SOUND
    with pytest.raises(ContractViolationError, match="names the tool `2`, which nothing opened"):
        asyncio.run(test(WRONG))


def test_starlettes_test_client_is_watched_both_ways() -> None:
    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive_json()
            for frame in SOUND:
                await socket.send_json(frame)
            await socket.close(1000)
        except WebSocketDisconnect:
            pass

    client = TestClient(Starlette(routes=[WebSocketRoute("/ws", chat)]))
    contract = EventContract("agent-events")
    with client.websocket_connect("/ws") as connection:
        watched = contract.watch(connection, user_id="ada")
        watched.send_json({"type": "user_message", "user_id": "ada"})
        assert [watched.receive_json() for _ in SOUND] == SOUND
    directions = [direction for _, _, direction in contract.streams[0].frames]
    assert directions == ["in", *["out"] * len(SOUND)]


def test_a_violation_shows_the_rule_and_the_fewest_frames() -> None:
    contract = EventContract("agent-events")
    contract.stream("ada").receive_all(WRONG)
    with pytest.raises(ContractViolationError) as caught:
        contract.check()
    said = str(caught.value)
    assert "ada, event 4: tool.opened:" in said
    assert "rule: what continues or closes a tool names one that is open" in said
    example = said.partition("smallest example:")[2].partition("ada,")[0]
    assert [json.loads(line.partition("< ")[2])["type"] for line in example.strip().splitlines()] == [
        "agent_started",
        "tool_completed",
    ]
    assert {each.rule for each in caught.value.violations} == {"tool.opened", "tool.closed"}


def test_a_stream_that_just_ends_and_one_that_is_silent_fail() -> None:
    contract = EventContract("agent-events")
    contract.stream().receive_all(SOUND[:-1])
    with pytest.raises(ContractViolationError, match="agent-events"):
        contract.check()

    silent = EventContract("agent-events")
    silent.stream("ada")
    with pytest.raises(ContractViolationError, match="`ada` received no event, so `agent-events/1` judged nothing"):
        silent.check()
    with pytest.raises(ContractViolationError, match="no connection was attached"):
        EventContract("agent-events").check()


def test_a_checker_that_does_not_hear_every_frame_has_failed() -> None:
    """Somebody who takes the checker's place for some frames cannot make a test green."""
    contract = EventContract("agent-events")
    stream = contract.stream("ada")
    heard = stream.session.receive
    stream.receive_all(SOUND)
    stream.session.receive = lambda raw, *, at=None, direction=None: 0  # type: ignore[method-assign]
    stream.receive(SOUND[-1])
    stream.session.receive = heard  # type: ignore[method-assign]

    with pytest.raises(ContractViolationError, match=f"handed {len(SOUND) + 1} frames over, .* judged {len(SOUND)}"):
        contract.check()


def test_what_belongs_to_another_user_is_found_on_any_connection() -> None:
    contract = EventContract("agent-events")
    contract.stream("ada", user_id="ada", canaries=["the secret of ada"]).receive_all(run_of(user="ada"))
    leaking = run_of(user="bob")
    leaking[1]["payload"]["thought"] = "I know the secret of ada"
    contract.stream("bob", user_id="bob").receive_all(leaking)
    with pytest.raises(ContractViolationError) as caught:
        contract.check()
    assert [each.connection for each in caught.value.violations] == ["bob"]
    assert "canary" in caught.value.violations[0].rule


def test_a_failure_of_the_test_is_not_hidden_by_what_the_contract_says() -> None:
    def test() -> None:
        with EventContract("agent-events") as contract:
            contract.stream("ada").receive_all(WRONG)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        test()
    assert any("tool.opened" in note for note in caught.value.__notes__)


def test_what_is_no_connection_is_refused_with_the_way_on() -> None:
    with pytest.raises(TypeError, match="hand its frames to `receive` and `send`"):
        EventContract("agent-events").watch(object())
