"""The embedded model on the wire: as OpenAI's own client reads it, and as its errors, its control and its census are."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs import run

from reference_chat.model.endpoint.app import create_endpoint
from reference_chat.model.endpoint.directives import read_script
from reference_chat.model.endpoint.server import EmbeddedServer

if TYPE_CHECKING:
    import openai

_SECRET = {"X-Chat-Test-Secret": "s3"}
_TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("lookup_notes", "clock", "calculator")
]


@contextlib.asynccontextmanager
async def _served(**options: Any) -> AsyncIterator[str]:
    server = EmbeddedServer(create_endpoint(key="k", test_secret="s3", **options))
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    """A client of an endpoint that serves in a thread of its own, for tests that leave it as it was."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = EmbeddedServer(create_endpoint(key="k", test_secret="s3"))
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(timeout=20)
    with httpx2.Client(base_url=server.url, headers={"authorization": "Bearer k"}, trust_env=False) as client:
        yield client
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(timeout=20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=20)
    loop.close()


def with_openai(use: Callable[["openai.AsyncOpenAI"], Awaitable[Any]], **options: Any) -> Any:
    """What `use` returns, given OpenAI's client of the endpoint; it is a second to import, for who comes here only."""
    import openai

    async def it() -> Any:
        async with (
            _served(**options) as url,
            openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client,
        ):
            return await use(client)

    return run(it())


def with_http(use: Callable[[httpx2.AsyncClient], Awaitable[Any]], **options: Any) -> Any:
    """What `use` returns, given a plain client that holds the key."""

    async def it() -> Any:
        headers = {"authorization": "Bearer k"}
        async with (
            _served(**options) as url,
            httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as http,
        ):
            return await use(http)

    return run(it())


def _body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "embedded", "messages": [{"role": "user", "content": text}], **more}


def test_the_official_client_reads_a_completion_and_the_tools_that_it_calls() -> None:
    async def use(client: "openai.AsyncOpenAI") -> Any:
        messages: list[Any] = [{"role": "user", "content": "how much is 2 + 3?"}]
        first = await client.chat.completions.create(model="embedded", messages=messages, tools=_TOOLS)
        call = first.choices[0].message.tool_calls
        assert call is not None
        messages += [
            first.choices[0].message,
            {"role": "tool", "tool_call_id": call[0].id, "content": '{"summary": "2 + 3 = 5."}'},
        ]
        return first, await client.chat.completions.create(model="embedded", messages=messages, tools=_TOOLS)

    first, second = with_openai(use)
    (choice,) = first.choices
    assert (first.object, choice.finish_reason, choice.message.content) == ("chat.completion", "tool_calls", None)
    assert choice.message.tool_calls[0].function.name == "calculator"
    assert json.loads(choice.message.tool_calls[0].function.arguments) == {"expression": "2 + 3"}
    assert second.choices[0].finish_reason == "stop"
    assert second.choices[0].message.content == "You asked: “how much is 2 + 3?”. 2 + 3 = 5."
    assert second.usage.total_tokens == second.usage.prompt_tokens + second.usage.completion_tokens > 0


def test_the_official_client_accumulates_a_stream_to_the_same_completion() -> None:
    async def use(client: "openai.AsyncOpenAI") -> Any:
        whole = []
        for text in ("[[tools:3]] how late?", "[[tools:0]] " + "a long question " * 40):
            messages: list[Any] = [{"role": "user", "content": text}]
            async with client.chat.completions.stream(
                model="embedded", messages=messages, tools=_TOOLS, stream_options={"include_usage": True}
            ) as stream:
                events = [event.type async for event in stream]
                whole.append((await stream.get_final_completion(), events))
        return whole

    (calls, call_events), (answer, answer_events) = with_openai(use)
    functions = [call.function for call in calls.choices[0].message.tool_calls]
    assert [function.name for function in functions] == ["lookup_notes", "clock", "calculator"]
    assert [json.loads(function.arguments) for function in functions] == [
        {"query": "how late?"},
        {},
        {"expression": "2 + 1"},
    ]
    assert call_events.count("tool_calls.function.arguments.done") == 3
    assert answer.choices[0].message.content == f"You asked: “{('a long question ' * 40).strip()}”."
    assert answer_events.count("content.delta") > 2
    assert answer.usage.completion_tokens > 0


def test_the_official_client_raises_its_own_errors() -> None:
    import openai

    async def use(client: "openai.AsyncOpenAI") -> Any:
        raised = []
        for text in (
            "[[fail:400]]",
            "[[fail:401]]",
            "[[fail:403]]",
            "[[fail:404]]",
            "[[fail:422]]",
            "[[fail:429]]",
            "[[fail:503]]",
        ):
            with pytest.raises(openai.APIStatusError) as caught:
                await client.chat.completions.create(model="embedded", messages=[{"role": "user", "content": text}])
            raised.append(type(caught.value))
        with pytest.raises(openai.APIError, match="breaks off"):
            async for _ in await client.chat.completions.create(
                model="embedded", messages=[{"role": "user", "content": "[[fail:stream]]"}], stream=True
            ):
                pass
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(
                model="embedded", messages=[{"role": "user", "content": "[[hang]]"}], timeout=0.2
            )
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="other").models.list()
        return raised, [model.id async for model in client.models.list()]

    raised, models = with_openai(use)
    assert raised == [
        openai.BadRequestError,
        openai.AuthenticationError,
        openai.PermissionDeniedError,
        openai.NotFoundError,
        openai.UnprocessableEntityError,
        openai.RateLimitError,
        openai.InternalServerError,
    ]
    assert models == ["embedded"]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "the body is no JSON"),
        (b"\xff\xfe", 400, "the body is no JSON"),
        (b"[]", 400, "Expected `object`"),
        (b'{"model": "embedded"}', 400, "missing required field `messages`"),
        (b'{"model": "embedded", "messages": []}', 400, "there are no messages"),
        (b'{"model": "embedded", "messages": [{"role": 1}]}', 400, "$.messages[0].role"),
        (b'{"model": "other", "messages": [{"role": "user"}]}', 404, "there is no model `other`"),
        (b" " * (5 << 20), 413, "longer than"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong_in_openais_shape(
    http: httpx2.Client, body: bytes, status: int, message: str
) -> None:
    response = http.post("/v1/chat/completions", content=body)

    assert response.status_code == status
    assert response.json()["error"].keys() == {"message", "type", "param", "code"}
    assert message in response.json()["error"]["message"]


def test_paths_and_methods_that_are_none_are_errors_of_the_same_shape(http: httpx2.Client) -> None:
    answers = [http.get("/v1/chat/completions"), http.post("/v1/embeddings"), http.get("/../etc/passwd")]

    assert [answer.status_code for answer in answers] == [405, 404, 404]
    assert all(set(answer.json()) == {"error"} for answer in answers)


def test_a_stream_is_lines_of_data_and_ends_with_done(http: httpx2.Client) -> None:
    response = http.post("/v1/chat/completions", json=_body("[[stream:40]] hi", stream=True))

    assert response.headers["content-type"].startswith("text/event-stream")
    events = response.text.split("\n\n")
    assert all(event.startswith("data: ") for event in events[:-1])
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(event[6:]) for event in events[:-2]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert sum("reasoning_content" in chunk["choices"][0]["delta"] for chunk in chunks) == 40


def test_the_same_question_has_the_same_answer_and_with_a_seed_the_same_names() -> None:
    async def use(http: httpx2.AsyncClient) -> Any:
        answers = [await http.post("/v1/chat/completions", json=_body("x", tools=_TOOLS)) for _ in range(2)]
        return [answer.json() for answer in answers]

    first, second, other = with_http(use, seed=7), with_http(use, seed=7), with_http(use, seed=8)

    def without_time(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [answer | {"created": 0} for answer in answers]

    assert without_time(first) == without_time(second) != without_time(other)
    assert first[0]["id"] != first[1]["id"]
    assert first[0]["choices"][0]["finish_reason"] == second[1]["choices"][0]["finish_reason"] == "tool_calls"


def test_orders_hold_for_every_request_and_the_census_counts_what_came_of_them() -> None:
    async def use(http: httpx2.AsyncClient) -> Any:
        async def ask() -> int:
            return (await http.post("/v1/chat/completions", json=_body("hi"))).status_code

        await http.put("/control", json={"error_rate": 0.8, "status": 503}, headers=_SECRET)
        statuses = [await ask() for _ in range(10)]
        await http.put("/control", json={"slow": 0.2}, headers=_SECRET)
        began = time.monotonic()
        await ask()
        slow = time.monotonic() - began
        await http.put("/control", json={"hang": True}, headers=_SECRET)
        with pytest.raises(httpx2.ReadTimeout):
            await http.post("/v1/chat/completions", json=_body("hi"), timeout=0.2)
        await http.delete("/control", headers=_SECRET)
        await ask()
        return statuses, slow, (await http.get("/census", headers=_SECRET)).json()

    statuses, slow, census = with_http(use)
    assert statuses == [200, 503, 503, 503, 503] * 2
    assert slow >= 0.2
    by_status = {"200": 4, "503": 8}
    assert census == {"calls": 13, "active": 0, "peak": 1, "disconnected": 1, "by_status": by_status}


@pytest.mark.parametrize("text", ["[[hang]]", "[[hang:stream]]", "[[slow:60]]", "[[stream:50]][[pace:1]]"])
def test_a_caller_who_leaves_ends_the_call(text: str) -> None:
    async def use(http: httpx2.AsyncClient) -> Any:
        async def census() -> Any:
            return (await http.get("/census", headers=_SECRET)).json()

        call = asyncio.create_task(http.post("/v1/chat/completions", json=_body(text, stream=True), timeout=30))
        while (await census())["active"] != 1:
            await asyncio.sleep(0.005)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        for _ in range(200):
            if (counted := await census())["active"] == 0:
                break
            await asyncio.sleep(0.01)
        return counted

    counted = with_http(use)
    assert (counted["active"], counted["disconnected"]) == (0, 1)


@pytest.mark.parametrize("orders", [{"error_rate": 2}, {"status": 200}, {"slow": -1}, {"other": 1}, {"hang": "yes"}])
def test_orders_that_cannot_be_are_refused_and_change_nothing(http: httpx2.Client, orders: dict[str, Any]) -> None:
    refused = http.put("/control", json=orders, headers=_SECRET)
    kept = http.get("/control", headers=_SECRET).json()

    assert refused.status_code == 422
    assert refused.json()["error"]["message"]
    assert kept == {"error_rate": 0.0, "slow": 0.0, "hang": False, "status": 500}


def test_control_and_census_ask_for_the_secret_and_are_not_there_without_one() -> None:
    async def use(http: httpx2.AsyncClient) -> Any:
        headers: list[dict[str, str]] = [{}, {"X-Chat-Test-Secret": "other"}, {"X-Chat-Test-Secret": "s3"}]
        return [
            (await http.get(path, headers=header)).status_code for path in ("/control", "/census") for header in headers
        ]

    assert with_http(use) == [403, 403, 200] * 2

    async def bare() -> list[int]:
        server = EmbeddedServer(create_endpoint())
        await server.start()
        async with httpx2.AsyncClient(base_url=server.url, trust_env=False) as http:
            statuses = [(await http.get(path, headers=_SECRET)).status_code for path in ("/control", "/census")]
        await server.stop()
        return statuses

    assert run(bare()) == [404, 404]


def test_it_serves_by_itself_and_ends_at_a_signal() -> None:
    with subprocess.Popen([sys.executable, "-m", "reference_chat.model"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        answer = httpx2.post(f"{url}/chat/completions", json=_body("hi"), trust_env=False)
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert answer.json()["choices"][0]["message"]["content"] == "You asked: “hi”."


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(),
            st.sampled_from(["[[", "]]", "[[tools:", "[[fail:", "[[slow:", "[[barrier:", ":", "500", "[[hang]]"]),
        )
    )
)
def test_every_text_has_a_script_whose_plain_text_is_made_of_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    script = read_script(text)

    rest = iter(text)
    assert all(character in rest for character in script.plain)
    assert script.fail is None or 400 <= script.fail <= 599


def test_directives_that_are_none_stay_text() -> None:
    script = read_script("a [[fail:200]] [[nothing]] [[tools:-1]] [[slow:inf]] [[barrier:x]] [[sub:all]] [[echo:]] b")

    assert script.plain == "a [[fail:200]] [[nothing]] [[tools:-1]] [[slow:inf]] [[barrier:x]] [[sub:all]]  b"
    assert (script.fail, script.tools, script.slow, script.sub, script.echo) == (None, None, 0.0, None, "")
