"""What is to be audited, as a caller says it."""

import datetime as dt
from pathlib import Path

import msgspec


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """``paths`` are files or folders on disk, or, with ``revision``, paths inside the commit's tree.

    ``repository`` names another repository, bare or not. ``config`` is a file with a canon from elsewhere.
    ``workers`` 0 means all cores; ``cache`` off keeps nothing. ``preview`` are codes or names, in
    capitals, of preview rules that judge, or ``ALL``. ``named`` are the rules that the reader names; unknown ones are
    an error. ``today`` decides which suppressions have expired (default: the day in UTC); ``base`` is the revision with
    which exemptions are compared. ``owners``, ``categories`` and ``flows`` narrow what is reported and counted; see
    `narrowing_of`. ``history`` off does not ask which commits broke the files that do not parse.
    """

    paths: tuple[str, ...] = ()
    repository: Path | None = None
    revision: str | None = None
    staged: bool = False
    config: Path | None = None
    target: str | None = None
    workers: int = 0
    cache: bool = True
    preview: frozenset[str] = frozenset()
    named: tuple[str, ...] = ()
    today: dt.date | None = None
    base: str | None = None
    owners: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    history: bool = True
