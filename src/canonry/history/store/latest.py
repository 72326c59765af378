"""How every test last ended and what it is expected to take: what the planner of runs asks, one row per test."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from canonry.history.store.engine import Engine, Row
from canonry.history.store.keys import CODES, OUTCOMES, Keys, key_of, storable
from canonry.history.store.records import Ended
from canonry.history.store.schema import MEASURED_OUTCOMES
from canonry.model.history import KeptRun
from canonry.model.outcome import Outcome

_WEIGHT = 0.4
"""How much the newest duration counts beside the mean of those before (exponential smoothing)."""
FUTURE = 3600.0
"""Seconds past the own clock from which on a time is believed to be a mistake of another clock."""
_SAYS_NOTHING = (Outcome.BLOCKED, Outcome.NOT_RUN)
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

    def measure(self, duration: float) -> None:
        self.share += _WEIGHT * (duration - self.share)
        self.shrink *= 1 - _WEIGHT
        self.first = self.first + _WEIGHT * (duration - self.first) if self.first else duration


class Latest:
    """Gathers what new runs say of their tests, and writes it as one change for each test.

    Durations of attempts that did not run to their end are left out of the mean. An outcome older than the kept one
    does not replace it, unless the kept one claims to lie in the future.
    """

    def __init__(self, keys: Keys, now: float) -> None:
        self._keys = keys
        self._now = now
        self._last: dict[int, _Last] = {}
        self._names: dict[int, str] = {}

    def add(self, run: KeptRun, attempts: Sequence[Ended], *, gone: Collection[str], measures: bool) -> None:
        """Takes a run. ``measures`` is off where its durations are counted already."""
        keys, run_key = self._keys, key_of(run.id)
        of_run: dict[str, list[Ended]] = {}
        for each in attempts:
            of_run.setdefault(each.node, []).append(each)
        for node, tries in of_run.items():
            key = keys[node]
            self._names[key] = node
            last = tries[-1]
            outcome = last.outcome
            if outcome in _SAYS_NOTHING or node in gone:
                continue
            kept = self._last.get(key)
            if kept is None:
                kept = self._last[key] = _Last()
            if measures and outcome in MEASURED_OUTCOMES:
                kept.measure(max(last.duration, 1e-6))
            at = last.at or run.at
            if self._is_newer(at, kept.at):
                kept.at, kept.run, kept.outcome, kept.category = at, run_key, CODES[outcome], last.category
                kept.attempts = len(tries)
                kept.flaky = int(not outcome.is_bad and any(each.outcome.is_bad for each in tries))
        for node in gone:
            key = keys[node]
            kept = self._last.get(key)
            if kept is None:
                kept = self._last[key] = _Last()
            self._names[key] = node
            if self._is_newer(run.at, kept.at):
                kept.at, kept.run, kept.outcome = run.at, run_key, None

    def _is_newer(self, at: float, than: float) -> bool:
        return at >= than or than > self._now + FUTURE

    def write(self, engine: Engine) -> None:
        """Brings the rows of these tests up to date."""
        names = ((key, storable(self._names[key])) for key in sorted(self._names))
        _fill_new_nodes(engine, names)
        rows: list[Row] = [
            (key, one.category, one.outcome, one.at, one.run, one.attempts, one.flaky, one.first, one.shrink, one.share)
            for key, one in sorted(self._last.items())
        ]
        if not rows:
            return
        engine.run(_INCOMING.replace("{integer}", engine.words["integer"]))
        engine.fill("incoming", _COLUMNS, rows)
        newer = f"(incoming.at >= nodes.at or nodes.at > {self._now + FUTURE!r})"
        engine.run(_UPDATE.replace("{newer}", newer))
        engine.run("drop table incoming")


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
