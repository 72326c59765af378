"""What changed between two checkpoints of a suite: broken files, compliance, coverage and success of flows."""

from enum import StrEnum

import msgspec

DAY = 86_400.0


class Period(StrEnum):
    """How often somebody looks."""

    DAILY = "daily"
    WEEKLY = "weekly"
    BIWEEKLY = "biweekly"
    MONTHLY = "monthly"

    @property
    def seconds(self) -> float:
        """How long it is; a month counts as 30 days."""
        return _DAYS[self] * DAY


_DAYS = {Period.DAILY: 1, Period.WEEKLY: 7, Period.BIWEEKLY: 14, Period.MONTHLY: 30}


class Moved(StrEnum):
    """What became of a figure."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    NEW = "new"
    """It was not measured before."""
    LOST = "lost"
    """It was measured before and is not now: that counts as worse, for nobody knows."""
    TOLD = "told"
    """It differs, within what is allowed."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure then and now, None where it was not measured. ``unit``: empty for a count, ``%`` for a share (0..1).

    ``said`` is what the reader should know beside it, such as how many runs a share is of.
    """

    name: str
    before: float | None
    now: float | None
    moved: Moved
    unit: str = ""
    command: str = ""
    said: str = ""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A look at the suite, compared with the one before of the same period. Times are seconds since the epoch.

    ``before`` is when that was, None for the first; ``notes`` are sentences on clocks, commits and what was missed.
    """

    period: Period
    at: float
    commit: str | None
    dirty: bool
    figures: tuple[Figure, ...]
    before: float | None = None
    before_commit: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def worse(self) -> tuple[Figure, ...]:
        """The figures that became worse, or that nobody measured any more."""
        return tuple(each for each in self.figures if each.moved in (Moved.WORSE, Moved.LOST))
