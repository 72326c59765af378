"""One agent at work: it asks the model, does what the model calls for, and asks again, until there is an answer."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from reference_chat.agents.breaker import Breaker
from reference_chat.agents.context import RunOverError
from reference_chat.agents.tools import Result, Tool, ToolError
from reference_chat.agents.turn import CLOSING, Turn
from reference_chat.ids import new_id
from reference_chat.model.client import Completer, Completion, ModelError
from reference_chat.model.wire import Message, ToolCall

_MOST_ROUNDS = 24
_MOST_CALLS = 32
_PARTIAL = 200
"""Characters of an answer that are worth an event of their own."""


class AgentError(Exception):
    """The agent has no answer: what the user is told, and whether asking again may help."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.code, self.retryable = code, retryable


@dataclass(frozen=True, slots=True)
class Role:
    """Who an agent is: its name, its instructions, the tools it has. The same for every run, so it is frozen."""

    name: str
    instructions: str
    tools: Mapping[str, Tool]


@dataclass(frozen=True, slots=True)
class Means:
    """What an agent works with, the same for every run."""

    model: Completer
    breaker: Breaker
    tool_timeout: float


class Agent:
    """One agent in one run, or in one step of it."""

    def __init__(
        self,
        role: Role,
        means: Means,
        turn: Turn,
        *,
        step_id: str | None = None,
        extra: Mapping[str, Tool] | None = None,
    ) -> None:
        self._role, self._means, self._turn, self._step_id = role, means, turn, step_id
        self._tools = {**role.tools, **(extra or {})}
        self._offers = [tool.offer for tool in self._tools.values()]
        self._silent = frozenset(extra or ())
        self._partial: list[str] = []

    async def answer(self, text: str, *, history: Sequence[Message] = ()) -> str:
        """The answer to `text`. Raises `AgentError`."""
        messages = [Message("system", self._role.instructions), *history, Message("user", text)]
        for _ in range(_MOST_ROUNDS):
            completion = await self._ask(messages)
            if not completion.tool_calls:
                if not completion.content.strip():
                    raise AgentError("empty_answer", "the model gave an empty answer", retryable=True)
                return completion.content
            calls = [_identified(call) for call in completion.tool_calls[:_MOST_CALLS]]
            messages.append(Message("assistant", completion.content or None, tool_calls=calls))
            messages += [Message("tool", await self._result(call), tool_call_id=call.id) for call in calls]
        raise AgentError("too_many_rounds", "the model went on calling tools without an answer", retryable=False)

    async def think(self, thought: str, **more: object) -> None:
        """Tells the user what the agent is at."""
        await self._turn.say(
            "agent_thinking", {"thought": thought, **more}, agent=self._role.name, step_id=self._step_id
        )

    async def _ask(self, messages: Sequence[Message]) -> Completion:
        self._partial.clear()
        try:
            return await self._means.breaker.call(
                lambda: self._means.model.complete(
                    messages, tools=self._offers, on_thought=self._on_thought, on_content=self._on_content
                )
            )
        except ModelError as error:
            raise AgentError(error.code, str(error), retryable=error.retryable) from None

    async def _on_thought(self, part: str) -> None:
        """Shows what a model says that thinks aloud; parts of one thought come as they are."""
        await self.think(part, delta=True)

    async def _on_content(self, part: str) -> None:
        """Shows a long answer while it grows, some words at a time."""
        self._partial.append(part)
        if sum(map(len, self._partial)) >= _PARTIAL:
            grown = "".join(self._partial)
            self._partial.clear()
            await self.think(grown, partial=True)

    async def _result(self, call: ToolCall) -> str:
        """What a call gave, as the model is told; also what went wrong, for the model may ask otherwise."""
        name = call.function.name or ""
        if name in self._silent:
            result = await self._run(name, call.function.arguments)
        else:
            result = await self._shown(name, call.function.arguments)
        return json.dumps(result, ensure_ascii=False)

    async def _shown(self, name: str, arguments: str | None) -> Result:
        """As `_run`, between the two events that show it; the second comes also where the run is given up."""
        span: dict[str, object] = {"tool_name": name or "unnamed", "tool_call_id": new_id("call")}
        await self._say("tool_executing", {**span, "arguments": arguments or "{}"})
        async with closing(lambda: self._say("tool_completed", {**span, "error": _cancelled()})):
            result = await self._run(name, arguments)
        if "error" in result:
            error: dict[str, object] = {"code": "tool_failed", "message": result["error"]}
            await self._say("tool_completed", {**span, "error": error})
        else:
            await self._say("tool_completed", {**span, "results": result})
        return result

    async def _run(self, name: str, arguments: str | None) -> Result:
        tool = self._tools.get(name)
        if tool is None:
            return {"error": f"there is no tool `{name}`"}
        limit = asyncio.timeout(self._means.tool_timeout)
        try:
            given = msgspec.json.decode(arguments or "{}", type=tool.arguments)
            if name in self._silent:
                return await tool.run(given, self._turn)
            async with limit:
                return await tool.run(given, self._turn)
        except msgspec.DecodeError as error:
            return {"error": f"the arguments of `{name}` are wrong: {error}"}
        except ToolError as error:
            return {"error": str(error)}
        except TimeoutError:
            if not limit.expired():
                raise
            return {"error": f"`{name}` took too long"}

    async def _say(self, type: str, payload: dict[str, object]) -> None:
        await self._turn.say(type, payload, agent=self._role.name, step_id=self._step_id)


@contextlib.asynccontextmanager
async def closing(close: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Calls `close` where what is inside is given up or fails, so that nothing which began stays without its end."""
    try:
        yield
    except RunOverError:
        raise
    except BaseException:  # whatever ended it, cancellation too: what began gets its end, and it is raised again
        with contextlib.suppress(RunOverError, TimeoutError):
            async with asyncio.timeout(CLOSING):
                await close()
        raise


def _identified(call: ToolCall) -> ToolCall:
    """The call as it goes back to the model: with an id, and without the index that only streams have."""
    call.index = None
    call.id = call.id or new_id("call")
    call.type = "function"
    call.function.name = call.function.name or "unnamed"
    call.function.arguments = call.function.arguments or "{}"
    return call


def _cancelled() -> dict[str, object]:
    return {"code": "cancelled", "message": "the run was given up before the tool ended"}
