"""The shared engine: a PostgreSQL, with a schema of its own in it. psycopg is an extra, imported here alone."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote

from canonry.history.store.engine import HistoryDamagedError, HistoryRefusedError, Row
from canonry.history.store.schema import SCHEMA_VERSION, bring_up
from canonry.model.errors import UserError

try:
    import psycopg
    from psycopg import conninfo, sql
except ImportError as error:  # an extra
    raise UserError(
        "a history in PostgreSQL needs psycopg, which is not installed; `pip install 'canonry[postgres]'`"
    ) from error

_LOCK = 7_305_262_930_881_551_105
"""The advisory lock of those who write: the letters `canonry` and a 1, so that nobody else takes it by chance."""
_PATIENCE = "10"
"""Seconds for which a server is waited for that says nothing."""


class PostgresEngine:
    """A database and a schema in it. ``named``: what the user calls the URL, for messages."""

    words: Mapping[str, str] = {"integer": "bigint", "clustered": "", "unclustered": ""}

    def __init__(self, url: str, *, schema: str, named: str) -> None:
        self._named = named
        self._schema = schema
        try:
            parameters = {
                name: str(value) for name, value in conninfo.conninfo_to_dict(url).items() if value is not None
            }
        except psycopg.Error:
            raise UserError(
                f"{named} holds no address of a PostgreSQL; it looks like `postgresql://user:password@host:5432/name`"
            ) from None  # the message of psycopg would hold the password
        self._password = parameters.get("password", "")
        parameters.setdefault("connect_timeout", _PATIENCE)
        parameters.setdefault("application_name", "canonry")
        with self._telling():
            self._connection = psycopg.connect(conninfo.make_conninfo(**parameters), autocommit=True)
        try:
            self._open()
        except BaseException:  # whatever ended it, the connection is closed, and it is raised again
            self._connection.close()
            raise

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """What a query gives."""
        with self._telling():
            return self._connection.execute(_with_marks(query), values).fetchall()

    def run(self, statement: str, values: Sequence[object] = ()) -> int:
        """Runs a statement; how many rows it changed."""
        with self._telling():
            return self._connection.execute(_with_marks(statement), values).rowcount

    def fill(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Adds many rows, none of which is there."""
        statement = f"copy {table} ({', '.join(columns)}) from stdin"
        with self._telling(), self._connection.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that others wait for: all of it is kept, or nothing."""
        with self._telling(), self._connection.transaction():
            self._connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            yield

    def look_around(self) -> None:
        """Learns how its tables are filled; until then it reads a table where an index would do."""
        self.run("analyze results, nodes")

    def give_back(self) -> None:
        """Nothing: the server's own vacuum finds the room, and new rows take it."""

    def close(self) -> None:
        """Lets the database go."""
        self._connection.close()

    def _open(self) -> None:
        name = sql.Identifier(self._schema)
        with self._telling():
            self._connection.execute(sql.SQL("set search_path to {}").format(name))
        version = self._version()
        if version is not None and version > SCHEMA_VERSION:
            raise UserError(
                f"the history behind {self._named} was written by a newer canonry (version {version} of its format, "
                f"this one knows {SCHEMA_VERSION}); update canonry"
            )
        if version == SCHEMA_VERSION:
            return
        with self.writing():
            with self._telling():
                self._connection.execute(sql.SQL("create schema if not exists {}").format(name))
            self.run("create table if not exists version (number integer not null)")
            version = self._version() or 0  # another process may have been faster
            if version < SCHEMA_VERSION:
                bring_up(self, version)
                self.run("delete from version")
                self.run("insert into version values (?)", (SCHEMA_VERSION,))

    def _version(self) -> int | None:
        """The version of the schema, None where there is none."""
        if not self.rows("select to_regclass(?)", (f'"{self._schema}".version',))[0][0]:
            return None
        found = self.rows("select number from version")
        return int(found[0][0]) if found else 0

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What the server refuses, in words, and without the password."""
        try:
            yield
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise HistoryDamagedError(f"the history behind {self._named} lacks a part: {self._said(error)}") from None
        except psycopg.Error as error:
            raise HistoryRefusedError(
                f"the history behind {self._named} cannot be used ({self._said(error)}); see to it, and run this again"
            ) from None

    def _said(self, error: psycopg.Error) -> str:
        text = " ".join(str(error).split())
        for secret in (self._password, quote(self._password, safe="")):
            if secret:
                text = text.replace(secret, "***")
        return text or type(error).__name__


@lru_cache(maxsize=256)
def _with_marks(query: str) -> bytes:
    """The query with the marks of psycopg; bytes, which it takes as they are."""
    return query.replace("%", "%%").replace("?", "%s").encode("utf-8")
