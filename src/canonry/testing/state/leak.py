"""What a test left behind, and how a kind of state is looked at."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Probe(Protocol):
        """A kind of state that others watch: doubles, event loops. `take` runs before and after each test."""

        def take(self) -> object:
            """The state now; compared with ``==``."""

        def compare(self, before: object) -> Sequence[Leak]:
            """What differs from then."""

        def put_back(self, before: object) -> None:
            """Makes the state what it was, as far as that can be done."""


class Leak:
    """One thing that differs from what was there before. ``kind`` is one of `model.run_event.Leaked`."""

    __slots__ = ("detail", "kind", "name")

    def __init__(self, kind: str, name: str, detail: str = "") -> None:
        self.kind = kind
        self.name = name
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.kind} `{self.name}` {self.detail}".rstrip()

    def __repr__(self) -> str:
        return f"Leak({self.kind!r}, {self.name!r}, {self.detail!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leak) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[str, str, str]:
        return self.kind, self.name, self.detail
