"""A migration in waves: what is planned, what each wave came to, and where the whole stands."""

from enum import StrEnum

import msgspec

from canonry.model.change_plan import FileChange
from canonry.model.edit import Grade
from canonry.model.outcome import Outcome

SCHEMA = 1
"""The version of plan and log."""


class Level(StrEnum):
    """How far a wave is proved before it stays; each holds what the ones before it hold.

    ``static``: the results parse, hold their tests and assertions, and nothing but the plan changed. ``collected``:
    pytest collects the same node ids. ``run``: no test is lost, and none that passed fails.
    """

    STATIC = "static"
    COLLECTED = "collected"
    RUN = "run"


class HandFinding(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A finding that no edit of the plan mends, and why."""

    line: int
    codemod: str
    rule: str
    grade: Grade
    reason: str


class PlannedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a wave. ``after`` is the digest of what it becomes, ``priority`` 0 for P0 to 3 for P3.

    ``owner`` and ``category`` are empty where nobody is declared. ``left`` are findings of the file that stay,
    ``renames`` the test ids (``Class::test``) before and after. ``reached`` is false where no test imports it.
    """

    change: FileChange
    after: str
    codemods: tuple[str, ...]
    findings: int
    owner: str = ""
    category: str = ""
    priority: int = 2
    left: tuple[HandFinding, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    reached: bool = True

    @property
    def path(self) -> str:
        """Where it lies, from the root of the tree."""
        return self.change.path

    @property
    def grade(self) -> Grade:
        """The worst grade among its edits."""
        return self.change.grade

    @property
    def is_python(self) -> bool:
        """Whether tests can run it; files of commands are proved by their readers alone."""
        return self.change.path.endswith(".py")


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """What is applied, proved, and kept or undone together. The canary comes first. ``issue`` is a number or empty."""

    number: int
    files: tuple[PlannedFile, ...]
    canary: bool = False
    issue: str = ""

    @property
    def grade(self) -> Grade:
        """The worst grade among its files."""
        return max((each.grade for each in self.files), key=lambda grade: grade.rank, default=Grade.SAFE)

    @property
    def owners(self) -> tuple[str, ...]:
        """Who owns its files, sorted."""
        return tuple(sorted({each.owner for each in self.files if each.owner}))

    @property
    def codemods(self) -> tuple[str, ...]:
        """The codemods that edit its files, sorted."""
        return tuple(sorted({name for each in self.files for name in each.codemods}))

    @property
    def title(self) -> str:
        """What to call it."""
        return f"wave {self.number}{' (canary)' if self.canary else ''}"


class HandFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that no wave changes, with the findings that are left to a hand."""

    path: str
    findings: tuple[HandFinding, ...]


class WavePlan(msgspec.Struct, frozen=True, kw_only=True):
    """All waves. ``canon`` is a digest of the canon they were planned by; ``made`` a time (ISO 8601, UTC).

    ``arguments`` are those that plan the same again.
    """

    id: str
    made: str
    commit: str | None
    dirty: bool
    canon: str
    target_python: str
    size: int
    review: bool
    waves: tuple[Wave, ...]
    by_hand: tuple[HandFile, ...]
    arguments: tuple[str, ...] = ()
    schema: int = SCHEMA

    @property
    def files(self) -> int:
        """How many files it changes."""
        return sum(len(wave.files) for wave in self.waves)

    def origin(self, number: int) -> str:
        """What names a wave's change in the journal."""
        return f"migrate next {self.id}/{number}"


class TestChange(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A test whose outcome a change made worse. ``after`` is None where it is not there any more."""

    __test__ = False

    node: str
    before: Outcome
    after: Outcome | None
    reason: str = ""


class Unmasked(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A test that fails now and never really ran before, and the evidence for that."""

    node: str
    evidence: str
    reason: str = ""


class Guilty(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose change does not stay, with the tests that say why. ``unmasks``: they never ran before."""

    path: str
    reason: str
    tests: tuple[TestChange, ...] = ()
    unmasks: bool = False


class Decision(StrEnum):
    """What a wave's proof comes to."""

    LAND = "land"
    REFUSE = "refuse"
    """None of its files may stay; the next wave may come all the same."""
    STOP = "stop"
    """None of its files stays, and no other wave is taken before somebody has looked."""


class Measured(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a wave's tests did. Seconds are those of whole runs; ``bad`` tests had no good outcome.

    ``before`` and ``after`` hold one number for each run.
    """

    test_files: int = 0
    tests: int = 0
    passed: int = 0
    bad_before: int = 0
    bad_after: int = 0
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()


class Judged(msgspec.Struct, frozen=True, kw_only=True, tag="judged"):
    """A wave was tried, and what came of it. It stands when the journal of changes holds it sealed.

    ``files`` may stay; ``unproved`` are those among them that no test reaches. ``seconds`` are all that it took.
    """

    wave: int
    at: str
    decision: Decision
    level: Level
    place: str
    files: tuple[str, ...] = ()
    reason: str = ""
    guilty: tuple[Guilty, ...] = ()
    unmasked: tuple[Unmasked, ...] = ()
    flaky: tuple[str, ...] = ()
    unproved: tuple[str, ...] = ()
    measured: Measured = Measured()
    seconds: float = 0.0


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    """A wave is about to be tried. ``scratch`` is the copy that is made for it, empty where it is tried in place."""

    wave: int
    at: str
    scratch: str = ""


class Landed(msgspec.Struct, frozen=True, kw_only=True, tag="landed"):
    """A wave's files were written, as the change of this number."""

    wave: int
    at: str
    change: str


class GivenUp(msgspec.Struct, frozen=True, kw_only=True, tag="given up"):
    """A wave that was begun could not be tried: its tests cannot be run, or somebody interrupted it."""

    wave: int
    at: str
    reason: str


Entry = Begun | GivenUp | Judged | Landed
"""A line of a plan's log."""


class State(StrEnum):
    """Where a wave stands."""

    WAITING = "waiting"
    INTERRUPTED = "interrupted"
    """It was begun and cut off; nothing of it is in the tree, and it waits."""
    LANDED = "landed"
    PARTLY = "landed in part"
    REFUSED = "refused"
    STOPPED = "stopped"
    ROLLED_BACK = "rolled back"

    @property
    def is_open(self) -> bool:
        """Whether it is still to be taken."""
        return self in (State.WAITING, State.INTERRUPTED, State.STOPPED)


class WaveStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A wave, where it stands, the change that holds it, and what its last trial came to."""

    wave: Wave
    state: State
    change: str = ""
    judged: Judged | None = None
    edited: tuple[str, ...] = ()
    """Files of an open wave that are not what was planned on any more."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A whole plan and where it stands. ``log`` is everything that was done, the oldest first."""

    plan: WavePlan
    waves: tuple[WaveStatus, ...]
    log: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    earlier: tuple[int, int, float] = (0, 0, 0.0)
    """Waves, files and seconds of the plans before this one."""

    @property
    def open(self) -> tuple[WaveStatus, ...]:
        """The waves that are still to be taken."""
        return tuple(each for each in self.waves if each.state.is_open)

    @property
    def stopped(self) -> WaveStatus | None:
        """The wave that stopped the plan."""
        return next((each for each in self.waves if each.state is State.STOPPED), None)

    @property
    def measured(self) -> tuple[int, int, float]:
        """What the waves that were tried took, of this plan and of those before: number, files, seconds."""
        sizes = {wave.number: len(wave.files) for wave in self.plan.waves}
        tried = [entry for entry in self.log if isinstance(entry, Judged)]
        waves, files, seconds = self.earlier
        files += sum(sizes[entry.wave] for entry in tried)
        return waves + len(tried), files, seconds + sum(entry.seconds for entry in tried)
