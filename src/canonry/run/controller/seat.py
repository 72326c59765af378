"""What the controller knows of one worker: what it was given, what it is at, and what it is condemned for."""

from collections import deque
from typing import NamedTuple

from canonry.model.outcome import Outcome
from canonry.model.worker_message import Finish, RunBundle
from canonry.run.controller.host import Host
from canonry.run.controller.jobs import Category, Job


class Doom(NamedTuple):
    """Why the controller ends a worker, and what that makes of the test that runs."""

    outcome: Outcome
    reason: str
    text: str


class Running(NamedTuple):
    """The attempt that a worker is at."""

    node: str
    attempt: int
    at: float


class Seat:
    """One worker's place at the table."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.bundles: deque[tuple[int, Category]] = deque()
        self.jobs: deque[Job] = deque()
        self.collected = 0
        """How many of ``jobs``, from the front, the worker has begun to collect."""
        self.is_collecting = False
        self.current: Running | None = None
        self.is_ready = False
        self.has_finished_a_file = False
        self.has_retired = False
        self.is_finishing = False
        self.is_unusable = False
        self.max_failures = 0
        self.failure = ""
        self.verdict = ""
        self.doomed: Doom | None = None
        self.told_slow = 0
        """The number of the test that was told as slow."""
        self.told_times = 0

    @property
    def wants_work(self) -> bool:
        """Whether it could be given a bundle: one that runs and one that waits are enough."""
        return self.doomed is None and len(self.bundles) < 2

    @property
    def category(self) -> Category | None:
        """That of the job it is at."""
        return self.jobs[0].category if self.jobs else None

    @property
    def collecting(self) -> Job | None:
        """The job whose file it imports now."""
        return self.jobs[self.collected - 1] if self.is_collecting and self.collected else None

    def take(self, bundle: RunBundle, category: Category, jobs: list[Job]) -> None:
        """Gives it a bundle."""
        self.bundles.append((bundle.number, category))
        self.jobs.extend(jobs)
        self.host.send(bundle)

    def finish(self, *, now: bool) -> None:
        """It is to leave when it has done what it was given, or after the test that runs."""
        if not self.is_finishing or now:
            self.is_finishing = True
            self.host.send(Finish(now=now))

    def doom(self, outcome: Outcome, reason: str, text: str = "") -> None:
        """It will be ended for this reason; the first one counts."""
        if self.doomed is None:
            self.doomed = Doom(outcome, reason, text)
