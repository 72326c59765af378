"""How the tests of the agents make runs: a loop over the embedded model, and recorders that keep what is emitted."""

import asyncio
import contextlib
import functools
import json
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from canonry.contract.check.checker import Checker, Result
from canonry.contract.load import load_contract
from reference_chat.agents.context import RunOverError, UserExecutionContext, new_context
from reference_chat.agents.loop import AgentLoop, Message
from reference_chat.agents.opening import open_agents
from reference_chat.faults import Faults
from reference_chat.ids import new_id, timestamp
from reference_chat.settings import Settings

SECRET = "test-secret"
_PATIENCE = 90.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a thread."""

    role: str
    text: str


@dataclass(slots=True)
class Recorder:
    """The events of one run, in the envelope that the service sends them in."""

    context: UserExecutionContext
    events: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    over: bool = False

    async def __call__(
        self, type: str, payload: dict[str, object], *, agent_name: str | None = None, step_id: str | None = None
    ) -> None:
        if self.over:
            raise RunOverError
        context = self.context
        event = {"type": type, "event_id": new_id("event"), "seq": len(self.events), "timestamp": timestamp()}
        event |= {"user_id": context.user_id, "thread_id": context.thread_id, "run_id": context.run_id}
        event |= {"agent_name": agent_name, "payload": payload} | ({"step_id": step_id} if step_id else {})
        self.events.append(json.loads(json.dumps(event)))
        self.times.append(time.monotonic())
        self.over = type in ("agent_completed", "agent_error") and not step_id

    @property
    def types(self) -> list[str]:
        """The types, with a stroke for events of steps."""
        return [event["type"].removeprefix("agent_") + ("'" if "step_id" in event else "") for event in self.events]

    @property
    def last(self) -> dict[str, Any]:
        """The payload of the last event."""
        payload: dict[str, Any] = self.events[-1]["payload"]
        return payload

    def results(self, tool: str) -> list[dict[str, Any]]:
        """The payloads of completed calls of a tool."""
        return [
            event["payload"]
            for event in self.events
            if event["type"] == "tool_completed" and event["payload"]["tool_name"] == tool
        ]


@dataclass(slots=True)
class Bench:
    """A loop to run questions on."""

    loop: AgentLoop
    faults: Faults

    def new(self, *, user: str = "ann", timeout: float = 20.0) -> Recorder:
        """A recorder for a run of its own."""
        context = new_context(user_id=user, thread_id=f"thread_{user}", connection_id=f"c_{user}", timeout=timeout)
        return Recorder(context)

    async def ask(
        self, text: str, *, user: str = "ann", timeout: float = 20.0, history: Sequence[Message] = ()
    ) -> Recorder:
        """What a run emitted."""
        recorder = self.new(user=user, timeout=timeout)
        await self.loop.run(recorder.context, text, history, recorder)
        return recorder


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """What a coroutine returns; one that hangs fails."""

    async def limited() -> _T:
        async with asyncio.timeout(_PATIENCE):
            return await coroutine

    return asyncio.run(limited())


@contextlib.asynccontextmanager
async def bench(**settings: Any) -> AsyncIterator[Bench]:
    """A bench over the embedded model."""
    faults = Faults()
    async with open_agents(Settings(test_secret=SECRET, **settings), faults) as loop:
        yield Bench(loop, faults)


def asked(text: str, **more: Any) -> Recorder:
    """What the run of one question emitted."""
    settings = more.pop("settings", {})

    async def ask() -> Recorder:
        async with bench(**settings) as made:
            return await made.ask(text, **more)

    return run(ask())


@functools.cache
def _checker() -> Checker:
    return Checker(load_contract("agent-events").plan)


def judged(recorder: Recorder) -> Result:
    """The contract's verdict on what was emitted."""
    session = _checker().session(new_id("session"))
    for event, at in zip(recorder.events, recorder.times, strict=True):
        session.receive(json.dumps(event).encode(), at=at, direction="out")
    return session.end()


def assert_kept(recorder: Recorder) -> None:
    """The contract is kept, and something was judged."""
    result = judged(recorder)
    assert not result.violations, (result.violations, recorder.types)
    assert result.judged == len(recorder.events) > 0
