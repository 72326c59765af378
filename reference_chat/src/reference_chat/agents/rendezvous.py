"""Barriers at which runs wait for each other, so that a test can make them overlap for certain."""

import asyncio
from dataclasses import dataclass, field

_POLL = 0.01
_KEPT = 600
"""Seconds that Redis remembers a barrier to which nobody comes."""


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


class SharedRendezvous:
    """The same for runs of several processes, which count in Redis."""

    def __init__(self, url: str) -> None:
        from redis.asyncio import Redis

        self._redis = Redis.from_url(url, decode_responses=True, socket_connect_timeout=2, socket_timeout=5)

    async def wait(self, name: str, parties: int) -> int:
        """As `Rendezvous.wait`; asks every few milliseconds, for it is made for tests."""
        key = f"chat:barrier:{parties}:{name}"
        coming = asyncio.ensure_future(self._redis.incr(key))
        try:
            number = int(await asyncio.shield(coming)) - 1
            await self._redis.expire(key, _KEPT)
            full = (number // parties + 1) * parties
            while int(await self._redis.get(key) or full) < full:
                await asyncio.sleep(_POLL)
        except asyncio.CancelledError:
            await coming  # whether it is counted is sure only now
            await self._redis.decr(key)
            raise
        return number % parties

    async def close(self) -> None:
        """Closes its connections."""
        await self._redis.aclose()
