"""One run as its agents see it: what it belongs to, and how it says something."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence

from reference_chat.agents.context import Emit, UserExecutionContext

CLOSING = 1.0
"""Seconds that a run that was given up may take to say so."""


class Order:
    """One after another, in the order in which they came. A lock that costs next to nothing where nobody waits."""

    __slots__ = ("_taken", "_waiting")

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter(self) -> bool:
        """Whether it is one's turn at once; else one has to `wait` for it."""
        if self._taken:
            return False
        self._taken = True
        return True

    async def wait(self) -> None:
        """Returns when it is one's turn."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was one's turn already, and nobody else's
                self.leave()
            raise

    def leave(self) -> None:
        """Lets the next one in."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken = False


class Turn:
    """What belongs to one run alone; made when it starts, thrown away when it ends."""

    def __init__(self, context: UserExecutionContext, text: str, notes: Sequence[str], emit: Emit) -> None:
        self.context, self.text, self.notes = context, text, notes
        self._emit = emit
        self._order = Order()
        self._said = time.monotonic()
        self._over = False

    def become(self, other: "Turn") -> None:
        """Takes over what belongs to another run; only the fault `singleton` does."""
        self.context, self.text, self.notes, self._emit = other.context, other.text, other.notes, other._emit

    async def say(self, type: str, payload: dict[str, object], *, agent: str, step_id: str | None = None) -> None:
        """Emits one event after all that were said before."""
        if not self._order.enter():
            await self._order.wait()
        try:
            self._said = time.monotonic()
            await self._emit(type, payload, agent_name=agent, step_id=step_id)
        finally:
            self._order.leave()

    async def end(self, type: str, payload: dict[str, object], *, agent: str) -> None:
        """Emits the terminal event; nothing comes after it."""
        if not self._order.enter():
            await self._order.wait()
        try:
            self._over = True
            await self._emit(type, payload, agent_name=agent)
        finally:
            self._order.leave()

    @contextlib.asynccontextmanager
    async def never_silent(self, seconds: float, agent: str) -> AsyncIterator[None]:
        """While it lasts the user hears of the run at least every `seconds`, however long something takes."""
        pulse = asyncio.create_task(self._pulse(seconds, agent))
        try:
            yield
        finally:
            if not self._order.enter():  # not in the middle of an event
                await self._order.wait()
            pulse.cancel()
            self._order.leave()
            await asyncio.gather(pulse, return_exceptions=True)

    async def _pulse(self, seconds: float, agent: str) -> None:
        while not self._over:
            quiet = time.monotonic() - self._said
            if quiet < seconds:
                await asyncio.sleep(seconds - quiet)
                continue
            await self.say("agent_thinking", {"thought": "still waiting"}, agent=agent)
