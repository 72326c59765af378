"""Where rows are committed: one connection of its own per database, used by the writer's thread alone."""

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.engine import make_url

from reference_chat.store.rows import Event, Kind, Row
from reference_chat.store.schema import PRAGMAS

if TYPE_CHECKING:
    import psycopg

_SQL: Mapping[Kind, str] = {
    "thread": "insert into threads (id, user_id, title, created_at) values (?, ?, ?, ?)",
    "run": "insert into runs (id, thread_id, user_id, request_id, worker, status, started_at)"
    " values (?, ?, ?, ?, ?, ?, ?)",
    "message": "insert into messages (id, thread_id, run_id, role, text, created_at) values (?, ?, ?, ?, ?, ?)",
    "status": "update runs set status = ? where id = ?",
    "adopt": "update runs set worker = ? where id = ?",
    "beat": "insert into workers (id, seen_at, scratch) values (?, ?, ?)"
    " on conflict (id) do update set seen_at = excluded.seen_at, scratch = excluded.scratch",
}
_EVENT = "insert into events (run_id, seq, frame) values (?, ?, ?)"
_INSERTS = ("thread", "run", "message")
_AGAIN = " on conflict (id) do nothing"
"""The same row again, and no other that is in its way."""
_EVENT_AGAIN = " on conflict (run_id, seq) do nothing"


class Sink(Protocol):
    """Commits rows, all or none; with `again`, some of them may be there already, from a commit nobody saw end."""

    def commit(self, rows: Sequence[Row], *, again: bool) -> None:
        """Returns when the rows are on disk. Raises what the database raises."""

    def close(self) -> None:
        """Gives the connection back."""


def open_sink(url: str) -> Sink:
    """The sink for a database; it connects when it is used first, and again after an error."""
    return SqliteSink(make_url(url).database or "") if url.startswith("sqlite") else PostgresSink(url)


class SqliteSink:
    """SQLite in WAL mode: a commit is one fsync of the log."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._connection: sqlite3.Connection | None = None

    def commit(self, rows: Sequence[Row], *, again: bool) -> None:
        """See `Sink`."""
        connection = self._connection or self._connect()
        end = _AGAIN if again else ""
        try:
            connection.execute("begin immediate")
            for row in rows:
                if not isinstance(row, Event):
                    connection.execute(_SQL[row.kind] + (end if row.kind in _INSERTS else ""), row.values)
            connection.executemany(_EVENT + (_EVENT_AGAIN if again else ""), _events(rows))
            connection.execute("commit")
        except BaseException:  # whatever it was, the connection's state is unknown; raised again
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        self._connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            self._connection.execute(pragma)
        return self._connection

    def close(self) -> None:
        """See `Sink`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class PostgresSink:
    """PostgreSQL: events by COPY, the rest in one pipeline."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: psycopg.Connection[Any] | None = None

    def commit(self, rows: Sequence[Row], *, again: bool) -> None:
        """See `Sink`."""
        connection = self._connection or self._connect()
        end = _AGAIN if again else ""
        try:
            statements = [row for row in rows if not isinstance(row, Event)]
            with connection.transaction(), connection.cursor() as cursor:
                if statements:
                    with connection.pipeline():
                        for row in statements:
                            statement = _SQL[row.kind] + (end if row.kind in _INSERTS else "")
                            cursor.execute(statement.replace("?", "%s").encode(), row.values)
                if again:
                    cursor.executemany((_EVENT + _EVENT_AGAIN).replace("?", "%s").encode(), _events(rows))
                elif len(statements) < len(rows):
                    with cursor.copy("copy events (run_id, seq, frame) from stdin") as copy:
                        copy.write(_copied(rows))
        except BaseException:  # whatever it was, the connection's state is unknown; raised again
            self.close()
            raise

    def _connect(self) -> "psycopg.Connection[Any]":
        import psycopg

        self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=3)
        return self._connection

    def close(self) -> None:
        """See `Sink`."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None


def _copied(rows: Sequence[Row]) -> bytes:
    """Events in the text format of COPY. What ends a column or a row there, JSON writes with a backslash."""
    return b"".join(
        b"%b\t%d\t%b\n" % (row.run_id.encode(), row.seq, row.frame.replace(b"\\", b"\\\\"))
        for row in rows
        if isinstance(row, Event)
    )


def _events(rows: Sequence[Row]) -> list[tuple[str, int, str]]:
    return [(row.run_id, row.seq, row.frame.decode()) for row in rows if isinstance(row, Event)]
