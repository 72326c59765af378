"""What a store needs of a database. Queries are one text with ``?`` for values, for every engine."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from canonry.model.errors import UserError

Row = tuple[Any, ...]


class HistoryDamagedError(UserError):
    """What is there is no history; a file may be rebuilt from the recordings."""


class HistoryRefusedError(UserError):
    """The history cannot be used now: locked, full, read-only, not reachable. What is kept in it is sound."""


class Engine(Protocol):
    """A database that is open. What it refuses raises `HistoryRefusedError` or `HistoryDamagedError`."""

    words: Mapping[str, str]
    """What it calls the words of the migrations."""

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """What a query gives."""

    def run(self, statement: str, values: Sequence[object] = ()) -> int:
        """Runs a statement; how many rows it changed."""

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Adds many rows, none of which is there."""

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that others wait for: all of it is kept, or nothing."""

    def look_around(self) -> None:
        """Learns how its tables are filled, so that it answers well right after many rows were added."""

    def give_back(self) -> None:
        """Gives the room of rows that went back to the system, as far as there is room to do so."""

    def close(self) -> None:
        """Lets the database go."""
