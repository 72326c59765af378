"""What a history keeps: runs with every attempt of every test, and numbers that an audit, a plan or a load measured.

Rows as they are written and read, the same for every engine of the store. Times are seconds since the epoch, durations
seconds. Node ids are those of the tree: they begin at its root, not at pytest's.
"""

from enum import StrEnum

import msgspec

from canonry.model.outcome import Outcome
from canonry.model.run_event import FlowCovered


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run. ``fingerprint`` is what it stood on; ``environment`` is the same as one word, alike where that is alike.

    ``dirty``: the tree was not the commit. ``machine`` tells two machines apart that share one store. ``reason`` says
    why it ended early, empty where it did not; ``whole`` is off where its recording was cut off, or is not known.
    ``root`` is where the tree lay.
    """

    id: str
    at: float
    commit: str | None = None
    dirty: bool = False
    profile: str = "local"
    status: int = 0
    duration: float = 0.0
    machine: str = ""
    environment: str = ""
    fingerprint: dict[str, str] = {}
    reason: str = ""
    whole: bool = True
    root: str = ""


class KeptAttempt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One attempt of one test in a run. Attempts count from 1; only first ones count in reliability."""

    run: str
    node: str
    outcome: Outcome
    attempt: int = 1
    category: str = ""
    at: float = 0.0
    duration: float = 0.0
    worker: int = 0


class KeptFailure(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a bad attempt said: one line, where, and the report with traceback (cut in its middle where it is long)."""

    run: str
    node: str
    attempt: int = 1
    reason: str = ""
    path: str = ""
    line: int = 0
    text: str = ""


class KeptFlow(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run covered a flow of the canon, and which tests of the run walked it (node ids)."""

    run: str
    covered: FlowCovered
    tests: tuple[str, ...] = ()


class Source(StrEnum):
    """What measured a number that is kept."""

    AUDIT = "audit"
    PLAN = "plan"
    LOAD = "load"
    GATE = "gate"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What one audit, plan or load found: numbers by name, and where a number has parts, those by group and part.

    ``values`` holds for example ``test-files``, ``unparsable``, ``compliant``; ``parts`` holds for example
    ``("rule", "DUP001") -> 12``, ``("folder", "tests/unit") -> 31`` (compliant test files there, of
    ``("folder-judged", "tests/unit") -> 33``). ``id`` is the same for the same measurement, so
    that adding it again changes nothing. ``command`` reproduces it, ``commit`` is what it looked at. ``basis`` stands
    for what it was measured by (rules, canon, version): numbers of one basis can be compared.
    """

    id: str
    source: Source
    at: float
    commit: str | None = None
    dirty: bool = False
    command: str = ""
    basis: str = ""
    values: dict[str, float] = {}
    parts: dict[tuple[str, str], float] = {}


class MeasuredCommit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit of a branch with what an audit of it measured. ``kept``: it was known, nothing had to be audited."""

    commit: str
    at: float
    subject: str
    measured: Measured
    kept: bool = False


class MeasuredRange(msgspec.Struct, frozen=True, kw_only=True):
    """Commits of a branch, the oldest first. ``of`` is how many there are between both ends; some may be left out.

    ``rules`` are the names of rules by code, ``canon`` says which canon all of them were judged by.
    """

    revisions: str
    commits: tuple[MeasuredCommit, ...]
    of: int
    canon: str
    command: str
    rules: dict[str, str] = {}
    notes: tuple[str, ...] = ()
