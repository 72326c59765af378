"""The result of a load run as data: what `canonry load` measures and reports render."""

from enum import StrEnum
from typing import Any

import msgspec

VERSION = 1
WITNESSES = 100
"""Violations of each rule that are kept with the frames around them; the others are counted."""


class Sample(msgspec.Struct, frozen=True):
    """How far a process is, ``at`` seconds after it began; sums since then, but ``connections`` are those open now."""

    at: float
    users: int
    connections: int
    events: int
    turns: int
    failed: int
    violations: int


class Failure(msgspec.Struct, frozen=True):
    """The first failure of its class: whose, what was said, when."""

    user: str
    message: str
    at: float


class Leak(msgspec.Struct, frozen=True):
    """A violation with its witnesses: the frames before and with it, (direction, text).

    ``index`` counts the events of the conversation from 0; ``at`` is in seconds after the process began.
    """

    user: str
    rule: str
    message: str
    event: str
    frames: tuple[tuple[str, str], ...]
    index: int = 0
    at: float = 0.0


class Reach(msgspec.Struct, frozen=True):
    """How far the violations of a rule reach: how many conversations broke it, when first and last, in seconds."""

    streams: int
    first: float
    last: float


class Totals(msgspec.Struct):
    """Sums. ``frames`` were received by connections; ``received`` counts those and what was sent, ``judged`` what the
    checker judged of both.

    ``refused`` users never began; ``cut_off`` turns had not ended when the time was over; ``missed`` arrivals of
    an open workload nobody was free to take; ``left_open`` conversations the client itself broke off; ``sound``
    users broke no rule in any of theirs.
    """

    users: int = 0
    refused: int = 0
    turns: int = 0
    done: int = 0
    failed: int = 0
    cut_off: int = 0
    missed: int = 0
    sound: int = 0
    connections: int = 0
    streams: int = 0
    flawed: int = 0
    left_open: int = 0
    frames: int = 0
    received: int = 0
    judged: int = 0


class Threshold(msgspec.Struct, frozen=True):
    """What is measured has to be at most, or at least, so much: seconds, a share, or events a second."""

    measure: str
    limit: float
    at_least: bool = False
    strict: bool = False


class Held(msgspec.Struct, frozen=True):
    """A threshold and what was measured; None where nothing was, which holds nothing."""

    threshold: Threshold
    value: float | None
    is_held: bool
    sentence: str


class LoadVerdict(StrEnum):
    """What a run says. Nothing judged is never a success."""

    PASSED = "passed"
    FAILED = "failed"
    PARTIAL = "partial"
    NOTHING_JUDGED = "nothing judged"


class Timing(msgspec.Struct, frozen=True):
    """How long a step took, in seconds: percentile -> seconds, the mean, and how often it was done."""

    name: str
    count: int
    mean: float
    least: float
    percentiles: dict[str, float]


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report shows. ``cpu`` is that of the client's processes together, in seconds.

    ``rules`` counts every violation, ``leaks`` has the first `WITNESSES` of each rule, ``reach`` how far they reach.
    ``ids_forgotten`` ids came so long ago that later ones are not compared with them any more;
    ``lag`` is how late, at most, the client itself was in seconds: latencies and deadlines hold that too.
    """

    scenario: str
    contract: str
    spec: dict[str, Any]
    started: float
    seconds: float
    cpu: float
    memory: int
    lag: float
    processes: int
    totals: Totals
    timings: tuple[Timing, ...]
    failures: dict[str, int]
    first_failures: dict[str, Failure]
    rules: dict[str, int]
    leaks: tuple[Leak, ...]
    samples: tuple[Sample, ...]
    steady: tuple[int, float]
    disturbed: dict[str, int]
    isolation: tuple[str, ...]
    thresholds: tuple[Held, ...]
    verdict: LoadVerdict
    reasons: tuple[str, ...]
    encoded: dict[str, str]
    ids_forgotten: int = 0
    reach: dict[str, Reach] = {}
    version: int = VERSION

    @property
    def events_per_second(self) -> float:
        """Events received a second, from when all users had begun until the time was over."""
        events, seconds = self.steady
        return events / seconds if seconds else 0.0

    @property
    def events_per_cpu_second(self) -> float:
        """Events received for each second of CPU that the client took."""
        return self.totals.frames / self.cpu if self.cpu else 0.0

    @property
    def failure_share(self) -> float:
        """Turns that failed, of those that ended."""
        ended = self.totals.done + self.totals.failed
        return self.totals.failed / ended if ended else 0.0

    @property
    def concurrent_success(self) -> float:
        """Users whose every conversation held every rule, as a share of all users, those who never began included."""
        users = self.totals.users + self.totals.refused
        return self.totals.sound / users if users and self.totals.frames else 0.0


class Effect(msgspec.Struct, frozen=True):
    """B against A in one measure: the ratio, its 95 % interval, and a sentence. ``pairs`` runs each."""

    measure: str
    a: float
    b: float
    ratio: float
    low: float
    high: float
    pairs: int
    sentence: str

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves out that nothing differs."""
        return not self.low <= 1 <= self.high


class Comparison(msgspec.Struct, frozen=True):
    """How service B does against service A. ``failed`` says which runs broke rules, or had turns that failed."""

    a: str
    b: str
    effects: tuple[Effect, ...]
    failed: tuple[str, ...]
    interrupted: bool = False
