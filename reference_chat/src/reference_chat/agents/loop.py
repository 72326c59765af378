"""From a question to its answer: the run of the assistant, of the agents that it delegates to, and its one end."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from reference_chat.agents.agent import Agent, AgentError, Means, Role, closing
from reference_chat.agents.breaker import Breaker
from reference_chat.agents.context import Emit, RunOverError, UserExecutionContext
from reference_chat.agents.rendezvous import Rendezvous
from reference_chat.agents.tools import Meeting, Result, Tool, ToolError, barrier_tool, user_tools
from reference_chat.agents.turn import CLOSING, Turn
from reference_chat.agents.wrong import Wrong
from reference_chat.faults import Faults
from reference_chat.ids import new_id
from reference_chat.model import wire
from reference_chat.model.client import Completer
from reference_chat.settings import Settings

_ASSISTANT = "assistant"
_MOST_HISTORY = 20
_TOO_LATE = ("timeout", "the run took too long")
_INTERRUPTED = ("interrupted", "the service stopped in the middle of the run; ask again")


class Message(Protocol):
    """Something that was said in the thread before: by `user` or `assistant`."""

    @property
    def role(self) -> str:
        """Who said it."""

    @property
    def text(self) -> str:
        """What was said."""


class AgentLoop:
    """Runs agents; one per process, and it keeps nothing of any user: what a run needs lives in its `Turn`."""

    def __init__(
        self,
        *,
        model: Completer,
        breaker: Breaker,
        settings: Settings,
        faults: Faults,
        meeting: Meeting | None = None,
        model_url: str = "",
    ) -> None:
        self._means = Means(model, breaker, settings.tool_timeout)
        self._breaker, self._wrong = breaker, Wrong(faults)
        self._silence = settings.silence
        self._model_url = model_url or settings.model_url
        lookups = {tool.name: tool for tool in user_tools()}
        # A barrier is for tests; whoever runs against a real model without a test secret does not offer it.
        if settings.test_secret or not settings.model_url:
            barrier = barrier_tool(meeting or Rendezvous())
            lookups[barrier.name] = barrier
        self._roles = _roles(lookups)
        delegate = Tool("delegate", "Gives a part of the work to another agent.", _Delegation, self._delegate)
        self._delegation = {delegate.name: delegate}
        self._runs: dict[str, Turn] = {}
        self._ended = 0

    async def run(self, context: UserExecutionContext, text: str, history: Sequence[Message], emit: Emit) -> str:
        """The answer, which has been emitted as `agent_completed`; empty when the run ended with `agent_error`.

        Ends at the deadline of the context, and with `agent_error` also when it is cancelled, which it passes on.
        """
        notes = [message.text for message in history if message.role == "user"]
        turn = self._wrong.turn(Turn(context, self._wrong.question(text), notes, emit), alone=not self._runs)
        self._runs[context.run_id] = turn
        try:
            await turn.say("agent_started", {"question": text}, agent=_ASSISTANT)
            self._wrong.block()
            return await self._finish(turn, history)
        finally:
            self._runs.pop(context.run_id, None)
            self._ended += 1

    def census(self) -> dict[str, object]:
        """The runs that go on, with the identity of the object that each has to itself, and the breaker's state."""
        runs = [
            {"run_id": run_id, "user_id": turn.context.user_id, "identity": id(turn), "context": id(turn.context)}
            for run_id, turn in self._runs.items()
        ]
        circuit = self._breaker.circuit.shown()
        return {"runs": runs, "ended": self._ended, "breaker": circuit, "model_url": self._model_url}

    async def _finish(self, turn: Turn, history: Sequence[Message]) -> str:
        limit = asyncio.timeout(turn.context.deadline - time.monotonic())
        try:
            async with limit, turn.never_silent(self._silence, _ASSISTANT):
                answer = await self._answer(turn, history)
        except AgentError as error:
            await _fail(turn, error.code, str(error), retryable=error.retryable)
        except TimeoutError:
            if not limit.expired():
                raise
            await _fail(turn, *_TOO_LATE, retryable=True)
        except RunOverError:
            raise
        except asyncio.CancelledError:
            # Whoever made the run may watch the same deadline; then it is still the deadline that ended it.
            reason = _TOO_LATE if time.monotonic() >= turn.context.deadline else _INTERRUPTED
            with contextlib.suppress(RunOverError, TimeoutError):
                async with asyncio.timeout(CLOSING):
                    await _fail(turn, *reason, retryable=True)
            raise
        except Exception:  # a bug: the user is told in a sentence, and it is raised again for the log
            await _fail(turn, "internal", "the run failed; try again", retryable=True)
            raise
        else:
            await turn.end("agent_completed", {"final_response": answer}, agent=_ASSISTANT)
            return answer
        return ""

    async def _answer(self, turn: Turn, history: Sequence[Message]) -> str:
        agent = Agent(self._roles[_ASSISTANT], self._means, turn, extra=self._delegation)
        await agent.think("reading the question")
        for piece in self._wrong.thoughts():
            await agent.think(piece)
        said = [wire.Message(message.role, message.text) for message in history[-_MOST_HISTORY:]]
        return await agent.answer(turn.text, history=said)

    async def _delegate(self, given: "_Delegation", turn: Turn) -> Result:
        """A step of the run: another agent starts, works and ends, each under the id of the step."""
        role = self._roles.get(given.agent)
        if role is None or given.agent == _ASSISTANT:
            known = ", ".join(f"`{name}`" for name in self._roles if name != _ASSISTANT)
            raise ToolError(f"there is no agent `{given.agent}`; there are {known}")
        step_id = new_id("step")

        async def fail(code: str, message: str, *, retryable: bool) -> None:
            payload = _error(code, message, retryable=retryable)
            await turn.say("agent_error", payload, agent=role.name, step_id=step_id)

        await turn.say("agent_started", {"task": given.task}, agent=role.name, step_id=step_id)
        async with closing(lambda: fail("cancelled", "the step was given up", retryable=True)):
            outcome = await _outcome(Agent(role, self._means, turn, step_id=step_id), given.task)
        if isinstance(outcome, AgentError):
            await fail(outcome.code, str(outcome), retryable=outcome.retryable)
            raise ToolError(f"{role.name} failed: {outcome}")
        await turn.say("agent_completed", {"result": outcome}, agent=role.name, step_id=step_id)
        return {"summary": outcome, "agent": role.name}


class _Delegation(msgspec.Struct):
    agent: str
    task: str


def _roles(lookups: Mapping[str, Tool]) -> Mapping[str, Role]:
    roles = (
        Role(
            _ASSISTANT,
            "agent: assistant. Answer the user's question. Use tools for what you do not know. Delegate work that has "
            "several parts: `triage` says what kind of question it is, `data` looks things up, `report` writes.",
            lookups,
        ),
        Role("triage", "agent: triage. Say in one sentence what kind of question this is.", {}),
        Role("data", "agent: data. Look up what the task needs with your tools, and say what you found.", lookups),
        Role("report", "agent: report. Write the answer from what was found.", {}),
    )
    return {role.name: role for role in roles}


async def _outcome(agent: Agent, task: str) -> str | AgentError:
    try:
        await agent.think("reading the task")
        return await agent.answer(task)
    except AgentError as error:
        return error


def _error(code: str, message: str, *, retryable: bool) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "retryable": retryable}}


async def _fail(turn: Turn, code: str, message: str, *, retryable: bool) -> None:
    await turn.end("agent_error", _error(code, message, retryable=retryable), agent=_ASSISTANT)
