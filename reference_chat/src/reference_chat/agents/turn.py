"""One run as its agents see it: what it belongs to, and how it says something."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from reference_chat.agents.context import Emit, UserExecutionContext

CLOSING = 1.0
"""Seconds that a run that was given up may take to say so."""


class Turn:
    """What belongs to one run alone; made when it starts, thrown away when it ends."""

    def __init__(self, context: UserExecutionContext, text: str, notes: Sequence[str], emit: Emit) -> None:
        self.context, self.text, self.notes = context, text, notes
        self._emit = emit
        self._order = asyncio.Lock()
        self._said = time.monotonic()
        self._over = False

    def become(self, other: "Turn") -> None:
        """Takes over what belongs to another run; only the fault `singleton` does."""
        self.context, self.text, self.notes, self._emit = other.context, other.text, other.notes, other._emit

    async def say(self, type: str, payload: dict[str, object], *, agent: str, step_id: str | None = None) -> None:
        """Emits one event after all that were said before."""
        async with self._order:
            await self._put(type, payload, agent, step_id)

    async def end(self, type: str, payload: dict[str, object], *, agent: str) -> None:
        """Emits the terminal event; nothing comes after it."""
        async with self._order:
            self._over = True
            await self._put(type, payload, agent, None)

    @contextlib.asynccontextmanager
    async def never_silent(self, seconds: float, agent: str) -> AsyncIterator[None]:
        """While it lasts the user hears of the run at least every `seconds`, however long something takes."""
        pulse = asyncio.create_task(self._pulse(seconds, agent))
        try:
            yield
        finally:
            async with self._order:  # not in the middle of an event
                pulse.cancel()
            await asyncio.gather(pulse, return_exceptions=True)

    async def _pulse(self, seconds: float, agent: str) -> None:
        while not self._over:
            quiet = time.monotonic() - self._said
            if quiet < seconds:
                await asyncio.sleep(seconds - quiet)
                continue
            await self.say("agent_thinking", {"thought": "still waiting"}, agent=agent)

    async def _put(self, type: str, payload: dict[str, object], agent: str, step_id: str | None) -> None:
        self._said = time.monotonic()
        await self._emit(type, payload, agent_name=agent, step_id=step_id)
