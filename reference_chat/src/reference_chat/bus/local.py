"""The bus of a service of one process: there is nobody else to tell."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from reference_chat.store.rows import Event


class Listener(Protocol):
    """What the bus tells a process of the others."""

    def remote_events(self, events: Sequence[Event]) -> None:
        """Events that another process stored, of a user who is connected here."""

    def remote_end(self, user_id: str, session_id: str) -> None:
        """A session ended."""

    def remote_question(self, question: Mapping[str, Any]) -> Any:
        """What another process asks, of `ask_others`; returns the answer."""

    def remote_gap(self) -> None:
        """The bus was lost for a time, or had too much to tell: something may have been missed."""


class Bus(Protocol):
    """Tells other processes what this one stored, and counts connections over all of them."""

    async def start(self, listener: Listener) -> None:
        """Begins to listen."""

    async def close(self) -> None:
        """Ends."""

    async def answers(self) -> bool:
        """Whether it works now."""

    def publish(self, events: Sequence[Event]) -> None:
        """Tells the others of stored events; returns at once."""

    def end(self, user_id: str, session_id: str) -> None:
        """Tells the others that a session ended."""

    async def ask_others(self, question: Mapping[str, Any]) -> list[Any]:
        """What the other processes answer; for tests, which look into all of them."""

    async def claim(self, user_id: str, connection_id: str, limit: int) -> bool:
        """Counts a connection of a user, unless he has `limit` of them; from then on this process hears of him."""

    async def release(self, user_id: str, connection_id: str) -> None:
        """The connection is closed."""


class LocalBus:
    """One process: publishing is nothing, counting is a dictionary."""

    def __init__(self) -> None:
        self._open: dict[str, set[str]] = {}

    async def start(self, listener: Listener) -> None:
        """See `Bus`."""

    async def close(self) -> None:
        """See `Bus`."""

    async def answers(self) -> bool:
        """See `Bus`."""
        return True

    def publish(self, events: Sequence[Event]) -> None:
        """See `Bus`."""

    def end(self, user_id: str, session_id: str) -> None:
        """See `Bus`."""

    async def ask_others(self, question: Mapping[str, Any]) -> list[Any]:
        """See `Bus`."""
        return []

    async def claim(self, user_id: str, connection_id: str, limit: int) -> bool:
        """See `Bus`."""
        mine = self._open.setdefault(user_id, set())
        if len(mine) >= limit:
            return False
        mine.add(connection_id)
        return True

    async def release(self, user_id: str, connection_id: str) -> None:
        """See `Bus`."""
        mine = self._open.get(user_id, set())
        mine.discard(connection_id)
        if not mine:
            self._open.pop(user_id, None)
