"""One connection of a test under a contract: every frame judged as it comes, the connection itself passed through."""

import io
import json
import time
from collections import Counter
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from canonry.contract.check.checker import Session
from canonry.contract.check.isolation import SessionFacts
from canonry.contract.check.receive import Frame
from canonry.contract.check.violation import Violation
from canonry.contract.recording import VERSION, write_line

if TYPE_CHECKING:
    from canonry.testing.contracts.watched import Watched

FIRST = 4096
"""How many frames are kept from the first on, to show what a violation is about."""


class JudgedStream:
    """A connection that a contract judges. Frames are those of a client: what it receives is ``out`` of the service."""

    def __init__(self, session: Session, name: str, facts: SessionFacts) -> None:
        self.session, self.name, self.facts = session, name, facts
        self.frames: list[Frame] = []
        self.close_code: int | str | None = None
        self.is_recorded = False
        """Whether frames came from a recording, so that they say nothing of a real connection."""
        self.seen: Counter[str] = Counter()
        """How often each event came, either way, by its name in the contract where it has one."""
        self.handed = 0
        """How many frames were handed to the checker, counted here: it has to have judged as many."""
        self._ended_at: float | None = None

    def receive(self, frame: bytes | str | Mapping[str, Any], *, at: float | None = None) -> None:
        """Judges a frame that came from the service; ``at`` is when, in seconds, now by default."""
        self._judge(frame, at, "out")

    def send(self, frame: bytes | str | Mapping[str, Any], *, at: float | None = None) -> None:
        """Judges a frame that goes to the service."""
        self._judge(frame, at, "in")

    def receive_all(self, frames: Iterable[bytes | str | Mapping[str, Any]]) -> None:
        """Judges recorded frames, without times of their own: rules about time say nothing of them."""
        self.is_recorded = True
        for frame in frames:
            self._judge(frame, None, "out", now=False)

    def watch(self, connection: Any) -> "Watched":
        """The connection, whose frames are judged as the test receives and sends them.

        Takes those of `websockets`, aiohttp, Starlette's test client, and responses of httpx and requests that stream
        server-sent events. Raises `TypeError` for anything else: hand its frames to `receive`.
        """
        from canonry.testing.contracts.watched import watched

        return watched(connection, self)

    async def follow(self, source: AsyncIterable[bytes | str]) -> None:
        """Judges all that comes from an asynchronous iterator, until it ends."""
        async for frame in source:
            self.receive(frame)

    def closed(self, code: int | str | None) -> None:
        """Says with which code the connection was closed (``http403`` where it was refused)."""
        self.close_code = code
        self._ended_at = time.monotonic()

    def end(self) -> Sequence[Violation]:
        """Decides what is pending, and gives all violations. Called again, it says the same."""
        last = self.frames[-1][1] if self.frames else None
        return self.session.end(self._ended_at if last is not None else None, self.close_code).violations

    def lines(self) -> list[bytes]:
        """The first frames as lines of a recording, and how the connection was closed."""
        out = io.BytesIO()
        for raw, at, direction in self.frames:
            write_line(out, raw, at=at, direction=direction, connection=self.name)
        if self.close_code is not None:
            closed = {"v": VERSION, "t": self._ended_at, "conn": self.name, "closed": self.close_code}
            out.write(json.dumps(closed).encode() + b"\n")
        return out.getvalue().splitlines(keepends=True)

    def _judge(
        self, frame: bytes | str | Mapping[str, Any], at: float | None, direction: str, *, now: bool = True
    ) -> None:
        received = time.monotonic() if at is None and now else at
        raw = frame if isinstance(frame, bytes | str) else json.dumps(frame)
        self.handed += 1
        if len(self.frames) < FIRST:
            self.frames.append((raw, received, direction))
        self.seen[self.session.name(self.session.receive(raw, at=received, direction=direction))] += 1
