"""How runs and measurements get into a store. Adding the same thing again changes nothing."""

from collections.abc import Iterable, Iterator

import msgspec

from canonry.history.store.engine import Engine, Row
from canonry.history.store.keys import CODES, Keys, key_of, storable
from canonry.history.store.latest import Latest
from canonry.history.store.records import Added, Recorded
from canonry.history.store.schema import CUT_SHORT, WHOLE, fingerprint_text
from canonry.model.history import KeptFailure, KeptRun, Measured

_BATCH = 200_000
"""Results that are written in one transaction, about a second of writing."""
_MANY = 10_000
"""New results from which on the database has to learn of them."""
TEXT_LIMIT = 4_000
"""Characters that are kept of a failure's report."""
_RUN_COLUMNS = (
    *("key", "id", "at", "level", "root", "commit_id", "dirty", "profile", "status", "reason", "duration"),
    *("machine", "environment", "fingerprint"),
)
_RESULT_COLUMNS = ("run", "node", "attempt", "outcome", "category", "began", "duration", "worker")
_FAILURE_COLUMNS = ("run", "node", "attempt", "reason", "path", "line", "content")
_PARTS_OF_A_RUN = ("results", "failures", "flows")


def add_runs(engine: Engine, runs: Iterable[Recorded], *, now: float) -> Added:
    """Adds runs, several in a transaction. ``now``: the time of the store's clock, past which no run can have begun."""
    keys = Keys()
    new = known = results = 0
    for batch in _batches(runs):
        with engine.writing():
            fresh = _unknown(engine, batch)
            new, known = new + len(fresh), known + len(batch) - len(fresh)
            results += _add(engine, fresh, keys, now)
    if results >= _MANY:
        engine.look_around()
    return Added(new, known, results)


def add_measurements(engine: Engine, measured: Iterable[Measured]) -> int:
    """Adds measurements; how many of them were new."""
    new = 0
    with engine.writing():
        for each in measured:
            key = key_of(f"{each.source.value} {each.id}")
            fields = (key, each.id, each.source.value, each.at, each.commit, int(each.dirty), each.command, each.basis)
            marks = ", ".join("?" * len(fields))
            new += bool(engine.run(f"insert into measurements values ({marks}) on conflict do nothing", fields))
            if not engine.rows("select 1 from numbers where measurement = ?", (key,)):
                parts = {("", name): number for name, number in each.values.items()} | each.parts
                columns = ("measurement", "grouped_by", "part", "number")
                engine.fill("numbers", columns, [(key, *part, float(number)) for part, number in parts.items()])
    return new


def _batches(runs: Iterable[Recorded]) -> Iterator[list[Recorded]]:
    batch: list[Recorded] = []
    size = 0
    for run in runs:
        batch.append(run)
        size += len(run.attempts)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _unknown(engine: Engine, batch: list[Recorded]) -> list[tuple[Recorded, bool]]:
    """Those that the store does not hold, or holds less of; with whether it counted them already."""
    found: dict[str, tuple[Recorded, bool]] = {}
    for each in batch:
        run = each.run
        rows = engine.rows("select level from runs where key = ?", (key_of(run.id),))
        if rows and rows[0][0] >= _level(run):
            continue
        if run.id not in found or _level(found[run.id][0].run) < _level(run):
            found[run.id] = (each, bool(rows))
    return list(found.values())


def _level(run: KeptRun) -> int:
    return WHOLE if run.whole else CUT_SHORT


def _add(engine: Engine, fresh: list[tuple[Recorded, bool]], keys: Keys, now: float) -> int:
    if not fresh:
        return 0
    latest = Latest(now)
    count = 0
    for each, counted in fresh:
        run, key = each.run, key_of(each.run.id)
        if counted:
            for table in _PARTS_OF_A_RUN:
                engine.run(f"delete from {table} where run = ?", (key,))
            engine.run("delete from runs where key = ?", (key,))
        _add_run(engine, run, key)
        rows = _result_rows(each, key, keys)
        engine.fill("results", _RESULT_COLUMNS, rows)
        count += len(rows)
        engine.fill("failures", _FAILURE_COLUMNS, _failure_rows(each.failures, key, keys))
        flows = {flow.covered.flow: flow for flow in each.flows}
        engine.fill(
            "flows",
            ("run", "flow", "covered", "tests"),
            [(key, name, _json(flow.covered), _json(flow.tests)) for name, flow in flows.items()],
        )
        latest.add(each.run, rows, gone={keys[node] for node in each.gone}, measures=not counted)
    latest.write(engine, keys)
    return count


def _add_run(engine: Engine, run: KeptRun, key: int) -> None:
    fingerprint = 0
    if run.fingerprint:
        text = storable(fingerprint_text(run.fingerprint))
        fingerprint = key_of(text)
        engine.run("insert into fingerprints values (?, ?) on conflict do nothing", (fingerprint, text))
    fields = (
        *(key, run.id, run.at, _level(run), run.root, run.commit, int(run.dirty), run.profile, run.status),
        *(run.reason, run.duration, run.machine, run.environment, fingerprint),
    )
    values = tuple(storable(value) if isinstance(value, str) else value for value in fields)
    marks = ", ".join("?" * len(values))
    engine.run(f"insert into runs ({', '.join(_RUN_COLUMNS)}) values ({marks})", values)


def _result_rows(recorded: Recorded, run: int, keys: Keys) -> list[Row]:
    """The attempts as rows in the order of their key: `Latest` takes them so. A million of them go through here."""
    start, codes = recorded.run.at, CODES
    categories = {name: storable(name) for name in {each.category for each in recorded.attempts}}
    rows: list[Row] = [
        (
            run,
            keys[each.node],
            each.attempt,
            codes[each.outcome],
            categories[each.category],
            int((each.at - start) * 1e6 + 0.5) if each.at else 0,
            int(each.duration * 1e6 + 0.5),
            each.worker,
        )
        for each in recorded.attempts
    ]
    several = len({row[1] for row in rows}) < len(rows)
    if several and len({row[1:3] for row in rows}) < len(rows):
        rows = _counted_on(rows)
    rows.sort()
    return rows


def _counted_on(rows: Iterable[Row]) -> list[Row]:
    """The rows, where two that call themselves the same attempt of a test count on."""
    found: dict[tuple[int, int], Row] = {}
    for row in rows:
        node, attempt = row[1:3]
        while (node, attempt) in found:
            attempt += 1
        found[node, attempt] = (row[0], node, attempt, *row[3:])
    return list(found.values())


def _failure_rows(failures: Iterable[KeptFailure], run: int, keys: Keys) -> list[Row]:
    found: dict[tuple[int, int], Row] = {}
    for each in failures:
        place = (keys[each.node], each.attempt)
        row = (run, *place, storable(each.reason), storable(each.path), each.line, _cut(storable(each.text)))
        found.setdefault(place, row)
    return list(found.values())


def _cut(text: str) -> str:
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2
    return f"{text[:half]}\n[{len(text) - 2 * half:,} characters are left out]\n{text[-half:]}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode("utf-8")
