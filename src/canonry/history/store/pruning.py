"""How old runs leave a store: as a whole, with their results, what failures said, and coverage."""

from typing import NamedTuple

from canonry.history.store.engine import Engine
from canonry.history.store.latest import FUTURE

_DAY = 86_400.0
_CHUNK = 500
"""Runs that one statement names."""


class Keep(NamedTuple):
    """What is to stay: runs that began in so many days before now, or the newest so many. The other is None."""

    days: int | None = None
    runs: int | None = None


class Pruned(NamedTuple):
    """How many runs and results go, or went, and how many runs stay."""

    runs: int
    results: int
    left: int


def prune(engine: Engine, keep: Keep, *, now: float, write: bool) -> Pruned:
    """Takes away the runs that are not to stay; without ``write`` it only counts them.

    How each test last ended and what it takes stays, and so do measurements. A run that claims to begin in the future
    is the oldest of all.
    """
    if not write:
        return _counted(engine, *_parted(engine, keep, now))
    with engine.writing():
        gone, left = _parted(engine, keep, now)
        found = _counted(engine, gone, left)
        for start in range(0, len(gone), _CHUNK):
            keys = gone[start : start + _CHUNK]
            marks = ", ".join("?" * len(keys))
            for table in ("results", "failures", "flows"):
                engine.run(f"delete from {table} where run in ({marks})", keys)
            engine.run(f"delete from runs where key in ({marks})", keys)
        if gone:
            engine.run("delete from fingerprints where key not in (select fingerprint from runs)")
    if gone:
        engine.give_back()
    return found


def _parted(engine: Engine, keep: Keep, now: float) -> tuple[list[int], int]:
    """The keys of the runs that go, and how many stay."""
    rows = engine.rows("select key, at from runs order by case when at > ? then 0 else 1 end, at, key", (now + FUTURE,))
    if keep.runs is not None:
        gone = [key for key, _ in rows[: max(0, len(rows) - keep.runs)]]
    else:
        since = now - (keep.days or 0) * _DAY
        gone = [key for key, at in rows if at < since or at > now + FUTURE]
    return gone, len(rows) - len(gone)


def _counted(engine: Engine, gone: list[int], left: int) -> Pruned:
    results = 0
    for start in range(0, len(gone), _CHUNK):
        keys = gone[start : start + _CHUNK]
        marks = ", ".join("?" * len(keys))
        results += engine.rows(f"select count(*) from results where run in ({marks})", keys)[0][0]
    return Pruned(len(gone), results, left)
