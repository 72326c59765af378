"""How every test last ended and what it is expected to take: what the planner of runs asks, one row per test."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from canonry.history.store.engine import Engine, Row
from canonry.history.store.keys import CODES, OUTCOMES, Keys, key_of, storable
from canonry.model.history import KeptRun
from canonry.model.outcome import Outcome

_WEIGHT = 0.4
"""How much the newest duration counts beside the mean of those before (exponential smoothing)."""
FUTURE = 3600.0
"""Seconds past the own clock from which on a time is believed to be a mistake of another clock."""
_SAYS_NOTHING = frozenset((CODES[Outcome.BLOCKED], CODES[Outcome.NOT_RUN]))
_MEASURED = frozenset(
    CODES[each] for each in (Outcome.PASSED, Outcome.FAILED, Outcome.EXPECTED_FAILURE, Outcome.UNEXPECTED_PASS)
)
"""After these a duration says what the test takes."""
_BAD = frozenset(CODES[each] for each in Outcome if each.is_bad)
_COLUMNS = ("node", "category", "outcome", "at", "run", "attempts", "flaky", "first", "shrink", "share")
_INCOMING = """
create temporary table incoming (node {integer} primary key, category text, outcome integer, at double precision,
    run {integer}, attempts integer, flaky integer, first double precision, shrink double precision,
    share double precision)
"""
_UPDATE = """
update nodes set
    duration = case when incoming.first = 0 then nodes.duration when nodes.duration = 0 then incoming.first
        else nodes.duration * incoming.shrink + incoming.share end,
    category = case when {newer} then incoming.category else nodes.category end,
    outcome = case when {newer} then incoming.outcome else nodes.outcome end,
    run = case when {newer} then incoming.run else nodes.run end,
    attempts = case when {newer} then incoming.attempts else nodes.attempts end,
    flaky = case when {newer} then incoming.flaky else nodes.flaky end,
    at = case when {newer} then incoming.at else nodes.at end
from incoming where incoming.node = nodes.key
"""


class TestRow(msgspec.Struct, frozen=True, kw_only=True):
    """The last outcome of a test, and its duration in seconds, smoothed over runs."""

    __test__ = False

    node: str
    outcome: Outcome
    category: str = ""
    at: float = 0.0
    run: str = ""
    duration: float = 0.0
    attempts: int = 1
    flaky: bool = False


class _Last:
    """What some runs say of one test, the newest last."""

    __slots__ = ("at", "attempts", "category", "first", "flaky", "outcome", "run", "share", "shrink")

    def __init__(self) -> None:
        self.at = 0.0
        self.run = 0
        self.outcome: int | None = None
        self.category = ""
        self.attempts = 0
        self.flaky = 0
        self.first = 0.0
        """The smoothed duration, where nothing was known before."""
        self.shrink = 1.0
        self.share = 0.0
        """Where something was: the smoothed one is that times ``shrink``, plus ``share``."""


class Latest:
    """Gathers what new runs say of their tests, and writes it as one change for each test.

    Durations of attempts that did not run to their end are left out of the mean. An outcome older than the kept one
    does not replace it, unless the kept one claims to lie in the future.
    """

    def __init__(self, now: float) -> None:
        self._future = now + FUTURE
        self._last: dict[int, _Last] = {}
        self._nodes: set[int] = set()

    def add(self, run: KeptRun, rows: Sequence[Row], *, gone: Collection[int], measures: bool) -> None:
        """Takes a run by its rows of `results`, in the order of their key; ``gone`` are keys of tests.

        ``measures`` is off where its durations are counted already.
        """
        run_key, start, future = key_of(run.id), run.at, self._future
        last_rows = {row[1]: row for row in rows}
        tries = _tries(rows) if len(last_rows) < len(rows) else {}
        self._nodes.update(last_rows)
        for node, (_, _, _, outcome, category, began, duration, _) in last_rows.items():
            if outcome in _SAYS_NOTHING or node in gone:
                continue
            kept = self._last.get(node)
            if kept is None:
                kept = self._last[node] = _Last()
            if measures and outcome in _MEASURED:
                seconds = (duration or 1) / 1e6
                kept.share += _WEIGHT * (seconds - kept.share)
                kept.shrink *= 1 - _WEIGHT
                kept.first = kept.first + _WEIGHT * (seconds - kept.first) if kept.first else seconds
            at = start + began / 1e6
            if at >= kept.at or kept.at > future:
                kept.at, kept.run, kept.outcome, kept.category = at, run_key, outcome, category
                kept.attempts, kept.flaky = 1, 0
                if node in tries:
                    kept.attempts = len(tries[node])
                    kept.flaky = int(outcome not in _BAD and not _BAD.isdisjoint(tries[node]))
        for node in gone:
            self._nodes.add(node)
            kept = self._last.setdefault(node, _Last())
            if start >= kept.at or kept.at > future:
                kept.at, kept.run, kept.outcome = start, run_key, None

    def write(self, engine: Engine, keys: Keys) -> None:
        """Brings the rows of these tests up to date; ``keys`` knows all their names."""
        names = {key: name for name, key in keys.items()}
        _fill_new_nodes(engine, [(key, storable(names[key])) for key in sorted(self._nodes)])
        rows: list[Row] = [
            (key, one.category, one.outcome, one.at, one.run, one.attempts, one.flaky, one.first, one.shrink, one.share)
            for key, one in sorted(self._last.items())
        ]
        if not rows:
            return
        engine.run(_INCOMING.replace("{integer}", engine.words["integer"]))
        engine.fill("incoming", _COLUMNS, rows)
        newer = f"(incoming.at >= nodes.at or nodes.at > {self._future!r})"
        engine.run(_UPDATE.replace("{newer}", newer))
        engine.run("drop table incoming")


def _tries(rows: Iterable[Row]) -> dict[int, list[int]]:
    """The outcomes of the tests with several attempts."""
    several = {row[1] for row in rows if row[2] > 1}
    found: dict[int, list[int]] = {node: [] for node in several}
    for row in rows:
        if row[1] in several:
            found[row[1]].append(row[3])
    return found


def _fill_new_nodes(engine: Engine, names: Iterable[tuple[int, str]]) -> None:
    """Makes the rows of tests that nobody knew."""
    engine.run(f"create temporary table named (key {engine.words['integer']} primary key, id text)")
    engine.fill("named", ("key", "id"), names)
    engine.run(
        "insert into nodes (key, id, category, at, run, duration, attempts, flaky) "
        "select key, id, '', 0, 0, 0, 0, 0 from named where true on conflict do nothing"
    )
    engine.run("drop table named")


def read_latest(engine: Engine) -> dict[str, TestRow]:
    """The last outcome of every test that has one, by node id."""
    query = """
        select nodes.id, outcome, category, nodes.at, coalesce(runs.id, ''), nodes.duration, attempts, flaky
        from nodes left join runs on runs.key = nodes.run where outcome is not null
    """
    return {
        row[0]: TestRow(
            node=row[0],
            outcome=OUTCOMES[row[1]],
            category=row[2],
            at=row[3],
            run=row[4],
            duration=row[5],
            attempts=row[6],
            flaky=bool(row[7]),
        )
        for row in engine.rows(query)
        if row[1] in OUTCOMES
    }


def read_expected(engine: Engine) -> dict[str, float]:
    """The expected duration in seconds of every test that ran to its end, by node id."""
    return dict(engine.rows("select id, duration from nodes where duration > 0"))
