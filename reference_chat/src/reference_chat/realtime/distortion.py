"""What faults do to an event on its way to a connection; nothing comes here while none is on."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from reference_chat.faults import Faults
from reference_chat.realtime.connection import Connection
from reference_chat.realtime.frames import Binary
from reference_chat.realtime.registry import ConnectionRegistry
from reference_chat.store.rows import Event

_Key = tuple[str, str]


class Distortion:
    """Sends events wrongly. It remembers per connection and run what it holds back."""

    def __init__(self, faults: Faults, registry: ConnectionRegistry) -> None:
        self._faults, self._registry = faults, registry
        self._stalled: set[_Key] = set()
        self._swapped: defaultdict[_Key, list[bytes]] = defaultdict(list)
        self._late: defaultdict[_Key, list[bytes]] = defaultdict(list)
        self._delayed: dict[str, list[bytes]] = {}
        self._bereft: set[str] = set()
        self._heirs: dict[str, Connection] = {}
        self._backlog: list[Event] = []
        self._leaked: list[bytes] = []

    def send(self, connection: Connection, event: Event) -> None:
        """Sends an event as the faults that are on have it."""
        faults, key = self._faults, (connection.id, event.run_id)
        if faults.hits("stall", event.type):
            self._stalled.add(key)
        lost = faults.hits("drop", event.type)
        if key in self._stalled or (lost is not None and lost["numbered"]):
            return
        frame = self._changed(event)
        if faults.hits("late", event.type) and not event.ends_run:
            self._late[key].append(frame)
            return
        if faults.hits("swap", event.type) and not event.ends_run:
            self._swapped[key].append(frame)
            return
        frames = [frame, *self._swapped.pop(key, [])]
        if faults.hits("dup", event.type):
            frames.append(frame)
        if event.ends_run:
            frames += self._late.pop(key, [])
            frames += [frame] if faults.hits("late", event.type) else []
        self._strays(connection, event, frames)
        self._delay(connection, event, frames)
        self._cut(connection, event)

    def opened(self, connection: Connection) -> None:
        """Whoever comes gets the runs of those who left."""
        if self._faults.on("zombie_emitter"):
            self._heirs.update(dict.fromkeys(self._bereft, connection))
            self._bereft.clear()

    def closed(self, connection: Connection) -> None:
        """What stays of a connection that is closed."""
        if self._faults.on("zombie_emitter"):
            self._bereft.update(connection.following)
        if leak := self._faults.on("leak"):
            self._leaked.append(b"x" * int(leak["bytes"]))

    def holds_up(self, events: Sequence[Event], deliver: Callable[[Sequence[Event]], None]) -> bool:
        """Whether a slow reader holds up everybody's events; they are delivered when he has read."""
        for event in events:
            if (heir := self._heirs.get(event.run_id)) is not None:
                heir.post(event.frame)
        slow = self._faults.on("unbounded_queue") and any(connection.is_crowded for connection in self._registry)
        if not (slow or self._backlog):
            return False
        if not self._backlog:
            asyncio.get_running_loop().call_later(0.05, self._try_again, deliver)
        self._backlog += events
        return True

    def _try_again(self, deliver: Callable[[Sequence[Event]], None]) -> None:
        backlog, self._backlog = self._backlog, []
        deliver(backlog)

    def _changed(self, event: Event) -> bytes:
        change = self._faults.hits("mutate", event.type)
        if change is None:
            return event.frame
        if change["raw"]:
            return str(change["raw"]).encode()
        body = msgspec.json.decode(event.frame)
        if change["size"]:
            body["payload"]["padding"] = "x" * int(change["size"])
            return msgspec.json.encode(body)
        *way, name = change["field"].split(".")
        place: dict[str, Any] = body
        for part in way:
            place = place.setdefault(part, {})
        if change["remove"]:
            place.pop(name, None)
        else:
            place[name] = change["value"]
        return msgspec.json.encode(body)

    def _strays(self, connection: Connection, event: Event, frames: list[bytes]) -> None:
        astray = self._faults.hits("misroute", event.type)
        if astray is None:
            return
        stranger = next((other for other in self._registry if other.user_id != connection.user_id), None)
        if stranger is not None:
            for frame in frames:
                stranger.post(frame)
            if astray["instead"]:
                frames.clear()

    def _delay(self, connection: Connection, event: Event, frames: list[bytes]) -> None:
        """Posts frames; behind one that is late, all of the connection are."""
        if self._faults.hits("bypass", event.type):
            frames = [Binary(frame) for frame in frames]
        late = self._faults.hits("delay", event.type)
        queue = self._delayed.get(connection.id)
        if late is not None and queue is None:
            queue = self._delayed[connection.id] = []
            asyncio.get_running_loop().call_later(late["seconds"], self._release, connection)
        for frame in frames:
            if queue is not None:
                queue.append(frame)
            else:
                connection.post(frame)

    def _release(self, connection: Connection) -> None:
        for frame in self._delayed.pop(connection.id, []):
            connection.post(frame)

    def _cut(self, connection: Connection, event: Event) -> None:
        cut = self._faults.on("cut")
        if cut is not None and cut["after"] == event.seq + 1 and not event.ends_run:
            asyncio.get_running_loop().call_later(0.01, connection.drop)
