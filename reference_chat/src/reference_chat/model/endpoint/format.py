"""Replies in the shapes of OpenAI's chat completions: objects, chunks of a stream, errors."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from reference_chat.model.endpoint.replies import Reply

_ERRORS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    413: ("invalid_request_error", "request_too_large"),
    429: ("requests", "rate_limit_exceeded"),
}
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Header:
    """What every object of one completion carries; `call_ids` are those of the tools that it calls."""

    id: str
    model: str
    prompt_tokens: int
    call_ids: tuple[str, ...]
    created: int


def new_header(number: str, model: str, prompt_tokens: int, reply: Reply) -> Header:
    """The header of a completion; `number` is unique for the endpoint."""
    ids = tuple(f"call_{number}{position:02d}" for position in range(len(reply.calls)))
    return Header(f"chatcmpl-{number}", model, prompt_tokens, ids, int(time.time()))


def completion(header: Header, reply: Reply) -> dict[str, Any]:
    """A `chat.completion`."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.answer or None, "refusal": None, "annotations": []}
    if reply.thoughts:
        message["reasoning_content"] = "".join(thoughts(reply))
    if reply.calls:
        message["tool_calls"] = [
            {"id": id, "type": "function", "function": {"name": call.name, "arguments": json.dumps(call.arguments)}}
            for id, call in zip(header.call_ids, reply.calls, strict=True)
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}
    return {
        **_common(header, "chat.completion"),
        "choices": [choice],
        "usage": _usage(header, reply),
        "service_tier": "default",
    }


def chunks(header: Header, reply: Reply, *, include_usage: bool) -> Iterator[bytes]:
    """The events of a stream, without the last one (`DONE`)."""
    common = _common(header, "chat.completion.chunk")
    if include_usage:
        common["usage"] = None

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**common, "choices": [choice]})

    yield event({"role": "assistant", "content": None if reply.calls else "", "refusal": None})
    for thought in thoughts(reply):
        yield event({"reasoning_content": thought})
    for index, (id, call) in enumerate(zip(header.call_ids, reply.calls, strict=True)):
        function = {"name": call.name, "arguments": ""}
        yield event({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]})
        for part in _pieces(json.dumps(call.arguments), 3, at_least=8):
            yield event({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    for part in _pieces(reply.answer, 12, at_least=24):
        yield event({"content": part})
    yield event({}, _finish(reply))
    if include_usage:
        yield _event({**common, "choices": [], "usage": _usage(header, reply)})


def error(status: int, message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The body of an error, and the event by which a stream breaks."""
    type, usual = _ERRORS.get(status, ("server_error" if status >= 500 else "invalid_request_error", None))
    return {"error": {"message": message, "type": type, "param": param, "code": code or usual}}


def broken(message: str) -> bytes:
    """The event by which a stream breaks off."""
    return _event(error(500, message))


def thoughts(reply: Reply) -> Iterator[str]:
    """The tokens of thinking aloud."""
    return (f"thought {number} " for number in range(reply.thoughts))


def tokens(text: str) -> int:
    """How many tokens a text is taken for; about four characters each."""
    return -(-len(text) // 4)


def _common(header: Header, kind: str) -> dict[str, Any]:
    return {
        "id": header.id,
        "object": kind,
        "created": header.created,
        "model": header.model,
        "system_fingerprint": "fp_embedded",
    }


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.calls else "stop"


def _usage(header: Header, reply: Reply) -> dict[str, Any]:
    called = sum(tokens(json.dumps(call.arguments)) for call in reply.calls)
    spoken = tokens(reply.answer) + called + reply.thoughts
    return {
        "prompt_tokens": header.prompt_tokens,
        "completion_tokens": spoken,
        "total_tokens": header.prompt_tokens + spoken,
        "completion_tokens_details": {"reasoning_tokens": reply.thoughts},
    }


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def _pieces(text: str, most: int, *, at_least: int) -> Iterator[str]:
    size = max(at_least, -(-len(text) // most))
    return (text[start : start + size] for start in range(0, len(text), size))
