"""The client before servers that answer oddly: whatever comes, it is a completion or one error that says what failed."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from runs import run

from reference_chat.model.client import Completion, ModelClient, ModelError
from reference_chat.model.wire import Message

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
_DONE = b"data: [DONE]\n\n"


def event(finish: str | None = None, **delta: Any) -> bytes:
    """One event of a stream."""
    return (
        b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"
    )


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def client_of(answer: Answer) -> AsyncIterator[ModelClient]:
    """A client of a server that answers so; both are closed afterwards."""
    served: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            await answer(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    client = ModelClient(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", key="the-key", model="m")
    try:
        yield client
    finally:
        await client.close()
        server.close()
        await asyncio.gather(*(task for task in served if task), return_exceptions=True)


def told(*parts: bytes) -> Completion:
    """What the client makes of a server that answers with these bytes, and closes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"true}")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    async def it() -> Completion:
        async with client_of(answer) as client:
            return await client.complete([Message("user", "hi")])

    return run(it())


def test_parts_are_put_together_whatever_the_line_ends_and_wherever_bytes_are_cut() -> None:
    stream = (
        b": a comment\n\n"
        + event(role="assistant")
        + event(content="Grü")
        + event(content="ße")
        + event("stop")
        + _DONE
    )
    split = [stream[at : at + 1] for at in range(len(stream))]

    assert told(_HEAD, *split).content == "Grüße"
    assert told(_HEAD, stream.replace(b"\n", b"\r\n")).content == "Grüße"
    assert told(_HEAD, stream.replace(b"data: ", b"data:")).content == "Grüße"


def test_calls_of_tools_are_put_together_by_their_index() -> None:
    def part(index: int, **more: Any) -> bytes:
        return event(tool_calls=[{"index": index, **more}])

    completion = told(
        _HEAD,
        part(0, id="a", type="function", function={"name": "clock", "arguments": ""}),
        part(1, id="b", type="function", function={"name": "sum", "arguments": '{"x"'}),
        part(1, function={"arguments": ": 1}"}),
        part(0, function={"arguments": "{}"}),
        event("tool_calls"),
        _DONE,
    )

    calls = [(call.id, call.function.name, call.function.arguments) for call in completion.tool_calls]
    assert calls == [("a", "clock", "{}"), ("b", "sum", '{"x": 1}')]
    assert completion.finish_reason == "tool_calls"


def test_chunks_without_choices_and_unknown_fields_are_passed_over() -> None:
    usage = b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n'
    odd = b'data: {"choices": null, "x_vendor": {"y": []}}\n\n'

    assert told(_HEAD, odd, event(content="yes", x=1), event("stop"), usage, _DONE).content == "yes"


def test_an_answer_that_was_finished_needs_no_done() -> None:
    assert told(_HEAD, event(content="yes"), event("stop")).content == "yes"


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (b"", "model_unavailable", True),
        (b"nonsense\r\n\r\n", "model_unavailable", True),
        (_HEAD, "model_unavailable", True),
        (_HEAD + event(content="yes"), "model_unavailable", True),
        (_HEAD + b"data: {\n\n" + _DONE, "model_bad_answer", True),
        (_HEAD + b'data: {"choices": [{"delta": 1}]}\n\n' + _DONE, "model_bad_answer", True),
        (_HEAD + b'data: {"error": {"message": "secret of the model"}}\n\n', "model_unavailable", True),
        (_HEAD.replace(b"200 OK", b"302 Found"), "model_refused", False),
        (
            _HEAD.replace(b"200 OK", b"400 Bad") + b'{"error": {"message": "secret of the model"}}',
            "model_refused",
            False,
        ),
        (_HEAD.replace(b"200 OK", b"401 No"), "model_refused", False),
        (_HEAD.replace(b"200 OK", b"408 Slow"), "model_unavailable", True),
        (_HEAD.replace(b"200 OK", b"429 Many"), "model_rate_limited", True),
        (_HEAD.replace(b"200 OK", b"502 Bad"), "model_unavailable", True),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\nno gzip", "model_unavailable", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + event(content="y"), "model_unavailable", True),
        (_HEAD + event(content="x" * 600_000) * 2 + _DONE, "model_bad_answer", False),
    ],
)
def test_whatever_else_comes_is_one_error(answer: bytes, code: str, retryable: bool) -> None:
    with pytest.raises(ModelError) as caught:
        told(answer)

    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("lingers", [False, True])
def test_a_connection_is_used_again_unless_the_model_goes_on_after_its_end(lingers: bool) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        body = event(content="yes") + event("stop") + _DONE
        while await reader.readuntil(b"true}"):
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(body), body))
            if not lingers:
                writer.write(b"0\r\n\r\n")
            await writer.drain()

    async def ask_twice() -> None:
        async with client_of(answer) as client:
            for _ in range(2):
                assert (await client.complete([Message("user", "hi")])).content == "yes"

    run(ask_twice())
    assert connections == (2 if lingers else 1)


def test_a_model_that_is_not_there_is_unavailable_and_the_key_is_not_told() -> None:
    async def it() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        client = ModelClient(url=f"http://127.0.0.1:{port}/v1", key="the-key", model="m")
        try:
            await client.complete([Message("user", "hi")])
        finally:
            await client.close()

    with pytest.raises(ModelError, match="the connection to the model failed") as caught:
        run(it())
    assert caught.value.code == "model_unavailable"
    assert "the-key" not in repr(caught.value)
