"""What a repair run found out: one record per file, and the commits that did the damage."""

from enum import StrEnum

import msgspec

from canonry.model.edit import Grade


class Verdict(StrEnum):
    """What triage says of a file that is not as it should be."""

    BROKEN = "broken"
    """It does not parse, and it is Python."""
    NEWER = "newer-python"
    """A newer Python reads it: never edited."""
    COMMENTED_OUT = "commented-out"
    """It parses, and all its tests are comments (SYN003)."""
    NOT_PYTHON = "not-python"
    """It is no text, or text that holds no Python: never edited."""


class Method(StrEnum):
    """Where a proposal comes from."""

    MERGE = "merge"
    """A healthy ancestor with the real changes made since."""
    RESTORE = "restore"
    """A healthy ancestor as it was."""
    LINES = "lines"
    """The broken text itself, mended line by line."""
    ENCODING = "encoding"
    """The broken bytes under a declaration of their encoding."""
    NONE = "none"


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """A change of the broken file that its repair leaves out: ``line`` counts from 1 in the broken file."""

    line: int
    text: tuple[str, ...]
    reason: str


class Lost(msgspec.Struct, frozen=True, gc=False):
    """Words of one line of the broken file that stand nowhere in the repaired one."""

    line: int
    words: tuple[str, ...]


class Source(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The version from history that a proposal starts from. ``health`` lies in 0..1."""

    commit: str
    date: str
    path: str
    health: float


class FileRepair(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One file: what is wrong with it, what is proposed, and how far that can be trusted.

    ``tests_before`` are the test functions that can still be read in the broken text, ``tests_now`` those that pytest
    could collect afterwards. ``words_kept`` is the share (0..1) of the broken file's live words that are live
    afterwards, ``words_invented`` the share of live words that neither it nor its source held. ``cost`` is the price
    of all edits per 100 lines, None where nothing was mended by lines. ``expected_f1`` is the statement F1 that
    proposals of this kind reached in the benchmark. ``digest`` is the SHA-256 of the bytes that were read.
    """

    path: str
    verdict: Verdict
    reason: str = ""
    method: Method = Method.NONE
    grade: Grade = Grade.MANUAL
    grade_reasons: tuple[str, ...] = ()
    source: Source | None = None
    broken_by: str = ""
    damage: dict[str, int] = {}
    priority: str = ""
    lines: int = 0
    tests_before: int = 0
    tests_now: int = 0
    tests_lost: tuple[str, ...] = ()
    words_kept: float = 0.0
    words_invented: float = 0.0
    lost: tuple[Lost, ...] = ()
    marked: tuple[int, ...] = ()
    refused: tuple[Refusal, ...] = ()
    cost: float | None = None
    expected_f1: float | None = None
    cpu_seconds: float = 0.0
    digest: str = ""
    written: bool = False


class Culprit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A commit that broke files: what it claims, and what it did."""

    commit: str
    date: str
    subject: str
    files: tuple[str, ...]
    tests: int
    """The test functions that can be read in the files that it broke."""
    damage: dict[str, int]
    """The number of files that show each class of damage."""


class RepairSummary(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A whole run."""

    commit: str | None
    dirty: bool
    source: str
    target_python: str
    files: int
    """Python files looked at, shadow trees and excluded files left out."""
    repairs: tuple[FileRepair, ...]
    culprits: tuple[Culprit, ...]
    left_out: int = 0
    """Broken files that `--limit` leaves for later."""
    notes: tuple[str, ...] = ()
    plan: str = ""
    """The id of the change plan that was applied."""
    cpu_seconds: float = 0.0
    """Processor time of the whole run, children included, in seconds."""
