"""`canonry contract tap`, between real clients and real services on loopback."""

import asyncio
import contextlib
import io
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import websockets
from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve

from canonry.contract.examine import examine
from canonry.contract.load import load_contract
from canonry.contract.tap.proxy import Tap, read_target
from canonry.contract.tap.watch import Watch
from canonry.model.errors import UserError
from tests.contract.tapped import GOOD, event, tapping, until
from tests.workbench import canonry_command, environment

Handler = Callable[[ServerConnection], Awaitable[None]]


def port_of(server: Any) -> int:
    return int(server.sockets[0].getsockname()[1])


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


async def tell_all(connection: ServerConnection, events: list[dict[str, Any]] = GOOD) -> None:
    for each in events:
        await connection.send(json.dumps(each))


@pytest.mark.parametrize("compression", ["deflate", None])
def test_messages_pass_unchanged_and_are_judged(compression: str | None) -> None:
    seen: dict[str, Any] = {}

    async def answer(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.update(path=connection.request.path, headers=dict(connection.request.headers))
        seen["asked"] = await connection.recv()
        await tell_all(connection)
        await connection.send(b"\x00\xff")
        seen["pong"] = await (await connection.ping(b"are you there"))
        with contextlib.suppress(websockets.ConnectionClosed):
            await connection.recv()
        seen["closed"] = (connection.close_code, connection.close_reason)

    async def test() -> None:
        server = await serve(answer, "127.0.0.1", 0, subprotocols=["v2"], compression=compression)
        async with server, tapping(port_of(server)) as heard:
            async with websockets.connect(
                f"ws://127.0.0.1:{heard.port}/ws/chat?token=a%20b",
                subprotocols=["v1", "v2"],
                additional_headers={"Authorization": "Bearer x"},
                compression=compression,
            ) as client:
                assert client.subprotocol == "v2"
                assert bool(client.protocol.extensions) == (compression == "deflate")
                await client.send(json.dumps({"type": "user_message", "payload": {}}))
                got = [await client.recv() for _ in range(6)]
                await (await client.ping(b"and you"))
                await client.close(4001, "enough")
            await until(lambda: "closed" in seen)
            assert got == [*(json.dumps(each) for each in GOOD), b"\x00\xff"]
            assert seen["path"] == "/ws/chat?token=a%20b"
            assert seen["headers"]["authorization"] == "Bearer x"
            assert seen["headers"]["host"] == f"127.0.0.1:{port_of(server)}"
            assert seen["closed"] == (4001, "enough")
        result = heard.watch.heard()
        assert (result.received, result.judged, result.known) == (7, 7, 6)
        assert heard.rules == ["frame.json", "close_codes"]

    run(test)


def test_a_violation_is_told_while_the_traffic_goes_on() -> None:
    bad = [*GOOD[:3], event("tool_completed", 3, tool_name="add", tool_call_id="other", results=[4])]
    go_on = asyncio.Event()

    async def answer(connection: ServerConnection) -> None:
        await tell_all(connection, bad)
        await go_on.wait()
        await connection.send("more")

    async def test() -> None:
        async with (
            serve(answer, "127.0.0.1", 0) as server,
            tapping(port_of(server)) as heard,
            websockets.connect(f"ws://127.0.0.1:{heard.port}") as client,
        ):
            await until(lambda: heard.told)
            (told,) = heard.told
            assert told.violation.rule == "tool.opened"
            assert told.violation.connection == "c1"
            assert "other" in told.witnesses[-1].text
            go_on.set()
            assert [await client.recv() for _ in range(5)][-1] == "more"

    run(test)


def test_what_is_no_event_is_told_and_passed_on() -> None:
    huge = json.dumps(event("agent_thinking", 1, thought="x" * 10_000_000))
    odd = ["[1]", "{", huge, '{"a":"\U0001f600"}']

    async def answer(connection: ServerConnection) -> None:
        for each in odd:
            await connection.send(each)

    async def test() -> None:
        async with serve(answer, "127.0.0.1", 0, max_size=None) as server, tapping(port_of(server)) as heard:
            async with websockets.connect(f"ws://127.0.0.1:{heard.port}", max_size=None) as client:
                assert [each async for each in client] == odd
            await until(lambda: "run.opened" in heard.rules)
            assert heard.rules[:2] == ["frame.event", "frame.json"]

    run(test)


def test_a_refused_handshake_reaches_the_client() -> None:
    def refuse(connection: ServerConnection, _request: Any) -> Any:
        return connection.respond(403, "no ticket\n")

    async def test() -> None:
        async with serve(tell_all, "127.0.0.1", 0, process_request=refuse) as server, tapping(port_of(server)) as heard:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(f"ws://127.0.0.1:{heard.port}")
            assert refused.value.response.status_code == 403
            assert refused.value.response.body == b"no ticket\n"

    run(test)


def test_the_client_of_another_library_sees_what_it_would_without_a_tap() -> None:
    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for each in GOOD:
            await socket.send_json(each)
        await socket.close(code=1012, message=b"restart")
        return socket

    async def test() -> None:
        async with service(chat) as port, tapping(port, scheme="http") as heard:
            url = f"http://127.0.0.1:{heard.port}/"
            async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as client:
                assert [json.loads(each.data) async for each in client] == GOOD
                assert client.close_code == 1012
            assert heard.rules == []
            await until(lambda: heard.watch.heard().judged == 5)

    run(test)


@contextlib.asynccontextmanager
async def service(*handlers: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    app = web.Application()
    for handler in handlers:
        app.router.add_route("*", "/" if len(handlers) == 1 else f"/{handler.__name__}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_server_sent_events_come_at_once_and_are_judged_with_what_was_asked(encoding: str) -> None:
    read_one = asyncio.Event()
    bodies: list[bytes] = []

    async def ask(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.read())
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        if encoding == "gzip":
            response.enable_compression(web.ContentCoding.gzip)
        await response.prepare(request)
        for number, each in enumerate(GOOD):
            if number and encoding == "identity":
                await read_one.wait()
            await response.write(f": hello\ndata: {json.dumps(each)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    async def test() -> None:
        recording = io.BytesIO()
        async with service(ask) as port, tapping(port, scheme="http", recording=recording) as heard:
            async with httpx.AsyncClient() as client:
                message = {"type": "user_message", "payload": {"text": "2+2"}}
                async with client.stream("POST", f"http://127.0.0.1:{heard.port}/", json=message) as response:
                    lines = []
                    async for line in response.aiter_lines():
                        lines.append(line)
                        read_one.set()
            events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
            assert events == GOOD
            assert json.loads(bodies[0]) == message
            await until(lambda: heard.watch.heard().received == 6)
            result = heard.watch.heard()
            assert (result.judged, result.connections, result.violations) == (6, 1, 0)
        ways = [json.loads(line)["dir"] for line in recording.getvalue().splitlines()]
        assert ways == ["in", *["out"] * 5]

    run(test)


def test_requests_of_other_kinds_are_none_of_the_contracts() -> None:
    async def log_in(request: web.Request) -> web.StreamResponse:
        return web.json_response({"got": (await request.post()).get("name") or await request.text()})

    async def test() -> None:
        async with service(log_in) as port, tapping(port, scheme="http") as heard:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{heard.port}") as client:
                for _ in range(2):
                    assert (await client.post("/", json={"name": "ada"})).json() == {"got": '{"name":"ada"}'}
                assert (await client.get("/")).status_code == 200
                assert (await client.head("/")).status_code == 200
                assert (await client.get("/none")).status_code == 404
            result = heard.watch.heard()
            assert (result.received, result.passed_by) == (0, 2)

    run(test)


def test_requests_of_one_session_of_mcp_are_one_conversation() -> None:
    async def mcp(request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        if "id" not in asked:
            return web.Response(status=202)
        result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}
        answer = {
            "jsonrpc": "2.0",
            "id": asked["id"],
            "result": result if asked["method"] == "initialize" else {"tools": []},
        }
        return web.json_response(answer, headers={"Mcp-Session-Id": "abc"})

    async def test() -> None:
        async with service(mcp) as port, tapping(port, "mcp", "http") as heard:
            async with httpx.AsyncClient() as client:
                info = {
                    "protocolVersion": "2025-06-18",
                    "capabilities": {},
                    "clientInfo": {"name": "c", "version": "1"},
                }
                for index, body in enumerate(
                    (
                        {"id": 1, "method": "initialize", "params": info},
                        {"method": "notifications/initialized"},
                        {"id": 2, "method": "tools/list"},
                    )
                ):
                    named = {"Mcp-Session-Id": "abc"} if index else {}
                    await client.post(f"http://127.0.0.1:{heard.port}/", json={"jsonrpc": "2.0", **body}, headers=named)
            result = heard.watch.heard()
            assert (result.connections, result.received, heard.rules) == (1, 5, [])

    run(test)


def test_a_slow_client_slows_the_service_down() -> None:
    """What the tap holds is bounded: the service cannot send more than sockets and two pieces hold."""
    sent = 0

    async def pour(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"data: {}\n\n" * 10_000)
                await writer.drain()
                sent += 100_000

    async def test() -> None:
        server = await asyncio.start_server(pour, "127.0.0.1", 0)
        async with server, tapping(port_of(server), scheme="http") as heard:
            _, writer = await asyncio.open_connection("127.0.0.1", heard.port, limit=1024)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            before = -1
            while sent != before:
                before = sent
                await asyncio.sleep(0.3)
            assert 0 < sent < 64_000_000
            writer.transport.abort()

    run(test)


def test_a_client_that_goes_away_is_told_to_the_service_and_a_service_to_the_client() -> None:
    codes: list[int | None] = []

    async def wait(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()
        codes.append(connection.close_code)

    async def test() -> None:
        async with serve(wait, "127.0.0.1", 0) as server, tapping(port_of(server)) as heard:
            client = await websockets.connect(f"ws://127.0.0.1:{heard.port}")
            await client.recv()
            client.transport.abort()
            await until(lambda: codes)
            assert codes == [1006]
            other = await websockets.connect(f"ws://127.0.0.1:{heard.port}")
            await other.recv()
            for connection in server.connections:
                connection.transport.abort()
            with pytest.raises(websockets.ConnectionClosedError):
                await other.recv()
            assert other.close_code == 1006

    run(test)


def test_it_ends_when_the_service_is_gone() -> None:
    async def test() -> None:
        server = await serve(tell_all, "127.0.0.1", 0)
        async with tapping(port_of(server)) as heard:
            server.close()
            await server.wait_closed()
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{heard.port}/")
            assert answer.status_code == 502
            assert "the target of this tap does not answer" in answer.text
            await until(lambda: heard.tap.stopped)
            assert heard.tap.stopped == "the target is gone"

    run(test)


def test_more_connections_than_allowed_are_refused() -> None:
    async def test() -> None:
        async with serve(tell_all, "127.0.0.1", 0) as server, tapping(port_of(server), most=1) as heard:
            async with websockets.connect(f"ws://127.0.0.1:{heard.port}"):
                with pytest.raises(websockets.InvalidStatus) as refused:
                    await websockets.connect(f"ws://127.0.0.1:{heard.port}")
            assert refused.value.response.status_code == 503

    run(test)


def test_the_recording_is_judged_as_the_traffic_was(tmp_path: Path) -> None:
    bad = [*GOOD[:2], event("tool_executing", 4, tool_name="add", tool_call_id="c1")]

    async def answer(connection: ServerConnection) -> None:
        await tell_all(connection, bad)
        await connection.send("no json")

    async def test() -> None:
        with open(tmp_path / "live.jsonl", "wb") as recording:
            async with serve(answer, "127.0.0.1", 0) as server, tapping(port_of(server), recording=recording) as heard:
                for _ in range(2):
                    async with websockets.connect(f"ws://127.0.0.1:{heard.port}") as client:
                        [each async for each in client]
            heard.watch.heard()
        examined = examine(
            load_contract("agent-events"),
            [("live.jsonl", (tmp_path / "live.jsonl").read_bytes().splitlines())],
            examples=False,
        )
        told = sorted((each.violation.connection, each.violation.index, each.violation.rule) for each in heard.told)
        found = [(each.violation.connection, each.violation.index, each.violation.rule) for each in examined.findings]
        assert told == sorted(found)
        assert {rule for _, _, rule in told} >= {"sequence.seq", "tool.closed", "run.ended", "frame.json"}

    run(test)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:8000", "names no service"),
        ("ftp://127.0.0.1", "names no service"),
        ("http://127.0.0.1:http", "names no service"),
        ("ws://127.0.0.1:8000/ws", "has a path"),
    ],
)  # fmt: skip
def test_a_target_that_is_none_is_said(url: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_target(url)


def test_a_port_that_is_taken_and_a_target_that_does_not_answer_are_said() -> None:
    async def test() -> None:
        watch = Watch(load_contract("agent-events"), tell=print)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(UserError, match="nothing answers at"):
                await Tap(read_target(f"http://127.0.0.1:{taken.getsockname()[1]}"), watch).start(0)
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(UserError, match=f"port {port} cannot be listened on"):
                await Tap(read_target(f"http://127.0.0.1:{port}"), watch).start(port)

    run(test)


def command(port: int, *options: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        canonry_command("contract", "tap", "agent-events", "--target", f"ws://127.0.0.1:{port}", *options),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip


async def listening(process: "subprocess.Popen[str]") -> int:
    assert process.stderr is not None
    while True:
        line = await asyncio.to_thread(process.stderr.readline)
        assert line, "it ended"
        if "listening on" in line:
            return int(line.split("127.0.0.1:")[1].split()[0])


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_command_says_what_it_heard(tmp_path: Path) -> None:
    bad = [*GOOD[:1], *GOOD[2:]]
    good_or_bad = iter([GOOD, bad])

    async def answer(connection: ServerConnection) -> None:
        await tell_all(connection, next(good_or_bad))

    async def heard(*options: str | Path, connect: bool = True) -> tuple[int, str, str]:
        async with serve(answer, "127.0.0.1", 0) as server:
            process = command(port_of(server), *options)
            port = await listening(process)
            if connect:
                async with websockets.connect(f"ws://127.0.0.1:{port}") as client:
                    [each async for each in client]
            process.send_signal(signal.SIGINT)
            out, errors = await asyncio.to_thread(process.communicate, None, 30)
            return process.returncode, out, errors

    async def test() -> None:
        status, out, errors = await heard("--record", tmp_path / "live.jsonl")
        assert (status, out) == (0, "holds: agent-events/1; 5 events received, 5 judged, 1 connection\n"), errors
        assert "ended: told by SIGINT" in errors
        assert len((tmp_path / "live.jsonl").read_bytes().splitlines()) == 6  # and how it was closed
        status, out, errors = await heard("--output-format", "json")
        lines = [json.loads(line) for line in out.splitlines()]
        assert status == 1
        assert {line["kind"] for line in lines} == {"violation", "summary"}
        assert {"count.agent_thinking", "sequence.seq"} <= {line.get("rule") for line in lines}
        assert lines[-1]["verdict"] == "violated"
        status, _, errors = await heard("--until-idle", "0.2", connect=False)
        assert status == 5
        assert "no event went by" in errors
        assert "Traceback" not in errors

    run(test)
