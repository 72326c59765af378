"""What a controller is given beside its plan."""

from collections.abc import Mapping
from typing import Protocol


class Services(Protocol):
    """What the tests' services answer while they run."""

    def unavailable(self, name: str) -> str:
        """Why a service did not start, so that no test may run that needs it; empty where it did."""

    def probe(self, name: str) -> bool:
        """Whether the service answers now. Asked when a test that needs it failed."""

    def environment(self, worker: int) -> Mapping[str, str]:
        """The variables with which this worker finds its share of the services."""

    def release(self, worker: int) -> None:
        """The worker is gone, and needs its share no more."""


class StopSignal:
    """Asks a run to stop: once for what runs to end and be reported, twice to stop now. Safe in a signal handler."""

    def __init__(self) -> None:
        self.level = 0
        self.reason = ""

    def request(self, reason: str = "interrupted") -> None:
        """Asks once more."""
        self.level += 1
        self.reason = self.reason or reason
