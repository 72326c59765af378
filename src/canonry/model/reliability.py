"""What may be said of a flow's reliability on one commit and in one environment."""

from enum import StrEnum

import msgspec

TARGET = 0.95
"""The reliability that a flow has to have where the canon declares none."""
MOST_EXCLUDED = 0.05
"""The share of runs that infrastructure may take away; beyond it nothing is claimed."""


class ClaimState(StrEnum):
    """How a claim stands."""

    PROVEN = "proven"
    NOT_YET = "not yet"
    REFUTED = "refuted"
    NOT_ENOUGH = "not enough data"


class FlowClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A flow's runs at one commit in one environment, and what follows from them.

    A run counts once: as a success where each test of the flow passed in its first attempt, as a failure where one did
    not. ``excluded`` runs failed for infrastructure alone, on typed evidence; ``incomplete`` ones left a test of the
    flow without evidence (skipped, not run, blocked, expected to fail); ``partial`` ones were not of the whole flow.
    ``evidence`` and ``against`` are e-values (capped) for "above the target" and "below it"; ``lower`` is a bound that
    holds at 95 % however often somebody looks; ``needed`` clean runs more would prove the target. ``failing``: tests
    with how often each failed. Times are seconds since the epoch. ``reason`` says why nothing is claimed.
    """

    flow: str
    state: ClaimState
    target: float = TARGET
    reason: str = ""
    commit: str | None = None
    environment: str = ""
    profile: str = ""
    tests: int = 0
    successes: int = 0
    failures: int = 0
    excluded: int = 0
    incomplete: int = 0
    partial: int = 0
    evidence: float = 1.0
    against: float = 1.0
    lower: float = 0.0
    needed: int = 0
    first: float = 0.0
    last: float = 0.0
    failing: tuple[tuple[str, int], ...] = ()

    @property
    def trials(self) -> int:
        """The runs that count."""
        return self.successes + self.failures

    @property
    def rate(self) -> float | None:
        """The share of counted runs that succeeded, None of none."""
        return self.successes / self.trials if self.trials else None

    @property
    def raw_rate(self) -> float | None:
        """The same of all whole runs, those that infrastructure failed among them."""
        whole = self.trials + self.excluded
        return self.successes / whole if whole else None

    @property
    def excluded_share(self) -> float:
        """The share of runs that infrastructure took away."""
        whole = self.trials + self.excluded
        return self.excluded / whole if whole else 0.0
