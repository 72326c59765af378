"""Whether a profile is ready: what stands in the way, what is not known, and the next command."""

from enum import StrEnum

import msgspec


class ReadinessState(StrEnum):
    """What is said of a profile."""

    READY = "ready"
    NOT_READY = "not ready"
    NOT_ENOUGH = "not enough data"


class About(StrEnum):
    """What a blocker is about, in the order in which it is looked at."""

    COMMIT = "commit"
    PARSING = "parsing"
    SERVICE = "service"
    CATEGORY = "category"
    FLOW = "flow"
    QUARANTINE = "quarantine"
    GATE = "gate"


class Blocker(msgspec.Struct, frozen=True):
    """One thing in the way, or one that is not known: a sentence, and the command that shows or mends it."""

    about: About
    said: str
    command: str


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """A profile. ``blockers`` are P0: each of them makes it not ready. ``lacking`` is what nobody knows yet.

    It is ready where there is neither. ``notes`` are sentences on what was not asked.
    """

    profile: str
    commit: str | None = None
    blockers: tuple[Blocker, ...] = ()
    lacking: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def state(self) -> ReadinessState:
        """Not ready where something is in the way, whatever else is not known."""
        if self.blockers:
            return ReadinessState.NOT_READY
        return ReadinessState.NOT_ENOUGH if self.lacking else ReadinessState.READY

    @property
    def command(self) -> str:
        """What to do next, empty where it is ready."""
        first = next(iter((*self.blockers, *self.lacking)), None)
        return first.command if first is not None else ""
