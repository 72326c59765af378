"""Where a suite stands: a value that a report renders, gathered from audit, gate, recordings, history and changes.

Times are seconds since the epoch, durations seconds, shares 0..1. Every section says where its numbers come from; one
without data is `Absent`, which names the command that makes them: not enough data is never nought.
"""

from enum import StrEnum

import msgspec

from canonry.model.outcome import Outcome
from canonry.model.readiness import Readiness
from canonry.model.reliability import FlowClaim
from canonry.model.run_event import FlowCovered


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where figures come from: the command that reproduces them, what they count, the commit that was looked at."""

    command: str
    population: str = ""
    commit: str | None = None
    dirty: bool = False
    at: float = 0.0


class Absent(msgspec.Struct, frozen=True, tag="absent"):
    """No data: one sentence why, and the command that makes some."""

    said: str
    command: str = ""


class Judged(StrEnum):
    """What is said of a gate, a flow, a profile, or the whole."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "not enough data"


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that has to hold. ``command`` shows it, or mends it where it failed. ``priority``: 0 for P0 to 3."""

    name: str
    state: Judged
    said: str
    command: str
    priority: int = 1


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What to do next. ``effort`` is measured, and empty where nothing was; ``value`` says whom it serves."""

    priority: int
    said: str
    command: str
    effort: str = ""
    value: str = ""


class Point(msgspec.Struct, frozen=True, gc=False):
    """A value at a time, and the commit it belongs to."""

    at: float
    value: float
    commit: str | None = None


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """A number over time, the oldest first. ``good`` says whether more of it is better; ``unit`` stands behind it."""

    name: str
    points: tuple[Point, ...]
    unit: str = ""
    good: bool = True
    origin: Origin


class Share(msgspec.Struct, frozen=True, gc=False):
    """A part (a folder, an owner) and how many of its test files have no open error."""

    name: str
    part: int
    whole: int
    percent: float | None


class RuleLine(msgspec.Struct, frozen=True, gc=False):
    """How often a rule is broken, in how many files, and how many of it weigh as errors."""

    code: str
    name: str
    severity: str
    count: int
    files: int
    errors: int


class Compliance(msgspec.Struct, frozen=True, kw_only=True, tag="compliance"):
    """The test files that parse and have no open error, of all; by rule, folder and owner."""

    origin: Origin
    part: int
    whole: int
    percent: float | None
    files: int
    tests: int
    unparsable: int
    missing: int
    suppressed: int
    rules: tuple[RuleLine, ...] = ()
    folders: tuple[Share, ...] = ()
    owners: tuple[Share, ...] = ()


class Test(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A test of the newest run, as it ended. ``duration`` sums its attempts; ``category`` is empty for none."""

    __test__ = False

    node: str
    outcome: Outcome
    category: str = ""
    duration: float = 0.0
    attempts: int = 1
    flaky: bool = False
    quarantined: bool = False
    """In quarantine: its failure is forgiven, and told."""


class Failure(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A test that failed, or passed only in the end: by its number in the table of tests.

    ``new``: it did not fail when it last ran before, on a commit that this one descends from; None where no such run is
    known. ``since`` is when it began to fail, over ``runs`` runs in a row, this one included.
    """

    test: int
    reason: str
    path: str = ""
    line: int = 0
    text: str = ""
    new: bool | None = None
    since: float = 0.0
    runs: int = 1


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Failures with one exception at one place, by their numbers; the one with most tests comes first."""

    exception: str
    path: str
    line: int
    failures: tuple[int, ...]


class Span(msgspec.Struct, frozen=True, gc=False):
    """An attempt on a worker's timeline: when it began after the run's start, how long, by its test's number."""

    worker: int
    start: float
    duration: float
    test: int
    bad: bool


class CategoryLine(msgspec.Struct, frozen=True, kw_only=True):
    """A category of the newest run. ``priority``: 0 for P0 to 3; ``share`` is the intended one of all tests."""

    name: str
    tests: int
    bad: int
    skipped: int
    flaky: int
    seconds: float
    state: str = ""
    priority: int = 2
    share: float | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """The newest recorded run with every test. ``cut``: the recording ends before the run did, so tests may lack."""

    origin: Origin
    id: str
    profile: str
    status: int
    seconds: float
    tests: tuple[Test, ...]
    outcomes: dict[str, int]
    failures: tuple[Failure, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    spans: tuple[Span, ...] = ()
    categories: tuple[CategoryLine, ...] = ()
    uncollectable: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    reason: str = ""
    compared: str = ""
    """The run that failures are compared with to be new or known; empty where there is none."""

    @property
    def bad(self) -> int:
        """How many tests fail it; failures of tests in quarantine are forgiven."""
        return sum(test.outcome.is_bad and not test.quarantined for test in self.tests)


class FlowLine(msgspec.Struct, frozen=True, kw_only=True):
    """A flow of the canon: what it is worth, what may be claimed of it, and how far its tests cover it.

    ``wanted`` are the shares that the canon demands of reliability and coverage, None where it demands none.
    """

    origin: Origin
    name: str
    weight: float
    value: str
    tests: int
    bad: int
    state: Judged
    said: str
    claim: FlowClaim
    coverage: FlowCovered | None = None
    """Of the newest run that measured it, None where none did."""
    wanted: tuple[float | None, float | None] = (None, None)


class Flaky(msgspec.Struct, frozen=True, kw_only=True):
    """A test that does both at one tree. ``low`` and ``high`` bound its flakiness; ``cost`` is seconds of attempts
    beyond the first.
    """

    node: str
    mixed: int
    runs: int
    cost: float
    mean: float | None = None
    low: float | None = None
    high: float | None = None


class Slow(msgspec.Struct, frozen=True, kw_only=True):
    """A test that costs much, or more than it did. ``share`` is that of all tests' seconds; ``ratio`` to before."""

    node: str
    seconds: float
    share: float
    ratio: float | None = None
    said: str = ""


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A test in quarantine. ``days`` are left: 0 on the last day, below nought when it is over."""

    test: str
    reason: str
    owner: str
    issue: str
    expires: str
    days: int


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A change to the tree that canonry made: how many files it wrote, how many of them stand."""

    id: str
    made: str
    origin: str
    state: str
    files: int
    standing: int


class WaveLine(msgspec.Struct, frozen=True, kw_only=True):
    """A wave of the migration: its files, how many landed, and the seconds that proving it took."""

    number: int
    state: str
    files: int
    landed: int
    priority: int
    grade: str
    codemods: tuple[str, ...]
    issue: str = ""
    seconds: float = 0.0


class Migration(msgspec.Struct, frozen=True, kw_only=True, tag="migration"):
    """The current plan. ``waves_tried``, ``files_tried`` and ``seconds`` are measured over it and the plans before."""

    origin: Origin
    plan: str
    waves: tuple[WaveLine, ...]
    by_hand: int
    waves_tried: int
    files_tried: int
    seconds: float

    @property
    def files_left(self) -> int:
        """Files in waves that are still to be taken."""
        return sum(each.files for each in self.waves if each.state in ("waiting", "interrupted", "stopped"))

    @property
    def files_per_hour(self) -> float | None:
        """How many files an hour of proving took through, None before anything was measured."""
        return self.files_tried * 3600 / self.seconds if self.seconds and self.files_tried else None


class Repair(msgspec.Struct, frozen=True, kw_only=True, tag="repair"):
    """Files that do not parse now, and what repairs wrote."""

    origin: Origin
    unparsable: int
    repaired: int
    changes: tuple[ChangeLine, ...] = ()


class Unproven(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is green, or silent, and proves nothing. ``kind``: proof, flow, skipped, contract, category."""

    kind: str
    what: str
    why: str
    command: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The whole. ``at`` is when it was gathered; ``reasons`` say why the verdict is what it is."""

    name: str
    at: float
    version: str
    command: str
    verdict: Judged
    reasons: tuple[str, ...]
    commit: str | None = None
    dirty: bool = False
    gates: tuple[Gate, ...] = ()
    actions: tuple[Action, ...] = ()
    readiness: tuple[Readiness, ...] | Absent = Absent(
        "whether a profile is ready was not judged", "canonry report readiness"
    )
    compliance: Compliance | Absent = Absent("no audit was made", "canonry audit")
    run: Run | Absent = Absent("no run is recorded", "canonry run")
    flows: tuple[FlowLine, ...] | Absent = Absent("the canon declares no flow", "canonry canon show flows")
    trends: tuple[Series, ...] | Absent = Absent("fewer than two measurements are kept", "canonry run")
    flaky: tuple[Flaky, ...] | Absent = Absent("no run is recorded", "canonry run")
    slow: tuple[Slow, ...] | Absent = Absent("no run is recorded", "canonry run")
    quarantine: tuple[Quarantined, ...] | Absent = Absent("no test is in quarantine")
    repair: Repair | Absent = Absent("no audit was made", "canonry audit")
    migration: Migration | Absent = Absent("no migration is planned", "canonry migrate plan")
    unproven: tuple[Unproven, ...] = ()
    notes: tuple[str, ...] = ()
