"""One connection: what it follows, what waits for it, and the pump that sends."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from reference_chat.faults import Faults
from reference_chat.ids import timestamp
from reference_chat.store.rows import Event

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Write = Callable[[Sequence[bytes]], Awaitable[None]]
CatchUp = Callable[["Connection", str], Coroutine[Any, Any, None]]

_BATCH = 64
"""Frames of one write, after which it waits for a slow reader."""


@dataclass(slots=True)
class Following:
    """How far a connection is in a run: the number it needs next, and what waits while it reads what it missed."""

    next: int
    held: list[Event] | None = None
    seen: int = -1
    """What `next` was when somebody last looked whether the run is still."""


@dataclass(frozen=True, slots=True)
class Closing:
    """The last thing in an outbox."""

    code: int
    reason: str


@dataclass(eq=False, slots=True, kw_only=True)
class Connection:
    """A socket of a user. Frames wait in a bounded outbox; one pump sends them; who does not read is dropped."""

    id: str
    user_id: str
    session_id: str
    worker: str
    expires_at: float
    """A moment of `time.time`."""
    limit: int
    send: Send
    write: Write
    abort: Callable[[], None]
    catch_up: CatchUp
    faults: Faults
    distorted: Callable[["Connection", Event], None]
    opened_at: float = field(default_factory=time.monotonic)
    following: dict[str, Following] = field(default_factory=dict)
    closing: Closing | None = None
    sent: int = 0
    blocked_since: float = 0.0
    """Since when the pump waits for the socket, as `time.monotonic`; 0: it does not."""
    longest_blocked: float = 0.0
    """The longest time that the pump waited for the socket, in seconds."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _outbox: deque[bytes | Closing] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_crowded(self) -> bool:
        """Whether who writes for it should wait."""
        return len(self._outbox) > self.limit // 4

    @property
    def waiting(self) -> int:
        """Frames that wait."""
        return len(self._outbox)

    def follow(self, run_id: str, *, after: int = -1, read: bool = False) -> None:
        """From now on the events behind `after` are sent; with `read`, those that are stored first."""
        self.following[run_id] = Following(after + 1, [] if read else None)
        if read:
            self._read_up(run_id)

    def deliver(self, event: Event) -> None:
        """Sends an event, if it is the next of a run that is followed; what is missing before it is read first."""
        following = self.following.get(event.run_id)
        if following is None or event.seq < following.next:
            if event.ends_run:  # who asked for what is behind the end waits for nothing
                self.following.pop(event.run_id, None)
            return
        if following.held is not None:
            following.held.append(event)
        elif event.seq == following.next:
            self.advance(following, event)
        else:
            following.held = [event]
            self._read_up(event.run_id)

    def read_again(self, *, still: bool = False) -> None:
        """Reads of every run that is followed what may have been missed; with `still`, where nothing came since."""
        for run_id, following in self.following.items():
            before, following.seen = following.seen, following.next
            if following.held is None and not (still and before != following.next):
                following.held = []
                self._read_up(run_id)

    def advance(self, following: Following, event: Event) -> None:
        """Sends the next event of a run."""
        following.next = event.seq + 1
        if event.ends_run:
            self.following.pop(event.run_id, None)
        if self.faults:
            self.distorted(self, event)
        else:
            self.post(event.frame)

    def post(self, frame: bytes) -> None:
        """Queues a frame; a reader who is too far behind loses the connection instead, and may resume."""
        if self.closing is not None:
            return
        if len(self._outbox) >= self.limit and not self.faults.on("unbounded_queue"):
            self.drop()
            return
        self._outbox.append(frame)
        self._wake.set()

    def tell(self, type: str, payload: dict[str, object], **more: object) -> None:
        """Queues an event of the session."""
        self.post(msgspec.json.encode({"type": type, "timestamp": timestamp(), **more, "payload": payload}))

    def welcome(self) -> None:
        """Tells who is connected, as which connection, and until when: first, and again with a newer token."""
        left = max(0.0, self.expires_at - time.time())
        self.tell(
            "connection_ready",
            {"protocol": "chat.v1", "worker": self.worker, "session_id": self.session_id, "expires_in": round(left, 3)},
            user_id=self.user_id,
            connection_id=self.id,
        )

    def close(self, code: int, reason: str) -> None:
        """Closes after what is queued."""
        if self.closing is None:
            self.closing = Closing(code, reason)
            self._outbox.append(self.closing)
            self._wake.set()

    def drop(self) -> None:
        """Ends the connection at once, whatever the other side does."""
        self.closing = Closing(1006, "")
        self._outbox.clear()
        self.abort()

    async def pump(self) -> None:
        """Sends what is queued until the connection closes."""
        while True:
            if not self._outbox:
                self._wake.clear()
                await self._wake.wait()
                continue
            batch: list[bytes] = []
            while self._outbox and len(batch) < _BATCH and not isinstance(self._outbox[0], Closing):
                batch.append(self._outbox.popleft())  # type: ignore[arg-type]
            self.blocked_since = time.monotonic()
            if batch:
                await self.write(batch)
                self.sent += len(batch)
            elif isinstance(closing := self._outbox.popleft(), Closing):
                await self.send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})
                return
            self.longest_blocked = max(self.longest_blocked, time.monotonic() - self.blocked_since)
            self.blocked_since = 0.0

    def work(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Runs something that ends with the connection."""
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _read_up(self, run_id: str) -> None:
        self.work(self.catch_up(self, run_id))
