"""The history: every attempt of every test in every run, and numbers that audits, plans and loads measured.

One file beside the tree, or a PostgreSQL that a team shares; the same tables and queries in both.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from canonry.history.store.engine import Engine, HistoryDamagedError, HistoryRefusedError
from canonry.history.store.latest import TestRow, read_expected, read_latest

if TYPE_CHECKING:
    from canonry.history.statistics.flakiness import Seen
    from canonry.history.store.pruning import Keep, Pruned
    from canonry.history.store.reading import Totals
    from canonry.history.store.records import Added, Recorded
    from canonry.model.history import KeptAttempt, KeptFailure, KeptFlow, KeptRun, Measured, Source

__all__ = ["History", "HistoryDamagedError", "HistoryRefusedError", "TestRow", "open_history", "open_shared"]


def open_history(path: Path, *, patience: float = 30.0) -> "History":
    """The history at a path, made or brought to the current version where needed.

    ``patience``: seconds for which another process that writes is waited for. Raises `UserError` where a newer canonry
    wrote it, `HistoryDamagedError` where it is none, `HistoryRefusedError` where it cannot be used now.
    """
    from canonry.history.store.sqlite import SqliteEngine

    return History(SqliteEngine(path, patience=patience))


def open_shared(url: str, *, schema: str = "canonry", named: str = "the URL") -> "History":
    """The history in a PostgreSQL, made or brought to the current version where needed.

    ``named``: what the user calls the URL, for messages; the URL itself never stands in one. Raises `UserError` where
    that is none, where a newer canonry wrote it or psycopg is missing, `HistoryRefusedError` where it does not answer.
    """
    from canonry.history.store.postgres import PostgresEngine

    return History(PostgresEngine(url, schema=schema, named=named))


class History:
    """A store that is open; several processes and machines may use one at the same time. Close it when done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # writing

    def add(self, *runs: "Recorded") -> "Added":
        """Adds runs. One that is there stays as it is, unless only a part of it was known."""
        return self.add_all(runs)

    def add_all(self, runs: "Iterable[Recorded]") -> "Added":
        """The same for many, some in a transaction: an error loses the last of them, never half a run."""
        from canonry.history.store.writing import add_runs

        return add_runs(self._engine, runs, now=time.time())

    def add_measured(self, *measured: "Measured") -> int:
        """Adds measurements; how many of them were new."""
        from canonry.history.store.writing import add_measurements

        return add_measurements(self._engine, measured)

    def prune(self, keep: "Keep", *, write: bool) -> "Pruned":
        """Takes away the runs that are not to stay; without ``write`` it only counts them."""
        from canonry.history.store.pruning import prune

        return prune(self._engine, keep, now=time.time(), write=write)

    # what the planner asks

    def tests(self) -> dict[str, TestRow]:
        """The last outcome of every test that ever ran, by node id."""
        return read_latest(self._engine)

    def expected(self) -> dict[str, float]:
        """The expected duration in seconds of every test that ran to its end, by node id."""
        return read_expected(self._engine)

    # what reports ask

    def runs(
        self,
        *,
        last: int | None = None,
        since: float | None = None,
        commits: Collection[str] | None = None,
        environment: str | None = None,
        profile: str | None = None,
        ids: Collection[str] | None = None,
    ) -> "list[KeptRun]":
        """The runs to which all of this applies, the oldest first; ``last``: the newest so many of them."""
        from canonry.history.store.reading import Wanted, read_runs

        wanted = Wanted(last=last, since=since, commits=commits, environment=environment, profile=profile, ids=ids)
        return read_runs(self._engine, wanted, now=time.time())

    def run(self, name: str) -> "KeptRun | None":
        """The run of this id."""
        found = self.runs(ids=[name])
        return found[0] if found else None

    def attempts(
        self,
        runs: "Iterable[KeptRun] | None" = None,
        *,
        nodes: Collection[str] | None = None,
        last: int | None = None,
        first_only: bool = False,
    ) -> "Iterator[KeptAttempt]":
        """The attempts of these runs (all, or the ``last`` so many) and tests (all), run by run."""
        from canonry.history.store.reading import read_attempts

        return read_attempts(self._engine, self._chosen(runs, last), nodes, first_only=first_only)

    def failures(self, run: str) -> "list[KeptFailure]":
        """What the bad attempts of a run said, by test."""
        from canonry.history.store.reading import read_failures

        return read_failures(self._engine, run)

    def flows(
        self, runs: "Iterable[KeptRun] | None" = None, *, flow: str | None = None, last: int | None = None
    ) -> "list[KeptFlow]":
        """How far runs covered their flows, run by run."""
        from canonry.history.store.reading import read_flows

        return read_flows(self._engine, self._chosen(runs, last), flow)

    def measured(
        self,
        source: "Source",
        *,
        since: float | None = None,
        last: int | None = None,
        commits: Collection[str] | None = None,
    ) -> "list[Measured]":
        """The measurements of a source, the oldest first; of these commits only, where some are named."""
        from canonry.history.store.reading import read_measured

        return read_measured(self._engine, source, since=since, last=last, commits=commits)

    def seen(
        self, nodes: Collection[str], runs: "Iterable[KeptRun] | None" = None, *, last: int | None = None
    ) -> "dict[str, list[Seen]]":
        """What each of these tests did at each tree: how often it passed and failed by itself there."""
        from canonry.history.store.reading import read_seen

        return read_seen(self._engine, self._chosen(runs, last), nodes)

    def durations(
        self, nodes: Collection[str], runs: "Iterable[KeptRun] | None" = None, *, last: int | None = None
    ) -> dict[str, list[float]]:
        """What each of these tests took where its first attempt passed, in seconds, in the order of the runs."""
        from canonry.history.store.reading import read_durations

        return read_durations(self._engine, self._chosen(runs, last), nodes)

    def totals(self, runs: "Iterable[KeptRun] | None" = None, *, last: int | None = None) -> "dict[str, Totals]":
        """How many tests of each run ended how, by run id."""
        from canonry.history.store.reading import read_totals

        return read_totals(self._engine, self._chosen(runs, last))

    def failed_nodes(self, runs: "Iterable[KeptRun] | None" = None, *, last: int | None = None) -> dict[str, int]:
        """The tests that failed by themselves in these runs, and in how many attempts: the candidates for flakiness."""
        from canonry.history.store.reading import read_bad_nodes

        return read_bad_nodes(self._engine, self._chosen(runs, last))

    def close(self) -> None:
        """Lets the database go."""
        self._engine.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _chosen(self, runs: "Iterable[KeptRun] | None", last: int | None) -> "list[KeptRun]":
        if runs is None:
            return self.runs(last=last)
        chosen = list(runs)
        return chosen if last is None else chosen[-last:] if last > 0 else []
