"""What a run is asked for, as the command line says it."""

from pathlib import Path

import msgspec


class Shard(msgspec.Struct, frozen=True):
    """Part ``number`` (from 1) of ``count``."""

    number: int
    count: int


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides which tests run and how. None is: as the profile, the category or the canon says.

    ``paths`` are folders, files or node ids as seen from the current folder; ``keyword`` and ``marker`` are pytest's
    ``-k`` and ``-m``. ``changed`` is a revision to compare the working tree with. ``rerun`` and ``resume`` name
    recordings. Times are seconds.
    """

    paths: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    with_needs: bool = False
    flows: tuple[str, ...] = ()
    keyword: str | None = None
    marker: str | None = None
    changed: str | None = None
    failed: bool = False
    rerun: str | None = None
    resume: bool = False
    config: Path | None = None
    profile: str | None = None
    workers: int | None = None
    max_failures: int | None = None
    containers: bool | None = None
    shard: Shard | None = None
    retries: int | None = None
    repeat: int | None = None
    until_fail: bool = False
    shuffle: int | None = None
    hard_limit: float | None = None
    soft_limit: float | None = None
    leaks: str | None = None
    global_leaks: bool | None = None
    pytest_arguments: tuple[str, ...] = ()
