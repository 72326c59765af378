"""The tables, as the migrations that make them: one text for both engines.

`{integer}` is a whole number of 64 bits, `{clustered}` says that rows lie in the order of their key where an engine can
do that, `{unclustered}` begins what only an engine needs that cannot. Times are seconds since the epoch, times inside
of a run and durations are whole microseconds. What a migration has to compute stands in `CARRY_OVER`.
"""

import json
from collections.abc import Callable, Mapping

from canonry.history.store.engine import Engine
from canonry.history.store.keys import CODES, key_of

_FIRST = """
create table runs (id text primary key, at double precision not null, root text not null, commit_id text,
    profile text not null, status integer not null);
create table tests (node text primary key, category text not null, outcome text not null, at double precision not null,
    run text not null, duration double precision not null, attempts integer not null, flaky integer not null);
"""
_SECOND = """
alter table runs rename to runs_before;
alter table tests rename to tests_before;
create table runs (key {integer} primary key, id text not null, at double precision not null, level integer not null,
    root text not null, commit_id text, dirty integer not null, profile text not null, status integer not null,
    reason text not null, duration double precision not null, machine text not null, environment text not null,
    fingerprint {integer} not null);
create index runs_by_time on runs (at);
create index runs_by_commit on runs (commit_id);
create table fingerprints (key {integer} primary key, content text not null);
create table nodes (key {integer} primary key, id text not null, category text not null, outcome integer,
    at double precision not null, run {integer} not null, duration double precision not null,
    attempts integer not null, flaky integer not null);
create table results (run {integer} not null, node {integer} not null, attempt integer not null,
    outcome integer not null, category text not null, began {integer} not null, duration {integer} not null,
    worker integer not null, primary key (run, node, attempt)){clustered};
{unclustered}create index results_by_node on results (node, run);
create table failures (run {integer} not null, node {integer} not null, attempt integer not null, reason text not null,
    path text not null, line integer not null, content text not null, primary key (run, node, attempt));
create table flows (run {integer} not null, flow text not null, covered text not null, tests text not null,
    primary key (run, flow));
create table measurements (key {integer} primary key, id text not null, source text not null,
    at double precision not null, commit_id text, dirty integer not null, command text not null, basis text not null);
create index measurements_by_time on measurements (source, at);
create table numbers (measurement {integer} not null, grouped_by text not null, part text not null,
    number double precision not null, primary key (measurement, grouped_by, part)){clustered};
"""
MIGRATIONS = (_FIRST, _SECOND)
"""One script for each version of the schema; a store of an older version runs those that it lacks."""
SCHEMA_VERSION = len(MIGRATIONS)


def statements(version: int, words: Mapping[str, str]) -> list[str]:
    """The statements that lead to a version, in an engine's own words."""
    script = MIGRATIONS[version - 1]
    for word, said in words.items():
        script = script.replace(f"{{{word}}}", said)
    parts = map(str.strip, script.split(";"))
    return [statement for statement in parts if statement and not statement.startswith("--")]


def _runs_by_key(engine: Engine) -> None:
    """Version 1 knew runs and last outcomes by their names; both go on, the runs as known by name alone."""
    fields = "id, at, root, commit_id, profile, status"
    engine.fill(
        "runs",
        (
            *("key", "id", "at", "root", "commit_id", "profile", "status"),
            *("level", "dirty", "reason", "duration", "machine", "environment", "fingerprint"),
        ),
        [
            (key_of(row[0]), *row, KNOWN_BY_NAME, 0, "", 0.0, "", "", 0)
            for row in engine.rows(f"select {fields} from runs_before")
        ],
    )
    fields = "node, category, at, duration, attempts, flaky, outcome, run"
    engine.fill(
        "nodes",
        ("key", "id", "category", "at", "duration", "attempts", "flaky", "outcome", "run"),
        [
            (key_of(row[0]), *row[:-2], CODES.get(row[-2]), key_of(row[-1]))
            for row in engine.rows(f"select {fields} from tests_before")
        ],
    )
    engine.run("drop table runs_before")
    engine.run("drop table tests_before")


CARRY_OVER: Mapping[int, Callable[[Engine], None]] = {2: _runs_by_key}
"""What is computed after the statements of a version."""

KNOWN_BY_NAME, CUT_SHORT, WHOLE = 0, 1, 2
"""How much of a run is kept: that it was, what it told before it was cut off, all of it."""


def bring_up(engine: Engine, version: int) -> None:
    """Brings the tables from a version to the current one; inside of a transaction of the caller's."""
    for step in range(version + 1, SCHEMA_VERSION + 1):
        for statement in statements(step, engine.words):
            engine.run(statement)
        if step in CARRY_OVER:
            CARRY_OVER[step](engine)


def fingerprint_text(fingerprint: Mapping[str, str]) -> str:
    """A fingerprint as it is kept, alike where it is alike."""
    return json.dumps(fingerprint, sort_keys=True, ensure_ascii=False)
