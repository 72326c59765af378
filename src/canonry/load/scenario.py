"""What virtual users do: a class with coroutines, which a project writes or takes from those that are ready."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from canonry.load.user import VirtualUser


class Scenario:
    """One instance serves all users of a process; what belongs to one of them goes into ``user.memory``.

    ``contract`` is the contract of every connection: a shipped name or a file. ``options`` are what the command line
    gives as ``--option NAME=VALUE``; `OPTIONS` declares them with their defaults and sentences.
    """

    contract: ClassVar[str] = "agent-events"
    files: int = 2
    """How many files a user has open at once, at most: a WebSocket and a request."""
    OPTIONS: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """Option -> (default, what it says)."""

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        self.options = {name: default for name, (default, _) in self.OPTIONS.items()} | dict(options or {})

    async def begin(self, user: "VirtualUser") -> None:
        """What a user does once, before the first turn."""

    async def turn(self, user: "VirtualUser") -> None:
        """One turn, which begins at ``user.due``. Whatever it raises is counted by class, and the next turn comes."""
        raise NotImplementedError(f"`{type(self).__qualname__}` has no `turn`")

    async def end(self, user: "VirtualUser") -> None:
        """What a user does once, after the last turn. Connections that are open are closed afterwards."""
