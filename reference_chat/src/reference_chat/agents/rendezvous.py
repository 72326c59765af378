"""Barriers at which runs wait for each other, so that a test can make them overlap for certain."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Barrier:
    parties: int
    arrived: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)


class Rendezvous:
    """The barriers of this process, by name; who comes after the last of one round begins the next."""

    def __init__(self) -> None:
        self._barriers: dict[str, _Barrier] = {}

    async def wait(self, name: str, parties: int) -> int:
        """Returns when `parties` have come, with the number of this one among them; who is cancelled has not come."""
        barrier = self._barriers.get(name)
        if barrier is None or barrier.parties != parties:
            barrier = self._barriers[name] = _Barrier(parties)
        number = barrier.arrived
        barrier.arrived += 1
        if barrier.arrived >= parties:
            self._barriers.pop(name, None)
            barrier.gate.set()
            return number
        try:
            await barrier.gate.wait()
        except asyncio.CancelledError:
            barrier.arrived -= 1
            if not barrier.arrived and self._barriers.get(name) is barrier:
                del self._barriers[name]
            raise
        return number
