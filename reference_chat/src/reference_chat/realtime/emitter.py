"""The one emitter: it numbers the events of runs, has them stored, then sends them to who follows."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from reference_chat.agents.context import RunOverError, UserExecutionContext
from reference_chat.bus.local import Bus
from reference_chat.faults import Faults
from reference_chat.ids import new_id, timestamp
from reference_chat.realtime.distortion import Distortion
from reference_chat.realtime.registry import ConnectionRegistry
from reference_chat.store.rows import ENDS, Event, Row, ends_run, new_message, run_status
from reference_chat.store.writer import Writer

_LOOK_EVERY, _LOOK_AGAIN = 16, 0.02
_AHEAD, _QUEUED = 64, 2048
"""Events of one run, and of all, that may wait for the writer; then runs wait, and no event is old when it is sent."""


class _Envelope(msgspec.Struct, gc=False, omit_defaults=True):
    """What every event of a run has, in this order."""

    type: str
    event_id: str
    seq: int
    user_id: str
    thread_id: str
    run_id: str
    agent_name: str
    timestamp: str
    payload: dict[str, object]
    step_id: str | None = None


_ENCODER = msgspec.json.Encoder()
_RUN, _USER = attrgetter("run_id"), attrgetter("user_id")
_PAIRED = {"agent_started", "tool_executing", "tool_completed", *ENDS}
"""The events that begin something, or end it."""


class Emission:
    """The events of one run; what the run's code calls `emit`."""

    __slots__ = ("_ahead", "_emitter", "_room", "_shown", "_steps", "_tools", "closed", "context", "next_seq")

    def __init__(self, emitter: "Emitter", context: UserExecutionContext, *, shown: str) -> None:
        self._emitter, self.context = emitter, context
        self._shown = shown
        self.next_seq = self._ahead = 0
        self._room: asyncio.Event | None = None
        self._tools: dict[str, dict[str, object]] = {}
        self._steps: dict[str, str | None] = {}
        self.closed = False

    async def __call__(
        self, type: str, payload: dict[str, object], *, agent_name: str | None = None, step_id: str | None = None
    ) -> None:
        """See `Emit`."""
        self.put(type, payload, agent_name=agent_name, step_id=step_id)
        if self._ahead >= self._emitter.most_ahead:
            self._room = asyncio.Event()
            await self._room.wait()
        if self.next_seq % _LOOK_EVERY == 0:
            while self._emitter.is_crowded(self.context.user_id):
                await asyncio.sleep(_LOOK_AGAIN)

    def put(
        self, type: str, payload: dict[str, object], *, agent_name: str | None = None, step_id: str | None = None
    ) -> None:
        """As a call, for who cannot wait."""
        if self.closed:
            raise RunOverError("the run has ended")
        if self._emitter.faults:
            lost = self._emitter.faults.on("drop")
            if lost is not None and not lost["numbered"] and lost["type"] == type:
                return
        if type not in _PAIRED:  # nearly all of them
            self._ahead += 1
            self._emitter.put(self._event(type, payload, agent_name, step_id, ends=False))
            return
        ends = ends_run(type, step_id)
        if ends:
            self._close_open(payload if type == "agent_error" else {"error": "the run ended"})
        self._note(type, payload, agent_name, step_id)
        rows: list[Row] = [self._event(type, payload, agent_name, step_id, ends=ends)]
        if ends:
            self.closed = True
            answer = payload.get("final_response", payload.get("result"))
            if isinstance(answer, str) and type == "agent_completed":
                rows.append(new_message(self.context.thread_id, self.context.run_id, "assistant", answer))
            rows.append(run_status(self.context.run_id, ENDS[type]))
        self._ahead += 1
        self._emitter.put(*rows)

    def fail(self) -> None:
        """The events of the run cannot be stored: nothing more is said."""
        self.closed = True
        self.stored(self._ahead)

    def restore(self, events: Sequence[tuple[int, str]]) -> None:
        """Goes on where another process, or this one before a failure, stopped."""
        for seq, frame in events:
            event = msgspec.json.decode(frame)
            self._note(event["type"], event["payload"], event.get("agent_name"), event.get("step_id"))
            self.next_seq = seq + 1

    def stored(self, count: int) -> None:
        """So many events are on disk."""
        self._ahead -= count
        if self._room is not None and self._ahead <= self._emitter.most_ahead // 2:
            self._room.set()
            self._room = None

    def _event(
        self, type: str, payload: dict[str, object], agent_name: str | None, step_id: str | None, *, ends: bool
    ) -> Event:
        context, seq = self.context, self.next_seq
        self.next_seq = seq + 1
        envelope = _Envelope(
            type,
            new_id("evt"),
            seq,
            context.user_id,
            context.thread_id,
            self._shown,
            agent_name or "assistant",
            timestamp(),
            payload,
            step_id,
        )
        return Event(context.user_id, context.run_id, seq, type, _ENCODER.encode(envelope), ends)

    def _note(self, type: str, payload: dict[str, object], agent_name: str | None, step_id: str | None) -> None:
        call = payload.get("tool_call_id")
        if type == "tool_executing":
            self._tools[str(call)] = {
                "agent_name": agent_name,
                "step_id": step_id,
                "tool_name": payload.get("tool_name"),
            }
        elif type == "tool_completed":
            self._tools.pop(str(call), None)
        elif step_id is not None and type == "agent_started":
            self._steps[step_id] = agent_name
        elif step_id is not None and type in ENDS:
            self._steps.pop(step_id, None)

    def _close_open(self, cause: dict[str, object]) -> None:
        """Ends the tools and steps that a run leaves open, so that every beginning has an end."""
        for call, tool in list(self._tools.items()):
            payload = {"tool_name": tool["tool_name"], "tool_call_id": call, "error": cause.get("error")}
            self.put("tool_completed", payload, agent_name=tool["agent_name"], step_id=tool["step_id"])  # type: ignore[arg-type]
        for step, agent in list(self._steps.items()):
            self.put("agent_error", {"error": cause.get("error")}, agent_name=agent, step_id=step)


class Emitter:
    """Every event of every run of this process passes here, twice: to the writer, and from it to the connections."""

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        bus: Bus,
        faults: Faults,
        distortion: Distortion,
        ended: Callable[[str], None],
    ) -> None:
        self._registry, self._bus, self.faults, self._ended = registry, bus, faults, ended
        self._distortion = distortion
        self._emissions: dict[str, Emission] = {}
        self._last_run = ""
        self.writer: Writer
        self.emitted = self.delivered = 0
        self.most_ahead = _AHEAD

    def open(self, context: UserExecutionContext) -> Emission:
        """The emission of a run."""
        shown = self._last_run if self._last_run and self.faults.on("reuse") else context.run_id
        self._last_run = shown
        emission = self._emissions[context.run_id] = Emission(self, context, shown=shown)
        self._share()
        return emission

    def is_crowded(self, user_id: str) -> bool:
        """Whether a connection of the user is so far behind that his runs wait for it, until it reads or is dropped."""
        return any(connection.is_crowded for connection in self._registry.of(user_id))

    def put(self, *rows: Row) -> None:
        """Has rows of a run stored in one commit; its events are sent then."""
        self.emitted += 1
        late = self.faults.on("persist_late") if self.faults else None
        if late is not None:
            asyncio.get_running_loop().call_later(late["seconds"], self.writer.put, *rows)
            self._deliver([row for row in rows if isinstance(row, Event)])
            return
        self.writer.put(*rows)

    def stored(self, rows: Sequence[Row]) -> None:
        """Sends what is on disk now."""
        events = [row for row in rows if isinstance(row, Event)]
        for run_id, stretch in groupby(events, _RUN):
            here = list(stretch)
            emission = self._emissions.get(run_id)
            if emission is not None:
                emission.stored(len(here))
            if any(event.ends_run for event in here):  # one that was stored late may stand behind it
                self._emissions.pop(run_id, None)
                self._share()
                self._ended(run_id)
        if not self.faults.on("persist_late"):
            self._deliver(events)
        self._bus.publish(events)

    def failed(self, run_id: str) -> None:
        """The run's events are lost."""
        emission = self._emissions.pop(run_id, None)
        self._share()
        if emission is not None:
            emission.fail()

    def _share(self) -> None:
        """How far each run may be ahead of the writer: what all may be, in equal parts."""
        self.most_ahead = max(4, min(_AHEAD, _QUEUED // max(1, len(self._emissions))))

    def deliver_remote(self, events: Sequence[Event]) -> None:
        """Sends what another process stored."""
        self._deliver(events)

    def _deliver(self, events: Sequence[Event]) -> None:
        if self.faults and self._distortion.holds_up(events, self._deliver):
            return
        self.delivered += len(events)
        for user_id, stretch in groupby(events, _USER):
            connections = tuple(self._registry.of(user_id))
            for event in stretch:
                for connection in connections:
                    connection.deliver(event)
