"""What is to be run, category by category, and what became of it."""

import random
from collections import deque
from collections.abc import Collection, Iterable

from canonry.model.outcome import Outcome
from canonry.model.quarantine import forgives
from canonry.model.run_plan import CategoryPlan, RunPlan
from canonry.model.worker_message import Task

_UNKNOWN = 0.05
"""Seconds that a file is taken to need where no history says it."""


class Deaths:
    """Counts the workers that a file's tests ended without a test to blame; its parts count together."""

    def __init__(self) -> None:
        self.count = 0

    def are_too_many(self, tests: int) -> bool:
        """Whether one culprit among so many tests cannot explain them: bisection would have found it."""
        return self.count > 2 * tests.bit_length() + 4


class Job:
    """A file's tests, or some of them, as one attempt; it is in the queue, in a bundle of one worker, or done."""

    __slots__ = ("blames", "category", "deaths", "ended", "expected", "is_first", "nodes", "seat", "task")

    def __init__(self, category: "Category", task: Task, expected: float, *, is_first: bool = False) -> None:
        self.category = category
        self.is_first = is_first
        """Whether what it collects is news."""
        self.seat: object = None
        """Who has it."""
        self.task = task
        self.expected = expected or _UNKNOWN
        self.nodes: tuple[str, ...] | None = None
        """What was collected, None before."""
        self.ended: set[str] = set()
        self.blames = 0
        """How often a worker died with it where no test was to blame."""
        self.deaths = Deaths()

    def rest(self) -> "Job | None":
        """What of it has no outcome yet, as a job for another worker; None where nothing is left."""
        task = self.task
        if self.nodes is None:
            rest = Job(self.category, task, self.expected, is_first=self.is_first)
        else:
            left = tuple(node for node in self.nodes if node not in self.ended)
            if not left:
                return None
            task = Task(path=task.path, nodes=left, attempt=task.attempt)
            rest = Job(self.category, task, self.expected * len(left) / max(1, len(self.nodes)))
        rest.blames, rest.deaths = self.blames, self.deaths
        return rest

    def halves(self) -> "tuple[Job, Job]":
        """Its tests, two at least, as two jobs: the one that ends workers is told from the other."""
        nodes = self.task.nodes
        middle = len(nodes) // 2
        return self._part(nodes[:middle]), self._part(nodes[middle:])

    def _part(self, nodes: tuple[str, ...]) -> "Job":
        task = Task(path=self.task.path, nodes=nodes, attempt=self.task.attempt)
        part = Job(self.category, task, self.expected * len(nodes) / len(self.task.nodes))
        part.blames, part.deaths = self.blames - 1, self.deaths
        return part

    def unanswered(self) -> tuple[str, ...]:
        """The nodes that have no outcome: tests, or the file where nobody knows its tests."""
        nodes = self.nodes if self.nodes is not None else self.task.nodes or (self.task.path,)
        return tuple(node for node in nodes if node not in self.ended and node not in self.task.skip)


class Category:
    """A category while it runs."""

    def __init__(self, plan: CategoryPlan, quarantined: Collection[str] = ()) -> None:
        self.plan = plan
        self.quarantined = frozenset(quarantined)
        self.queue: deque[Job] = deque()
        self.running: set[Job] = set()
        self.state = "waiting"
        """``waiting``, ``running``, or as in `CategoryEnded`."""
        self.started = 0.0
        self.tests = 0
        self.last: dict[str, Outcome] = {}
        """The outcome of the last attempt of each test."""
        self.retried: dict[str, int] = {}
        self.expired = ""
        """Why its time is up; empty while it is not."""

    @property
    def is_over(self) -> bool:
        """Whether its tests all have outcomes."""
        return self.state not in ("waiting", "running")

    @property
    def has_failed(self) -> bool:
        """Whether a test of it has no good outcome so far; those in quarantine do not count."""
        return any(
            outcome.is_bad and not forgives(self.quarantined, node, outcome) for node, outcome in self.last.items()
        )

    @property
    def verdict(self) -> str:
        """Its state at its end, once all its tests have outcomes."""
        if self.expired:
            return "timeout"
        return "failed" if self.has_failed else "passed" if self.last else "empty"

    @property
    def width(self) -> int | None:
        """The most workers that it may have at once; None is no limit."""
        return 1 if self.plan.policy.serial else self.plan.policy.workers

    @property
    def expected(self) -> float:
        """Seconds that its queue is expected to take."""
        return sum(job.expected for job in self.queue)


def categories(plan: RunPlan) -> list[Category]:
    """The plan's categories with their jobs in the order in which they start.

    Several workers begin with what takes longest; one worker, a seed, and files that nobody has measured keep to the
    order that they say.
    """
    result = []
    for planned in plan.categories:
        category = Category(planned, plan.quarantined)
        jobs = list(_jobs(category, plan))
        if plan.shuffle is not None:
            random.Random(plan.shuffle).shuffle(jobs)
        elif plan.workers > 1:
            jobs.sort(key=lambda job: -job.expected)
        category.queue.extend(jobs)
        result.append(category)
    return result


def _jobs(category: Category, plan: RunPlan) -> Iterable[Job]:
    attempts = 1 if plan.until_fail else max(1, plan.repeat)
    for attempt in range(1, attempts + 1):
        for work in category.plan.work:
            whole = work.path in category.plan.whole
            task = Task(
                path=work.path,
                nodes=work.nodes,
                attempt=attempt,
                markers=() if whole else category.plan.markers,
                without=category.plan.without,
            )
            yield Job(category, task, work.expected, is_first=attempt == 1)
