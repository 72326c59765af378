"""What a run came to, counted from its events alone."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from canonry.model.outcome import Outcome
from canonry.model.quarantine import forgives, named_by
from canonry.model.reliability import FlowClaim
from canonry.model.run_event import (
    AttemptEnded,
    CategoryEnded,
    CategoryStarted,
    Collected,
    ContractJudged,
    FlowClaimed,
    FlowCovered,
    InQuarantine,
    Leaked,
    Note,
    PluginReport,
    RunEnded,
    RunEvent,
    RunStarted,
    ServiceChanged,
    Slow,
    Uncollectable,
    WorkerEnded,
)
from canonry.run.naming import of_tree

PASSED, FAILED, USER_ERROR, NOTHING, INTERRUPTED = 0, 1, 2, 5, 130
"""Exit statuses."""
INTERRUPT = "interrupted"
"""The reason with which a run ends that the user interrupted."""
_KEPT_TEXT = 200_000


@dataclass(slots=True)
class TestResult:
    """A test with its attempts, in order. A test that never started has none but the one that says why."""

    __test__ = False

    node: str
    category: str = ""
    attempts: list[AttemptEnded] = field(default_factory=list)
    leaks: list[Leaked] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The file that holds it."""
        return self.node.partition("::")[0]

    @property
    def last(self) -> AttemptEnded:
        """The attempt that decides."""
        return self.attempts[-1]

    @property
    def outcome(self) -> Outcome:
        """What became of it in the end."""
        return self.last.outcome

    @property
    def is_flaky(self) -> bool:
        """Whether it passed in the end after it had not."""
        return not self.outcome.is_bad and any(each.outcome.is_bad for each in self.attempts)

    @property
    def duration(self) -> float:
        """The seconds of all attempts."""
        return sum(each.duration for each in self.attempts)


@dataclass(slots=True)
class CategoryResult:
    """A category: how many tests ended how, and how it ended itself."""

    name: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    flaky: int = 0
    state: str = ""
    detail: str = ""
    duration: float = 0.0

    @property
    def tests(self) -> int:
        """How many tests it has."""
        return self.outcomes.total()

    @property
    def evidence(self) -> int:
        """How many of them ran to their end."""
        return sum(count for outcome, count in self.outcomes.items() if outcome.is_evidence)


class RunSummary:
    """Takes the events of a run one by one and knows at any time what it comes to."""

    def __init__(self) -> None:
        self.started = RunStarted()
        self.ended: RunEnded | None = None
        self.results: dict[str, TestResult] = {}
        self.uncollectable: dict[str, Uncollectable] = {}
        self.collected: dict[str, int] = {}
        self.deselected = 0
        self.categories: dict[str, CategoryResult] = {}
        self.slow: dict[str, float] = {}
        self.leaks: list[Leaked] = []
        self.services: dict[str, ServiceChanged] = {}
        self.notes: list[str] = []
        self.plugins: list[PluginReport] = []
        self.contracts: list[ContractJudged] = []
        self.flows: dict[str, FlowCovered] = {}
        self.claims: dict[str, FlowClaim] = {}
        self.quarantine: dict[str, InQuarantine] = {}
        self._forgiven: frozenset[str] = frozenset()
        self.lost_workers: list[WorkerEnded] = []

    def add(self, event: RunEvent) -> None:
        """Counts one event."""
        match event:
            case AttemptEnded():
                self._attempt(event)
            case Collected():
                self.collected[event.path] = len(event.nodes)
                self.deselected += event.deselected
            case Uncollectable():
                self.uncollectable[event.path] = event
            case Leaked():
                self.leaks.append(event)
                if event.node in self.results:
                    self.results[event.node].leaks.append(event)
            case Slow():
                self.slow[event.node] = max(event.seconds, self.slow.get(event.node, 0.0))
            case CategoryStarted():
                self.categories.setdefault(event.name, CategoryResult(event.name))
            case CategoryEnded():
                category = self.categories.setdefault(event.name, CategoryResult(event.name))
                category.state, category.detail, category.duration = event.state, event.detail, event.duration
            case ServiceChanged():
                self.services[event.name] = event
            case Note():
                if event.text not in self.notes:
                    self.notes.append(event.text)
            case PluginReport():
                self.plugins.append(event)
            case ContractJudged():
                self.contracts.append(event)
            case FlowCovered():
                self.flows[event.flow] = event
            case FlowClaimed():
                self.claims[event.claim.flow] = event.claim
            case InQuarantine():
                self.quarantine[event.test] = event
                self._forgiven = frozenset(each.test for each in self.quarantine.values() if each.days >= 0)
            case WorkerEnded() if event.signal or event.status:
                self.lost_workers.append(event)
            case RunStarted():
                self.started = event
            case RunEnded():
                self.ended = event

    def add_all(self, events: Iterable[RunEvent]) -> "RunSummary":
        """Counts many; returns itself."""
        for event in events:
            self.add(event)
        return self

    @property
    def outcomes(self) -> Counter[Outcome]:
        """How many tests ended how."""
        return sum((each.outcomes for each in self.categories.values()), Counter[Outcome]())

    @property
    def tests(self) -> int:
        """How many tests have an outcome."""
        return len(self.results)

    @property
    def evidence(self) -> int:
        """How many tests ran to their end. A failure in quarantine, which counts for nothing, is none."""
        return sum(category.evidence for category in self.categories.values()) - sum(
            each.outcome.is_evidence for each in self.forgiven()
        )

    def told_results(self) -> list[TestResult]:
        """The tests, without those that stand for a file which cannot be collected and is told as such."""
        return [
            result
            for result in self.results.values()
            if result.outcome is not Outcome.UNCOLLECTABLE or result.path not in self.uncollectable
        ]

    def flaky(self) -> list[TestResult]:
        """The tests that passed after they had not."""
        return [result for result in self.results.values() if result.is_flaky]

    def bad(self) -> list[TestResult]:
        """The tests that fail the run, in the order in which they first ended."""
        return [each for each in self.results.values() if each.outcome.is_bad and not self.is_forgiven(each)]

    def is_forgiven(self, result: TestResult) -> bool:
        """Whether a test failed, and does not fail the run because it is in quarantine."""
        return forgives(self._forgiven, result.node, result.outcome)

    def forgiven(self) -> list[TestResult]:
        """The tests that failed and are in quarantine."""
        return [each for each in self.results.values() if self.is_forgiven(each)] if self._forgiven else []

    def quarantine_of(self, result: TestResult) -> InQuarantine | None:
        """The entry of the quarantine that names a test, expired or not."""
        return self.quarantine.get(named_by(self.quarantine, result.node))

    def is_failed(self) -> bool:
        """Whether something fails the run."""
        lenient = set(self.started.flaky_warns)
        return bool(
            self.bad()
            or self.uncollectable
            or any(report.failed for report in self.plugins)
            or any(
                result.category not in lenient and not named_by(self._forgiven, result.node) for result in self.flaky()
            )
            or any(category.state in ("failed", "blocked", "timeout") for category in self.categories.values())
        )

    def status(self) -> int:
        """The exit status that the events speak for: 0, 1, 2 where no test that the user named is there, 5 where
        nothing was validated, 130 after an interrupt.
        """
        if self.ended is not None and self.ended.reason == INTERRUPT:
            return INTERRUPTED
        if self.results and all(self._is_mistyped(result) for result in self.results.values()):
            return USER_ERROR
        if self.is_failed():
            return FAILED
        if not self.evidence:
            return NOTHING
        without = [name for name in self.started.asked if not self._has_evidence(name)]
        return NOTHING if without else PASSED

    def _is_mistyped(self, result: TestResult) -> bool:
        """Whether the user named it, and its file has no such test."""
        if result.outcome is not Outcome.UNCOLLECTABLE or result.node == result.path:
            return False
        node = of_tree(result.node, self.started.place)
        return any(node.endswith(each) for each in self.started.arguments if "::" in each)

    def without_evidence(self) -> list[str]:
        """The categories that were asked for and in which no test ran to its end."""
        return [name for name in self.started.asked if not self._has_evidence(name)]

    def _has_evidence(self, name: str) -> bool:
        category = self.categories.get(name)
        if category is None:
            return False
        forgiven = sum(each.category == name and each.outcome.is_evidence for each in self.forgiven())
        return category.evidence > forgiven

    def _attempt(self, event: AttemptEnded) -> None:
        result = self.results.get(event.node)
        category = self.categories.setdefault(event.category, CategoryResult(event.category))
        if result is None:
            result = self.results[event.node] = TestResult(event.node, event.category)
        else:
            category.outcomes[result.outcome] -= 1
            category.flaky -= result.is_flaky
            if not category.outcomes[result.outcome]:
                del category.outcomes[result.outcome]
        result.attempts.append(event)
        category.outcomes[event.outcome] += 1
        category.flaky += result.is_flaky
