"""One socket of a user: every frame is judged as it comes, whether the test looks at it or not."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from canonry.testing.connection import NotReceivedError, RealConnection, Received
from canonry.testing.contracts.stream import JudgedStream
from golden_path.chat.times import Times

if TYPE_CHECKING:
    from golden_path.chat.user import ChatUser

ENDS = ("agent_completed", "agent_error")


@dataclass(slots=True)
class Run:
    """What came of one question. ``events`` are the frames that could be read, in the order in which they came."""

    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """What the events are, in order."""
        return [str(event.get("type")) for event in self.events]

    @property
    def run_id(self) -> str:
        """The id of the run, empty where nothing of it came."""
        return next((str(event["run_id"]) for event in self.events if event.get("run_id")), "")

    @property
    def thread_id(self) -> str:
        """The thread in which it was asked."""
        return next((str(event["thread_id"]) for event in self.events if event.get("thread_id")), "")

    @property
    def last_seq(self) -> int:
        """The highest number that came, -1 where none did."""
        return max((int(event["seq"]) for event in self.events if isinstance(event.get("seq"), int)), default=-1)

    @property
    def end(self) -> dict[str, Any]:
        """The event that ends the run, empty where none came."""
        return next((event for event in self.events if ends(event)), {})

    @property
    def answer(self) -> str:
        """What was answered, empty where the run did not end well."""
        payload = self.end.get("payload") or {}
        return str(payload.get("final_response") or payload.get("result") or "")


class Conversation:
    """A connection of a user, under a contract."""

    def __init__(self, connection: RealConnection, stream: JudgedStream, user: "ChatUser", times: Times) -> None:
        self.connection, self.stream, self.user, self.times = connection, stream, user, times
        self.frames = 0
        """How many frames came, whether they can be read or not."""
        connection.on_receive.append(self._judge)

    async def __aenter__(self) -> "Conversation":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, *, limit: float | None = None) -> None:
        """Connects. Raises `HandshakeError` where the service refuses."""
        await self.connection.open(limit=limit or self.times.answer)

    async def close(self) -> None:
        """Closes it, and says to the contract how it ended."""
        await self.connection.close()
        self.stream.closed(self.connection.close_code)

    async def cut(self, run: Run | None = None) -> None:
        """Breaks it off without a word, as a lost network does; the contract hears of no close.

        What had arrived is judged, and belongs to ``run``, also where the test has not looked at it.
        """
        self.connection.drop()
        await self.connection.close()
        if run is not None:
            known = {event.get("event_id") for event in run.events}
            mine = [event for event in map(readable, self.connection.received) if event.get("run_id") == run.run_id]
            run.events += [event for event in mine if event["event_id"] not in known]

    async def welcome(self, *, limit: float | None = None) -> dict[str, Any]:
        """The first frame."""
        frame: dict[str, Any] = await self.connection.receive_json(limit=limit or self.times.silence)
        return frame

    async def send(self, message: dict[str, Any]) -> None:
        """Sends a message, judged as well."""
        text = json.dumps(message)
        self.stream.send(text)
        await self.connection.send(text)

    async def say(self, text: str, **more: Any) -> None:
        """Asks, and does not wait."""
        await self.send({"type": "user_message", "text": text, **more})

    async def ask(self, text: str, *, limit: float | None = None, **more: Any) -> Run:
        """Asks, and returns what came until the run ended, or nothing came any more: what is missing, a check says."""
        await self.say(text, **more)
        return await self.until_end(limit=limit)

    async def resume(self, run_id: str, after: int) -> None:
        """Asks for what came behind an event.

        Not judged: the contract takes a message that names a run for an event of the run.
        """
        await self.connection.send({"type": "resume", "run_id": run_id, "after": after})

    async def until_end(
        self, *, limit: float | None = None, silence: float | None = None, run: Run | None = None
    ) -> Run:
        """The events from here to the end of a run, as far as they come; those of the session are left out."""
        found, deadline = run if run is not None else Run(), time.monotonic() + (limit or self.times.answer)
        while (left := deadline - time.monotonic()) > 0:
            try:
                event = readable(await self.connection.receive(limit=min(left, silence or self.times.silence)))
            except NotReceivedError:
                break
            if "run_id" in event or event.get("type") in ENDS:
                found.events.append(event)
            if ends(event):
                break
        if found.thread_id and found.thread_id not in self.user.threads:
            self.user.threads.append(found.thread_id)
        return found

    async def until(self, type: str, *, limit: float | None = None, run: Run | None = None) -> Run:
        """The events from here to the first of a type. Raises `NotReceivedError` where it does not come."""
        found = run if run is not None else Run()
        messages = await self.connection.receive_until(
            lambda one: readable(one).get("type") == type, limit=limit or self.times.silence
        )
        found.events += [event for event in map(readable, messages) if "run_id" in event]
        return found

    async def rest(self, seconds: float = 0.2) -> list[dict[str, Any]]:
        """What still comes within some time."""
        came, deadline = [], time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                came.append(readable(await self.connection.receive(limit=left)))
            except NotReceivedError:
                break
        return came

    def events(self, type: str) -> Sequence[dict[str, Any]]:
        """All frames of a type that came so far."""
        return [event for event in map(readable, self.connection.received) if event.get("type") == type]

    def _judge(self, _: RealConnection, message: Received) -> None:
        self.frames += 1
        if isinstance(message.data, str):
            self.stream.receive(message.data, at=message.at)


def readable(message: Received) -> dict[str, Any]:
    """The event in a frame; nothing where it is none: the contract says so."""
    try:
        event = json.loads(message.data)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def ends(event: dict[str, Any]) -> bool:
    """Whether an event ends a run; that of a step does not."""
    return event.get("type") in ENDS and not event.get("step_id")
