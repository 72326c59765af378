"""The embedded history: how long each test takes and how it last ended, in one SQLite file."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from canonry.model.errors import UserError
from canonry.model.outcome import Outcome

_MIGRATIONS = (
    """
    create table runs (id text primary key, at real not null, root text not null, commit_id text, profile text not null,
        status integer not null);
    create table tests (node text primary key, category text not null, outcome text not null, at real not null,
        run text not null, duration real not null, attempts integer not null, flaky integer not null);
    """,
)
"""One script for each version of the schema; a file of an older version runs those that it lacks."""
SCHEMA_VERSION = len(_MIGRATIONS)
_WEIGHT = 0.4
"""How much the newest duration counts beside the mean of those before (exponential smoothing)."""
_MEASURED = frozenset(
    each.value for each in (Outcome.PASSED, Outcome.FAILED, Outcome.EXPECTED_FAILURE, Outcome.UNEXPECTED_PASS)
)


class HistoryDamagedError(Exception):
    """The file is no history that SQLite can read; it may be rebuilt from the recordings."""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run. ``at``: seconds since the epoch."""

    id: str
    at: float
    root: str = ""
    commit: str | None = None
    profile: str = "local"
    status: int = 0


class TestRow(msgspec.Struct, frozen=True, kw_only=True):
    """The last outcome of a test, and its duration in seconds: of one run, or smoothed over runs."""

    __test__ = False

    node: str
    outcome: Outcome
    category: str = ""
    at: float = 0.0
    run: str = ""
    duration: float = 0.0
    attempts: int = 1
    flaky: bool = False


class History:
    """A history file; several processes may use one at the same time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def tests(self) -> dict[str, TestRow]:
        """The last outcome of every test that ever ran, by node id."""
        query = "select node, outcome, category, at, run, duration, attempts, flaky from tests"
        found = {}
        for node, outcome, category, at, run, duration, attempts, flaky in self._rows(query):
            with contextlib.suppress(ValueError):  # an outcome of a later version
                found[node] = TestRow(
                    node=node,
                    outcome=Outcome(outcome),
                    category=category,
                    at=at,
                    run=run,
                    duration=duration,
                    attempts=attempts,
                    flaky=bool(flaky),
                )
        return found

    def durations(self) -> dict[str, float]:
        """The expected duration in seconds of every test that ran to its end, by node id."""
        return dict(self._rows("select node, duration from tests where duration > 0"))

    def runs(self) -> list[RunRow]:
        """All runs, the oldest first."""
        query = "select id, at, root, commit_id, profile, status from runs order by at, id"
        return [
            RunRow(id=row[0], at=row[1], root=row[2], commit=row[3], profile=row[4], status=row[5])
            for row in self._rows(query)
        ]

    def add(self, run: RunRow, tests: Iterable[TestRow], *, gone: Iterable[str] = ()) -> None:
        """Adds a run with the final outcome of each of its tests; adding it again changes nothing.

        Durations of attempts that did not run to their end are left out of the mean. An outcome older than the kept
        one does not replace it. ``gone``: node ids that stand for nothing any more, whatever an older run said of them.
        """
        with self._writing():
            known = self._connection.execute("select 1 from runs where id = ?", (run.id,)).fetchone()
            if known:
                return
            self._connection.execute(
                "insert into runs values (?, ?, ?, ?, ?, ?)",
                (run.id, run.at, run.root, run.commit, run.profile, run.status),
            )
            self._connection.executemany(_UPSERT, (_values(run, test) for test in tests))
            self._connection.executemany(
                "delete from tests where node = ? and at <= ?", ((node, run.at) for node in gone)
            )

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query).fetchall()
        except sqlite3.DatabaseError as error:
            raise HistoryDamagedError(str(error)) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:  # no half transaction stays, also after Ctrl-C; it is raised again
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")
        except sqlite3.OperationalError:  # a full disk, a lock: the file is sound
            raise
        except sqlite3.DatabaseError as error:
            raise HistoryDamagedError(str(error)) from error


_UPSERT = f"""
insert into tests values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict (node) do update set
    duration = case when excluded.duration = 0 then duration when duration = 0 then excluded.duration
        else duration + {_WEIGHT} * (excluded.duration - duration) end,
    category = case when excluded.at >= at then excluded.category else category end,
    outcome = case when excluded.at >= at then excluded.outcome else outcome end,
    run = case when excluded.at >= at then excluded.run else run end,
    attempts = case when excluded.at >= at then excluded.attempts else attempts end,
    flaky = case when excluded.at >= at then excluded.flaky else flaky end,
    at = max(at, excluded.at)
"""


def _values(run: RunRow, test: TestRow) -> tuple[object, ...]:
    outcome = test.outcome.value
    duration = max(test.duration, 1e-6) if outcome in _MEASURED else 0.0
    return test.node, test.category, outcome, test.at or run.at, run.id, duration, test.attempts, int(test.flaky)


def open_history(path: Path) -> History:
    """The history at a path, made or brought to the current version where needed.

    Raises `UserError` where a newer canonry wrote it, `HistoryDamagedError` where it is none, `OSError` or
    `sqlite3.OperationalError` where the place refuses.
    """
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        _bring_up(connection, path)
    except BaseException:  # whatever ended it, the file is let go, and it is raised again
        connection.close()
        raise
    return History(connection)


def _bring_up(connection: sqlite3.Connection, path: Path) -> None:
    try:
        version = connection.execute("pragma user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise UserError(
                f"`{path}` was written by a newer canonry (version {version} of its format, this one knows "
                f"{SCHEMA_VERSION}); update canonry, or move the file away"
            )
        if version == SCHEMA_VERSION:
            connection.execute("select count(*) from tests").fetchone()
            return
        connection.execute("begin immediate")
        version = connection.execute("pragma user_version").fetchone()[0]  # another process may have been faster
        for script in _MIGRATIONS[version:]:
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        connection.execute("commit")
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "already exists" in str(error):
            raise HistoryDamagedError(str(error)) from error
        raise
    except sqlite3.DatabaseError as error:
        raise HistoryDamagedError(str(error)) from error
