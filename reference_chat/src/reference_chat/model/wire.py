"""What goes over the wire to and from a model: the part of OpenAI's chat completions that is used here.

Source: the OpenAPI description of `POST /v1/chat/completions` (objects `chat.completion`, `chat.completion.chunk`).
`reasoning_content` is no part of it: it is what OpenAI-compatible servers call the tokens of a model that thinks aloud.
"""

from typing import Any, Literal

import msgspec


class Function(msgspec.Struct, omit_defaults=True):
    """A function that is called, or a part of one while it is streamed; `arguments` is JSON, not always valid."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, omit_defaults=True):
    """A call of a tool; `index` counts them in a stream, where later parts come without `id`."""

    index: int | None = None
    id: str | None = None
    type: str | None = None
    function: Function = msgspec.field(default_factory=Function)


class Message(msgspec.Struct, omit_defaults=True):
    """One message of a conversation; `content` of a user may be a list of parts."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        """The words of it; parts that are no text are left out."""
        if isinstance(self.content, list):
            return "".join(part["text"] for part in self.content if isinstance(part.get("text"), str))
        return self.content or ""


class FunctionOffer(msgspec.Struct, omit_defaults=True):
    """What a tool is called, what it does, and the JSON schema of its arguments."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}


class ToolOffer(msgspec.Struct):
    """A tool that the model may call."""

    function: FunctionOffer
    type: Literal["function"] = "function"


class StreamOptions(msgspec.Struct, omit_defaults=True):
    """What a stream carries beside the answer."""

    include_usage: bool = False


class Request(msgspec.Struct, omit_defaults=True):
    """The body of a request; fields that are not named here are allowed and change nothing."""

    model: str
    messages: list[Message]
    stream: bool = False
    stream_options: StreamOptions | None = None
    tools: list[ToolOffer] | None = None
    tool_choice: str | dict[str, Any] | None = None


class Delta(msgspec.Struct):
    """What one chunk of a stream adds."""

    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None


class ChunkChoice(msgspec.Struct):
    """One of the answers in a chunk; there is one."""

    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """One event of a stream; `error` instead of choices where the stream broke."""

    choices: list[ChunkChoice] | None = None
    error: dict[str, Any] | None = None
