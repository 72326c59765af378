"""What is remembered of things that ended, in bounded memory."""

from typing import Generic, TypeVar

V = TypeVar("V")


class Ring(Generic[V]):
    """A dictionary that forgets: it holds at least the last ``size`` entries and at most twice as many."""

    __slots__ = ("_new", "_old", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: dict[object, V] = {}
        self._old: dict[object, V] = {}

    def get(self, key: object) -> V | None:
        """What was put under ``key``, None where nothing was or it is forgotten."""
        found = self._new.get(key)
        return self._old.get(key) if found is None else found

    def put(self, key: object, value: V) -> None:
        """Remembers ``value``."""
        self._new[key] = value
        if len(self._new) > self._size:
            self._old, self._new = self._new, {}

    def drop(self, key: object) -> None:
        """Forgets ``key``."""
        self._new.pop(key, None)
        self._old.pop(key, None)

    def __len__(self) -> int:
        return len(self._new) + len(self._old)
