"""The embedded engine: one SQLite file, which several processes may use at the same time."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from canonry.history.store.engine import HistoryDamagedError, HistoryRefusedError, Row
from canonry.history.store.schema import SCHEMA_VERSION, bring_up
from canonry.model.errors import UserError

_CACHE_KIB = 64_000
_VARIABLES = 800
"""Values in one statement; every SQLite takes 999."""
_DAMAGED = ("no such table", "no such column", "already exists", "malformed")
_NEXT = {
    "locked": "another process holds it; run this again when that has ended",
    "full": "the disk is full; make room, and run this again",
    "readonly": "it may not be written to; see to its permissions",
    "unable to open": "see to the permissions of its folder",
}


class SqliteEngine:
    """A history file. ``patience``: seconds for which another process's transaction is waited for."""

    words: Mapping[str, str] = {"integer": "integer", "clustered": " without rowid", "unclustered": "--"}

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        self.path = path
        with self._telling():
            self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        try:
            with self._telling():
                self._open()
        except BaseException:  # whatever ended it, the file is let go, and it is raised again
            self._connection.close()
            raise

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """What a query gives."""
        with self._telling():
            return self._connection.execute(query, values).fetchall()

    def run(self, statement: str, values: Sequence[object] = ()) -> int:
        """Runs a statement; how many rows it changed."""
        with self._telling():
            return self._connection.execute(statement, values).rowcount

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Adds many rows, none of which is there."""
        marks = f"({', '.join('?' * len(columns))})"
        statement = f"insert into {table} ({', '.join(columns)}) values "
        size = _VARIABLES // len(columns)
        many = statement + ", ".join([marks] * size)
        left = list(rows)
        whole = len(left) - len(left) % size
        with self._telling():  # several rows in a statement: a quarter less CPU than one
            for start in range(0, whole, size):
                self._connection.execute(many, tuple(chain.from_iterable(left[start : start + size])))
            self._connection.executemany(statement + marks, left[whole:])

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that others wait for: all of it is kept, or nothing."""
        self.run("begin immediate")
        try:
            yield
            self.run("commit")
        except BaseException:  # no half transaction stays, also after Ctrl-C; it is raised again
            with contextlib.suppress(sqlite3.Error):  # a full disk has ended it by itself
                self._connection.execute("rollback")
            raise

    def look_around(self) -> None:
        """Nothing: each question finds its rows by their key."""

    def give_back(self) -> None:
        """Writes the file anew without what went; while another process reads, or on a full disk, it stays as it is."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("vacuum")

    def close(self) -> None:
        """Lets the file go."""
        self._connection.close()

    def _open(self) -> None:
        version = self._version()
        if version > SCHEMA_VERSION:
            raise UserError(
                f"`{self.path}` was written by a newer canonry (version {version} of its format, this one knows "
                f"{SCHEMA_VERSION}); update canonry, or move the file away"
            )
        if version < SCHEMA_VERSION:
            with self.writing():
                version = self._version()  # another process may have been faster
                if version < SCHEMA_VERSION:
                    bring_up(self, version)
                    self.run(f"pragma user_version = {SCHEMA_VERSION}")
        self.run(f"pragma cache_size = -{_CACHE_KIB}")
        self.run("pragma temp_store = memory")
        self.rows("select 1 from runs, nodes, results limit 1")

    def _version(self) -> int:
        found: int = self.rows("pragma user_version")[0][0]
        return found

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What SQLite refuses, in words. A lock or a full disk leaves the file sound; the rest is damage."""
        try:
            yield
        except sqlite3.OperationalError as error:
            said = str(error)
            if any(word in said for word in _DAMAGED):
                raise self._damaged(error) from error
            hint = next((hint for word, hint in _NEXT.items() if word in said), "see to it, and run this again")
            raise HistoryRefusedError(f"the history `{self.path}` cannot be used ({said}): {hint}") from error
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: sqlite3.Error) -> HistoryDamagedError:
        return HistoryDamagedError(
            f"`{self.path}` is damaged or no history ({error}); move it away, and `canonry report ingest` makes it "
            "anew from the recordings"
        )
