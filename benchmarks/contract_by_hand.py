"""A checker of agent-events as a careful person writes it by hand: the same rules, the same bounds of memory.

It says of each event what it violates. What `canonry.contract` does besides is left out: frames kept for
counter-examples, witnesses, verdicts of every rule.
"""

import datetime as dt
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1)] | int
Text = Annotated[str, Meta(min_length=1)]
Time = Annotated[dt.datetime, Meta(tz=True)]
REMEMBERED = 1024
UNIQUE = 4096


class Empty(msgspec.Struct, gc=False):
    pass


class Thought(msgspec.Struct, gc=False):
    thought: Text


class Call(msgspec.Struct, gc=False):
    tool_name: Id
    tool_call_id: Id


class Result(msgspec.Struct, gc=False):
    tool_name: Id
    tool_call_id: Id
    results: Any = None
    error: Any = None


class Answer(msgspec.Struct, gc=False):
    final_response: Any = None
    result: Any = None


class Failure(msgspec.Struct, gc=False):
    error: Any


class Of(msgspec.Struct, gc=False, tag_field="type", kw_only=True):
    user_id: Id
    thread_id: Id
    run_id: Id
    seq: int
    timestamp: Time
    event_id: Id | None = None
    agent_name: str | None = None
    step_id: Id | None = None
    payload: Any


class Started(Of, tag="agent_started", kw_only=True):
    payload: Empty


class Thinking(Of, tag="agent_thinking", kw_only=True):
    payload: Thought


class Executing(Of, tag="tool_executing", kw_only=True):
    payload: Call


class Completed(Of, tag="tool_completed", kw_only=True):
    payload: Result


class Ended(Of, tag="agent_completed", kw_only=True):
    payload: Answer


class Failed(Of, tag="agent_error", kw_only=True):
    payload: Failure


class Ready(msgspec.Struct, gc=False, tag_field="type", tag="connection_ready"):
    user_id: Id | None = None


class Ping(msgspec.Struct, gc=False, tag_field="type", tag="ping"):
    user_id: Id | None = None


class Pong(msgspec.Struct, gc=False, tag_field="type", tag="pong"):
    user_id: Id | None = None


DECODE = msgspec.json.Decoder(Started | Thinking | Executing | Completed | Ended | Failed | Ready | Ping | Pong).decode


class Run:
    __slots__ = ("begun", "closed_tools", "due", "steps", "thoughts", "thread", "tools", "user")

    def __init__(self, event: Of, at: float | None) -> None:
        self.user = event.user_id
        self.thread = event.thread_id
        self.due = 1
        self.begun = at
        self.thoughts = 0
        self.tools: dict[Any, tuple[Any, float | None]] = {}
        self.closed_tools: dict[Any, None] = {}
        self.steps: set[Any] = set()


class Recent:
    """The last keys, between `size` and twice as many."""

    __slots__ = ("new", "old", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self.new: dict[Any, Any] = {}
        self.old: dict[Any, Any] = {}

    def __contains__(self, key: Any) -> bool:
        return key in self.new or key in self.old

    def add(self, key: Any, value: Any = None) -> None:
        self.new[key] = value
        if len(self.new) > self.size:
            self.old, self.new = self.new, {}


class ByHand:
    """One connection. ``owners`` is shared: thread and run ids, and whose they are."""

    def __init__(self, owners: tuple[Recent, Recent]) -> None:
        self.violations: list[tuple[int, str]] = []
        self.owners = owners
        self.n = 0
        self.user: Any = None
        self.runs: dict[Any, Run] = {}
        self.closed = Recent(REMEMBERED)
        self.closed_steps = Recent(REMEMBERED)
        self.events = Recent(UNIQUE)
        self.last: float | None = None

    def receive(self, raw: bytes, *, at: float | None = None, direction: str | None = None) -> None:
        try:
            event = DECODE(raw)
            text = raw.decode()
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self.say(f"invalid: {error}")
        else:
            if at is not None:
                if self.last is not None and at - self.last > 15 and self.runs:
                    self.say("silence")
                self.last = at
            user = event.user_id
            if user is not None and user != self.user:
                if self.user is None:
                    self.user = user
                else:
                    self.say("another user")
            if isinstance(event, Of):
                self.judge(event, text, raw, at, direction)
        self.n += 1

    def judge(self, event: Of, text: str, raw: bytes, at: float | None, direction: str | None) -> None:
        if direction == "in":
            self.say("from the client")
        if event.timestamp.tzinfo is not dt.UTC or '0000"' in text:
            self.zone(raw)
        if event.event_id is not None:
            if event.event_id in self.events:
                self.say("an event id twice")
            self.events.add(event.event_id)
        key = event.run_id
        run = self.runs.get(key)
        if event.step_id is None and isinstance(event, Started):
            if run is not None or key in self.closed:
                self.say("a run twice")
                return
            self.own(event)
            self.runs[key] = Run(event, at)
            if event.seq != 0:
                self.say("does not begin with 0")
            return
        if run is None:
            self.say("after the end" if key in self.closed else "a run that was never opened")
            return
        if event.user_id != run.user or event.thread_id != run.thread:
            self.say("user or thread changed")
        if event.seq != run.due:
            self.say(f"{event.seq} where {run.due} is due")
        run.due = event.seq + 1
        if event.step_id is not None and self.step(event, run):
            return
        kind = event.__class__
        if kind is Thinking:
            run.thoughts += 1
            if event.payload.thought.isspace():
                self.say("an empty thought")
        elif kind is Executing:
            payload = event.payload
            if payload.tool_call_id in run.tools or payload.tool_call_id in run.closed_tools:
                self.say("a tool twice")
            run.tools[payload.tool_call_id] = (payload.tool_name, at)
        elif kind is Completed:
            self.completed(event.payload, run, at)
        else:
            self.close(event, run, at)

    def completed(self, payload: Result, run: Run, at: float | None) -> None:
        known = run.tools.pop(payload.tool_call_id, None)
        if known is None:
            self.say("a tool that is not open")
        else:
            if known[0] != payload.tool_name:
                self.say("another tool name")
            if at is not None and known[1] is not None and at - known[1] > 60:
                self.say("a slow tool")
        run.closed_tools[payload.tool_call_id] = None
        if empty(payload.results) and empty(payload.error):
            self.say("no results")

    def close(self, event: Of, run: Run, at: float | None) -> None:
        payload = event.payload
        if event.__class__ is Ended:
            if empty(payload.final_response) and empty(payload.result):
                self.say("no answer")
        elif empty(payload.error):
            self.say("no error")
        if run.tools or run.steps:
            self.say("something is still open")
        if not run.thoughts:
            self.say("no thought")
        if at is not None and run.begun is not None and at - run.begun > 60:
            self.say("a slow run")
        del self.runs[event.run_id]
        self.closed.add(event.run_id, at)

    def step(self, event: Of, run: Run) -> bool:
        key = (event.run_id, event.step_id)
        if key in self.closed_steps:
            self.say("a step goes on")
        if event.__class__ is Started:
            run.steps.add(event.step_id)
            return True
        if event.__class__ is Ended or event.__class__ is Failed:
            run.steps.discard(event.step_id)
            self.closed_steps.add(key)
            return True
        return False

    def own(self, event: Of) -> None:
        for known, value in zip(self.owners, (event.thread_id, event.run_id), strict=True):
            owner = known.new.get(value)
            if owner is None:
                known.add(value, self.user)
            elif owner != self.user:
                self.say("an id of another user")

    def zone(self, raw: bytes) -> None:
        """The rare zone: as text."""
        text = msgspec.json.decode(raw)["timestamp"]
        if text[-1] not in "Zz" and text[-3] != ":":
            self.say("no RFC 3339 time")

    def say(self, message: str) -> None:
        self.violations.append((self.n, message))


def empty(value: Any) -> bool:
    return not value and (value is None or value == "" or value == [] or value == {})
