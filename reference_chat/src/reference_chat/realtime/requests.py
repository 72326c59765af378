"""Requests that are being looked at: who sends one again meanwhile waits, and then finds the run that it started."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary


class Requests:
    """The requests of one process; between processes, the database takes one run of each."""

    def __init__(self) -> None:
        self._held: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def hold(self, user_id: str, request_id: str) -> AsyncIterator[None]:
        """Nobody else in this process looks at the request until the end."""
        lock = self._held.setdefault((user_id, request_id), asyncio.Lock())
        async with lock:
            yield
