"""What a gate compares, and what it says: two states of a tree, and what became of one on the way to the other."""

from enum import StrEnum

import msgspec

from canonry.model.finding import Confidence, Severity


class Kind(StrEnum):
    """What a change is about, the gravest first."""

    PARSING = "parsing"
    TESTS = "tests"
    ASSERTIONS = "assertions"
    VIOLATIONS = "violations"
    EXEMPTIONS = "exemptions"
    QUARANTINE = "quarantine"
    CONTRACTS = "contracts"
    CANON = "canon"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return _RANKS[self]


_RANKS = {kind: rank for rank, kind in enumerate(Kind)}


class Direction(StrEnum):
    """``worse`` refuses; ``better`` is a gain; ``told`` is neither, and nobody is to overlook it."""

    WORSE = "worse"
    BETTER = "better"
    TOLD = "told"


class Violation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An open finding as the gate counts it. ``weight`` is 1 and one more for each other place of a cluster."""

    code: str
    fingerprint: str
    path: str
    line: int = 0
    symbol: str = ""
    message: str = ""
    severity: Severity = Severity.ERROR
    confidence: Confidence = Confidence.CERTAIN
    weight: int = 1


class KnownTest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A test by its id: how many assertions are in it, and its line."""

    assertions: int
    line: int = 0


class Exemption(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What keeps findings from being found open, or tests from being run.

    ``unit`` is ``statement``, ``file``, ``canon``, ``exclude``, or ``collection`` for what pytest is told to leave out.
    ``rule`` is the word as written: a code, a family, a name; of ``exclude`` the glob, of ``collection`` the option.
    ``count`` is how many files an entry of the canon covers, else 1.
    """

    unit: str
    rule: str
    path: str
    reason: str = ""
    line: int = 0
    count: int = 1


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate knows of one tree. ``name`` says which. Of two trees that are compared, what is equal is left out.

    ``tests`` are by node id, ``helpers`` the assertions outside tests by path. ``broken`` are files that do not parse,
    with line and message. ``contracts`` are sentences on what has to hold (``FILE: rule NAME``), ``canon`` values of
    the canon that a weaker canon would change. ``files`` counts what was looked at in the whole tree.
    """

    name: str
    commit: str | None = None
    violations: tuple[Violation, ...] = ()
    tests: dict[str, KnownTest] = {}
    helpers: dict[str, int] = {}
    broken: dict[str, tuple[int, str]] = {}
    exemptions: tuple[Exemption, ...] = ()
    quarantine: dict[str, str] = {}
    contracts: frozenset[str] = frozenset()
    canon: dict[str, str] = {}
    files: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that differs. ``rule`` is the code of a violation or what an exemption is about, else empty.

    ``line`` is 0 where there is none. ``count`` is how many there are of it.
    """

    kind: Kind
    direction: Direction
    message: str
    path: str = ""
    line: int = 0
    rule: str = ""
    fingerprint: str = ""
    count: int = 1


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a state is refused: a sentence with the count, the first place, and the command that mends it.

    ``remark`` says what to do where the change is meant, and is no command; it may be empty.
    """

    kind: Kind
    said: str
    mend: str
    changes: tuple[Change, ...]
    remark: str = ""


class Verdict(StrEnum):
    """``worse`` is refused."""

    BETTER = "better"
    NEUTRAL = "neutral"
    WORSE = "worse"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate says of a state against its baseline.

    ``allowed`` are the kinds that somebody agreed to: what is worse in them is told and does not refuse. ``notes`` are
    sentences for the user.
    """

    verdict: Verdict
    head: str
    base: str
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...]
    allowed: tuple[Kind, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True
    """Whether the whole tree was compared, or only some files of it."""

    @property
    def refused(self) -> bool:
        """Whether it may not pass."""
        return self.verdict is Verdict.WORSE


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the enforcement tests while one violation of a rule stood in a copy of the tree.

    ``place`` is where it was planted, empty where it was not, for this ``reason``. ``red`` are the tests that turned.
    """

    rule: str
    name: str
    place: str = ""
    reason: str = ""
    red: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether some test turned red."""
        return bool(self.red)


class Proving(msgspec.Struct, frozen=True, kw_only=True):
    """All rules tried. ``tests`` ran before; ``red_before`` did not pass then, so that they prove nothing."""

    tests: tuple[str, ...]
    red_before: tuple[str, ...]
    planted: tuple[Planted, ...]


class ProofState(StrEnum):
    """How a proof test stands to the finding that it is about."""

    PROVEN = "proven"
    CONTRADICTED = "contradicted"
    UNPROVEN = "unproven"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof test against its finding: ``claim`` is ``CODE:name``, ``open`` says whether the finding is."""

    test: str
    claim: str
    open: bool
    outcome: str
    standing: ProofState
    said: str
