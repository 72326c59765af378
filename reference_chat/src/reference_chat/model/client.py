"""A streaming client for chat completions of any OpenAI-compatible model.

On httpx2, which reads server-sent events itself, and not on the `openai` package: of that we would use one call, it
takes five times as long to import, and it retries by itself, behind the back of the circuit breaker that counts.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx2
import msgspec

from reference_chat.model.wire import Chunk, Message, Request, ToolCall, ToolOffer

_MOST_ANSWER = 1 << 20
_PARTING = 0.5
_CHUNK = msgspec.json.Decoder(Chunk)


class ModelError(Exception):
    """The model gave no answer. `code` is for programs; `retryable` when the same question may be answered later."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code, self.retryable = code, retryable

    @property
    def is_outage(self) -> bool:
        """Whether it speaks of the model's health, and not of what was asked."""
        return self.retryable


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model said: an answer, or tools to call."""

    content: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str | None


@dataclass(slots=True)
class _Heard:
    """The parts of a stream that came so far."""

    content: list[str] = field(default_factory=list)
    calls: dict[int, ToolCall] = field(default_factory=dict)
    finish_reason: str | None = None
    size: int = 0


Listener = Callable[[str], Awaitable[None]]


class Completer(Protocol):
    """What answers the loop's questions."""

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolOffer] = (),
        on_thought: Listener | None = None,
        on_content: Listener | None = None,
    ) -> Completion:
        """One completion."""


class ModelClient:
    """Asks the model at `url` (the part before `/chat/completions`); one per process, it keeps connections."""

    def __init__(self, *, url: str, key: str = "", model: str, connect_timeout: float = 5.0) -> None:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        # How long an answer may take is the breaker's to say; here only a peer that cannot be reached is given up.
        timeout = httpx2.Timeout(None, connect=connect_timeout)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=4.0)
        self._url = f"{url.rstrip('/')}/chat/completions"
        self._model = model
        verify = ssl.create_default_context() if url.startswith("https:") else False
        self._http = httpx2.AsyncClient(headers=headers, timeout=timeout, limits=limits, trust_env=False, verify=verify)

    async def close(self) -> None:
        """Closes its connections."""
        await self._http.aclose()

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[ToolOffer] = (),
        on_thought: Listener | None = None,
        on_content: Listener | None = None,
    ) -> Completion:
        """One completion, its parts told to the listeners as they come; a cancelled call closes the model's stream.

        Raises `ModelError`.
        """
        request = Request(self._model, list(messages), stream=True, tools=list(tools) or None)
        heard = _Heard()
        try:
            async with self._http.stream(
                "POST", self._url, content=msgspec.json.encode(request), headers={"content-type": "application/json"}
            ) as response:
                if response.status_code != 200:
                    raise await _refusal(response)
                await _listen(response, heard, on_thought, on_content)
        except httpx2.TimeoutException:
            raise ModelError("model_timeout", "the model cannot be reached in time", retryable=True) from None
        except httpx2.RequestError:
            raise ModelError("model_unavailable", "the connection to the model failed", retryable=True) from None
        return _completion(heard)


async def _listen(
    response: httpx2.Response, heard: _Heard, on_thought: Listener | None, on_content: Listener | None
) -> None:
    """Takes the stream up to its `[DONE]`. Raises `ModelError` where it breaks off or is none."""
    lines = response.aiter_lines()
    async for line in lines:
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            # Read to its end the connection serves the next question, too; a model that goes on is not listened to.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PARTING):
                    async for _ in lines:
                        pass
            return
        try:
            chunk = _CHUNK.decode(data)
        except msgspec.DecodeError:
            raise ModelError("model_bad_answer", "the model sent what is no chunk", retryable=True) from None
        await _take(heard, chunk, on_thought, on_content)
    if heard.finish_reason is None:
        raise ModelError("model_unavailable", "the model's stream broke off", retryable=True)


async def _take(heard: _Heard, chunk: Chunk, on_thought: Listener | None, on_content: Listener | None) -> None:
    if chunk.error is not None:
        raise ModelError("model_unavailable", "the model's stream broke off", retryable=True)
    if not chunk.choices:
        return
    choice = chunk.choices[0]
    heard.finish_reason = choice.finish_reason or heard.finish_reason
    delta = choice.delta
    if delta.reasoning_content and on_thought:
        await on_thought(delta.reasoning_content)
    if delta.content:
        heard.content.append(delta.content)
        heard.size += len(delta.content)
        if on_content:
            await on_content(delta.content)
    for part in delta.tool_calls or ():
        _add_call(heard, part)
    if heard.size > _MOST_ANSWER:
        raise ModelError("model_bad_answer", "the model's answer has no end", retryable=False)


def _add_call(heard: _Heard, part: ToolCall) -> None:
    """Puts a part of a call to the others of its index."""
    index = part.index if part.index is not None else len(heard.calls)
    call = heard.calls.setdefault(index, ToolCall(type="function"))
    call.id = call.id or part.id
    call.function.name = call.function.name or part.function.name
    if part.function.arguments:
        call.function.arguments = (call.function.arguments or "") + part.function.arguments
        heard.size += len(part.function.arguments)


def _completion(heard: _Heard) -> Completion:
    calls = tuple(heard.calls[index] for index in sorted(heard.calls))
    return Completion("".join(heard.content), calls, heard.finish_reason)


async def _refusal(response: httpx2.Response) -> ModelError:
    """What an answer that is not 200 means. The body is the model's, so what it says is not passed on to users."""
    status = response.status_code
    if status == 429:
        return ModelError("model_rate_limited", "the model takes no more questions at the moment", retryable=True)
    if status >= 500 or status == 408:
        return ModelError("model_unavailable", f"the model failed with status {status}", retryable=True)
    return ModelError("model_refused", f"the model refused the question with status {status}", retryable=False)
