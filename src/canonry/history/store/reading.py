"""What is asked of a store. Runs come in the order of their times, the oldest first.

A run begins when its recording says so. Where that lies more than an hour in the future of whoever reads, a clock was
wrong: such a run comes before all others, so that it is never taken for the newest.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar

import msgspec

from canonry.history.statistics.flakiness import Seen
from canonry.history.store.engine import Engine, Row
from canonry.history.store.keys import CODES, OUTCOMES, key_of
from canonry.history.store.latest import FUTURE
from canonry.history.store.schema import WHOLE
from canonry.model.history import KeptAttempt, KeptFailure, KeptFlow, KeptRun, Measured, Source
from canonry.model.outcome import Outcome
from canonry.model.run_event import FlowCovered

T = TypeVar("T")

_AT_ONCE = 400
"""Values in one query."""
_PASSES = frozenset((Outcome.PASSED, Outcome.EXPECTED_FAILURE, Outcome.UNEXPECTED_PASS))
_FAILS = frozenset((Outcome.FAILED, Outcome.SETUP_ERROR, Outcome.TEARDOWN_ERROR, Outcome.TIMEOUT, Outcome.CRASHED))
"""What says something of the test itself; what is neither (lost, skipped, not run, ...) does not."""
_RUN = """
    select runs.id, at, commit_id, dirty, profile, status, duration, machine, environment, content, reason, level, root
    from runs left join fingerprints on fingerprints.key = runs.fingerprint
"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs: those that all of it names. ``last``: the newest so many of them."""

    last: int | None = None
    since: float | None = None
    commits: Collection[str] | None = None
    environment: str | None = None
    profile: str | None = None
    ids: Collection[str] | None = None


class Totals(msgspec.Struct):
    """How the tests of a run ended; ``again`` of them passed only when attempted again."""

    outcomes: dict[Outcome, int] = {}
    again: int = 0

    @property
    def tests(self) -> int:
        """How many tests there were."""
        return sum(self.outcomes.values())

    @property
    def bad(self) -> int:
        """How many of them were bad in the end."""
        return sum(count for outcome, count in self.outcomes.items() if outcome.is_bad)


def read_runs(engine: Engine, wanted: Wanted, *, now: float) -> list[KeptRun]:
    """The runs, the oldest first."""
    conditions, values = _conditions(wanted)
    ids, commits = _many(wanted.ids), _many(wanted.commits)
    order = "order by case when at > ? then 0 else at end desc, runs.id desc"
    limit = "" if wanted.last is None or ids or commits else f" limit {max(0, wanted.last)}"
    rows = engine.rows(f"{_RUN} where {conditions} {order}{limit}", (*values, now + FUTURE))
    if ids or commits:
        rows = [row for row in rows if (not ids or row[0] in ids) and (not commits or row[2] in commits)]
        rows = rows if wanted.last is None else rows[: max(0, wanted.last)]
    return [_run(row) for row in reversed(rows)]


def read_attempts(
    engine: Engine, runs: Sequence[KeptRun], nodes: Collection[str] | None, *, first_only: bool
) -> Iterator[KeptAttempt]:
    """The attempts of these tests (None: of all) in these runs, run by run, within one in the order of their ends."""
    if nodes is None:
        for run in runs:
            yield from _attempts(engine, [run], "", (), first_only=first_only)
        return
    keys = sorted({key_of(node) for node in nodes})
    step = max(1, _AT_ONCE * 50 // max(1, len(keys)))
    for some in _parts(runs, min(step, _AT_ONCE)):
        found: list[KeptAttempt] = []
        for part in _parts(keys, _AT_ONCE):
            found += _attempts(engine, some, f" and results.node in ({_marks(part)})", part, first_only=first_only)
        place = {run.id: number for number, run in enumerate(some)}
        yield from sorted(found, key=lambda each: (place[each.run], each.at, each.node, each.attempt))


def read_failures(engine: Engine, run: str) -> list[KeptFailure]:
    """What the bad attempts of a run said, by test."""
    query = """
        select nodes.id, attempt, reason, path, line, content from failures join nodes on nodes.key = failures.node
        where failures.run = ? order by nodes.id, attempt
    """
    return [
        KeptFailure(run=run, node=row[0], attempt=row[1], reason=row[2], path=row[3], line=row[4], text=row[5])
        for row in engine.rows(query, (key_of(run),))
    ]


def read_flows(engine: Engine, runs: Sequence[KeptRun], flow: str | None) -> list[KeptFlow]:
    """How far these runs covered their flows, run by run."""
    found: list[KeptFlow] = []
    decoder = msgspec.json.Decoder(FlowCovered)
    condition, values = ("", ()) if flow is None else (" and flow = ?", (flow,))
    for some in _parts(runs, _AT_ONCE):
        query = f"select run, covered, tests from flows where run in ({_marks(some)}){condition} order by flow"
        by_run: dict[int, list[Row]] = defaultdict(list)
        for row in engine.rows(query, (*(key_of(run.id) for run in some), *values)):
            by_run[row[0]].append(row)
        found += [
            KeptFlow(run=run.id, covered=decoder.decode(row[1]), tests=tuple(json.loads(row[2])))
            for run in some
            for row in by_run[key_of(run.id)]
        ]
    return found


def read_measured(
    engine: Engine, source: Source, *, since: float | None, last: int | None, commits: Collection[str] | None
) -> list[Measured]:
    """The measurements of a source, the oldest first."""
    conditions, values = ["source = ?"], [source.value]
    if since is not None:
        conditions.append("at >= ?")
        values.append(since)  # type: ignore[arg-type]
    query = f"select key, id, at, commit_id, dirty, command, basis from measurements where {' and '.join(conditions)}"
    limit = "" if last is None or commits is not None else f" limit {max(0, last)}"
    rows = engine.rows(f"{query} order by at desc, id desc{limit}", values)
    if commits is not None:
        asked = set(commits)
        rows = [row for row in rows if row[3] in asked][:last]
    rows.reverse()
    numbers: dict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    for some in _parts(rows, _AT_ONCE):
        query = f"select measurement, grouped_by, part, number from numbers where measurement in ({_marks(some)})"
        for key, group, part, number in engine.rows(query, [row[0] for row in some]):
            numbers[key][group, part] = number
    return [
        Measured(
            id=row[1],
            source=source,
            at=row[2],
            commit=row[3],
            dirty=bool(row[4]),
            command=row[5],
            basis=row[6],
            values={part: number for (group, part), number in numbers[row[0]].items() if not group},
            parts={place: number for place, number in numbers[row[0]].items() if place[0]},
        )
        for row in rows
    ]


def read_seen(engine: Engine, runs: Sequence[KeptRun], nodes: Collection[str]) -> dict[str, list[Seen]]:
    """What each test did at each tree: a commit in one environment and profile, or a run of a tree that was none."""
    trees = {
        run.id: (run.commit or "", run.environment, run.profile, run.id if run.dirty or run.commit is None else "")
        for run in runs
    }
    counts: dict[tuple[str, tuple[str, ...]], list[float]] = {}
    for each in read_attempts(engine, runs, nodes, first_only=False):
        passed, failed = each.outcome in _PASSES, each.outcome in _FAILS
        if passed or failed:
            count = counts.setdefault((each.node, trees[each.run]), [0, 0, 0.0])
            count[0] += passed
            count[1] += failed
            count[2] = max(count[2], each.at)
    found: dict[str, list[Seen]] = {node: [] for node in nodes}
    for (node, _), (passes, fails, at) in counts.items():
        found[node].append(Seen(int(passes), int(fails), at))
    return found


def read_durations(engine: Engine, runs: Sequence[KeptRun], nodes: Collection[str]) -> dict[str, list[float]]:
    """What the first attempts of each test took that passed, in seconds, in the order of the runs."""
    found: dict[str, list[float]] = {node: [] for node in nodes}
    for each in read_attempts(engine, runs, nodes, first_only=True):
        if each.outcome is Outcome.PASSED:
            found[each.node].append(each.duration)
    return found


def read_bad_nodes(engine: Engine, runs: Sequence[KeptRun]) -> dict[str, int]:
    """The tests with an attempt in these runs that failed by itself, and in how many attempts."""
    codes = sorted(CODES[each] for each in _FAILS)
    found: dict[str, int] = defaultdict(int)
    for some in _parts(runs, _AT_ONCE):
        query = f"""
            select nodes.id, count(*) from results join nodes on nodes.key = results.node
            where results.run in ({_marks(some)}) and results.outcome in ({_marks(codes)}) group by nodes.id
        """
        for node, count in engine.rows(query, (*(key_of(run.id) for run in some), *codes)):
            found[node] += count
    return dict(sorted(found.items()))


def read_totals(engine: Engine, runs: Sequence[KeptRun]) -> dict[str, Totals]:
    """How many tests of each run ended how in the end, and how many of them took several attempts; by run id."""
    found: dict[str, Totals] = {}
    for some in _parts(runs, _AT_ONCE):
        ids = {key_of(run.id): run.id for run in some}
        query = f"""
            select run, outcome, case when attempt > 1 then 1 else 0 end, count(*) from results as one
            where run in ({_marks(some)}) and not exists (select 1 from results as later where later.run = one.run
                and later.node = one.node and later.attempt = one.attempt + 1)
            group by run, outcome, case when attempt > 1 then 1 else 0 end
        """
        for key, code, is_again, count in engine.rows(query, list(ids)):
            if code in OUTCOMES:  # else of a later version
                totals = found.setdefault(ids[key], Totals())
                outcome = OUTCOMES[code]
                totals.outcomes[outcome] = totals.outcomes.get(outcome, 0) + count
                totals.again += count if is_again and not outcome.is_bad else 0
    return found


def _attempts(
    engine: Engine, runs: Sequence[KeptRun], condition: str, values: Sequence[int], *, first_only: bool
) -> list[KeptAttempt]:
    by_key = {key_of(run.id): run for run in runs}
    query = f"""
        select results.run, nodes.id, results.outcome, attempt, results.category, began, results.duration, worker
        from results join nodes on nodes.key = results.node
        where results.run in ({_marks(by_key)}){condition}{" and attempt = 1" if first_only else ""}
    """
    found = []
    for key, node, outcome, attempt, category, began, duration, worker in engine.rows(query, (*by_key, *values)):
        if outcome in OUTCOMES:  # else of a later version
            run = by_key[key]
            found.append(
                KeptAttempt(
                    run=run.id,
                    node=node,
                    outcome=OUTCOMES[outcome],
                    attempt=attempt,
                    category=category,
                    at=run.at + began / 1e6,
                    duration=duration / 1e6,
                    worker=worker,
                )
            )
    if len(runs) == 1:
        found.sort(key=lambda each: (each.at, each.node, each.attempt))
    return found


def _many(names: Collection[str] | None) -> frozenset[str]:
    """The names that are too many for a query; they are looked for among its rows."""
    return frozenset(names) if names is not None and len(names) > _AT_ONCE else frozenset()


def _conditions(wanted: Wanted) -> tuple[str, list[object]]:
    conditions, values = ["1 = 1"], list[object]()
    single = (("at >= ?", wanted.since), ("environment = ?", wanted.environment), ("profile = ?", wanted.profile))
    for condition, value in single:
        if value is not None:
            conditions.append(condition)
            values.append(value)
    for column, several in (("commit_id", wanted.commits), ("runs.id", wanted.ids)):
        if several is not None and not _many(several):
            conditions.append(f"{column} in ({_marks(several)})" if several else "1 = 0")
            values += several
    return " and ".join(conditions), values


def _run(row: Row) -> KeptRun:
    return KeptRun(
        id=row[0],
        at=row[1],
        commit=row[2],
        dirty=bool(row[3]),
        profile=row[4],
        status=row[5],
        duration=row[6],
        machine=row[7],
        environment=row[8],
        fingerprint=json.loads(row[9]) if row[9] else {},
        reason=row[10],
        whole=row[11] == WHOLE,
        root=row[12],
    )


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
