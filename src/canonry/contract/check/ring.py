"""What is remembered of things that ended, in bounded memory."""

from typing import Any, Generic, TypeVar

import msgspec

V = TypeVar("V")
_EMPTY: dict[Any, Any] = {}
"""What a ring has before its first turn. Nothing is ever put into ``old``, so all of them share one."""


class Ring(msgspec.Struct, Generic[V], eq=False):
    """A dictionary that forgets: it holds at least the last ``size`` entries and at most twice as many.

    Compiled contracts read ``new`` and ``old`` themselves.
    """

    size: int
    new: dict[Any, V] = {}
    old: dict[Any, V] = msgspec.field(default_factory=lambda: _EMPTY)

    def get(self, key: object) -> V | None:
        """What was put under ``key``, None where nothing was or it is forgotten."""
        found = self.new.get(key)
        return self.old.get(key) if found is None else found

    def put(self, key: object, value: V) -> None:
        """Remembers ``value``."""
        self.new[key] = value
        if len(self.new) > self.size:
            self.turn()

    def turn(self) -> None:
        """Forgets the older half."""
        self.old, self.new = self.new, {}

    def drop(self, key: object) -> None:
        """Forgets ``key``."""
        self.new.pop(key, None)
        self.old.pop(key, None)

    def __len__(self) -> int:
        return len(self.new) + len(self.old)
