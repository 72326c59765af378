"""The events of a run, as they go over a worker's pipe, into a recording and to every report.

One JSON object a line, told apart by ``event``. Times are seconds: ``at`` since the epoch, durations as floats. Node
ids are pytest's, relative to its root directory. A reader skips fields that it does not know; `FORMAT` rises when an
old reader would misunderstand.
"""

import msgspec

from canonry.model.outcome import Outcome
from canonry.model.reliability import FlowClaim

FORMAT = 1
"""The version of this format."""


class _Event(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag_field="event"):
    """What all events share: when, and in which worker (0 is the controller; workers count from 1)."""

    at: float = 0.0
    worker: int = 0


class RunStarted(_Event, frozen=True, tag="run-started"):
    """The first line of a recording. ``fingerprint``: what the run stood on (Python, platform, packages, services)."""

    format: int = FORMAT
    run: str = ""
    root: str = ""
    place: str = ""
    """pytest's root below ``root``, where that is another folder: what the other events name begins there."""
    here: str = ""
    """The folder below ``root`` in which the run was called."""
    host: str = ""
    """The machine's name."""
    resumes: str = ""
    """The interrupted run that this one goes on with."""
    commit: str | None = None
    dirty: bool = False
    arguments: tuple[str, ...] = ()
    profile: str = "local"
    fingerprint: dict[str, str] = {}
    flaky_warns: tuple[str, ...] = ()
    """The categories in which a flaky test does not fail the run."""
    asked: tuple[str, ...] = ()
    """The categories that were asked for by name: each of them has to have run a test."""


class RunEnded(_Event, frozen=True, tag="run-ended"):
    """The last line of a recording. ``reason`` says why it ended early, and is empty where it did not."""

    status: int = 0
    duration: float = 0.0
    reason: str = ""


class Collected(_Event, frozen=True, tag="collected"):
    """The tests that one file holds, in their order. ``deselected`` were left out by ``-k``, ``-m`` or a plugin."""

    path: str
    nodes: tuple[str, ...] = ()
    deselected: int = 0


class Uncollectable(_Event, frozen=True, tag="uncollectable"):
    """A file that does not parse or import. ``line`` is 0 where nothing says it; ``text`` is pytest's whole report."""

    path: str
    reason: str = ""
    line: int = 0
    text: str = ""


class AttemptStarted(_Event, frozen=True, tag="attempt-started"):
    """An attempt of a test begins, before its setup. Attempts count from 1."""

    node: str
    attempt: int = 1


class PhaseEnded(_Event, frozen=True, tag="phase-ended"):
    """``setup``, ``call`` or ``teardown`` of the running test ended; a failing subtest is a ``subtest``."""

    node: str
    phase: str
    outcome: Outcome
    duration: float = 0.0


class Captured(msgspec.Struct, frozen=True, gc=False):
    """A section of what a test printed or logged, as pytest names it (``Captured stdout call``), cut in its middle."""

    title: str
    text: str


class AttemptEnded(_Event, frozen=True, tag="attempt-ended"):
    """An attempt of a test has its outcome.

    ``reason`` is one line: the exception's message, why it was skipped, which signal. ``text`` is the report with
    traceback; ``line`` (from 1, 0 unknown) and ``path`` are where it failed or was skipped, relative to the root.
    """

    node: str
    outcome: Outcome
    attempt: int = 1
    category: str = ""
    duration: float = 0.0
    reason: str = ""
    text: str = ""
    path: str = ""
    line: int = 0
    captured: tuple[Captured, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    """What the test recorded for reports (``record_property``)."""


class Leaked(_Event, frozen=True, tag="leaked"):
    """State that a test or file left behind.

    ``kind``: ``environment``, ``cwd``, ``umask``, ``locale``, ``warnings``, ``logging``, ``signal``, ``double``,
    ``thread``, ``process``, ``task``, ``event-loop``, ``socket``, ``temporary-file`` or ``global``. ``restored`` says
    that it was put back, so that the next test does not see it. ``node`` is the file where the test is not known.
    """

    node: str
    kind: str
    name: str
    detail: str = ""
    restored: bool = False


class NeverAwaited(_Event, frozen=True, tag="never-awaited"):
    """A test's own coroutine was made and dropped: whatever its outcome says, its body never ran."""

    node: str


class Metric(_Event, frozen=True, tag="metric"):
    """A number that a test recorded about itself."""

    node: str
    name: str
    value: float
    unit: str = ""


class DoubleMade(_Event, frozen=True, tag="double-made"):
    """The mock factory made a double of ``real`` (``module:qualified.name``) at ``path``:``line``."""

    node: str
    real: str
    kind: str
    path: str = ""
    line: int = 0


class ContractJudged(_Event, frozen=True, tag="contract-judged"):
    """A test held what it received against an event contract.

    ``violations`` are the ids of the rules that were violated. ``seen`` is what connections exercised of the
    contract: group (``events``, ``transitions``, ``spans``, ...), name, how often. ``flow`` is the flow of the canon
    that the test walks, if it walks one.
    """

    node: str
    contract: str
    flow: str = ""
    connections: int = 0
    received: int = 0
    judged: int = 0
    violations: tuple[str, ...] = ()
    seen: tuple[tuple[str, str, int], ...] = ()


class Measure(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A share: ``part`` of ``whole``, and what is missing. ``note`` says why it was not measured, where it was not."""

    part: int = 0
    whole: int = 0
    missing: tuple[str, ...] = ()
    note: str = ""

    @property
    def share(self) -> float | None:
        """The share (0..1), None where it was not measured."""
        return None if self.note or not self.whole else self.part / self.whole


class FlowCovered(_Event, frozen=True, tag="flow-covered"):
    """How far the tests of this run cover a flow of the canon, each measure with its own denominator.

    ``code``: statements and branches of its components that passing tests without mocks reach. ``events``: events,
    directions and outcomes of its contract that a check judged on a connection. ``transitions``: those that the
    contract declares. ``faults``: rules under faults. ``mutants``: rules of the contract that a mutant turns red.
    """

    flow: str
    contract: str = ""
    tests: int = 0
    """How many tests counted for ``code``."""
    code: Measure = Measure()
    events: Measure = Measure()
    transitions: Measure = Measure()
    faults: Measure = Measure()
    mutants: Measure = Measure()

    @property
    def headline(self) -> float | None:
        """The least of code, events and transitions, None where one of them was not measured."""
        shares = [self.code.share, self.events.share, self.transitions.share]
        return min(each for each in shares if each is not None) if None not in shares else None


class FlowClaimed(_Event, frozen=True, tag="flow-claimed"):
    """What may be claimed of a flow's reliability after this run."""

    claim: FlowClaim


class Slow(_Event, frozen=True, tag="slow"):
    """A test has run for ``seconds`` and still does. ``stacks`` holds what its threads do, past the soft limit."""

    node: str
    seconds: float
    stacks: str = ""


class ServiceChanged(_Event, frozen=True, tag="service"):
    """A service became ``starting``, ``ready``, ``unavailable``, ``crashed`` or ``stopped``."""

    name: str
    state: str
    detail: str = ""
    duration: float = 0.0


class WorkerStarted(_Event, frozen=True, tag="worker-started"):
    """A worker process is there. ``forked`` says that it came from the zygote."""

    pid: int
    forked: bool = False


class WorkerEnded(_Event, frozen=True, tag="worker-ended"):
    """A worker process is gone: ``signal`` that ended it (0 none), else its ``status``."""

    pid: int
    status: int = 0
    signal: int = 0
    detail: str = ""


class CategoryStarted(_Event, frozen=True, tag="category-started"):
    """The first test of a category may start."""

    name: str
    tests: int = 0


class CategoryEnded(_Event, frozen=True, tag="category-ended"):
    """All tests of a category have outcomes. ``state``: ``passed``, ``failed``, ``blocked``, ``timeout``, ``empty``."""

    name: str
    state: str
    duration: float = 0.0
    detail: str = ""


class Note(_Event, frozen=True, tag="note"):
    """Something that the reader of a report should know: a fork refused and why, a cap that was reached."""

    text: str


class InQuarantine(_Event, frozen=True, tag="in-quarantine"):
    """A test of the tree's quarantine, told when the run begins. ``days`` are left, below nought where it expired."""

    test: str
    reason: str = ""
    owner: str = ""
    issue: str = ""
    expires: str = ""
    days: int = 0


class PluginReport(_Event, frozen=True, tag="plugin-report"):
    """What a plugin of pytest reports of a whole run, in its own words. ``failed``: the run failed by its measure."""

    plugin: str
    text: str = ""
    failed: bool = False


RunEvent = (
    RunStarted
    | RunEnded
    | Collected
    | Uncollectable
    | AttemptStarted
    | PhaseEnded
    | AttemptEnded
    | Leaked
    | NeverAwaited
    | Metric
    | DoubleMade
    | ContractJudged
    | FlowCovered
    | FlowClaimed
    | Slow
    | ServiceChanged
    | WorkerStarted
    | WorkerEnded
    | CategoryStarted
    | CategoryEnded
    | Note
    | InQuarantine
    | PluginReport
)

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[RunEvent] = msgspec.json.Decoder(RunEvent)


def encode(event: RunEvent) -> bytes:
    """The event as one line, its line end included."""
    return _ENCODER.encode(event) + b"\n"


def decode(line: bytes) -> RunEvent:
    """The event of a line. Raises `msgspec.DecodeError` where it is none."""
    return _DECODER.decode(line)
