"""A change plan: edits over many files, applied as one."""

from enum import StrEnum

import msgspec

from canonry.model.edit import Edit, Grade


class Verification(StrEnum):
    """What a plan's results are held against before a byte is written.

    ``edits``: all six checks, among them that tree, comments and strings outside the edits stay. ``own``: the planner
    brings its own verification in their place, because there is no tree to compare with (repair), or no Python.
    """

    EDITS = "edits"
    OWN = "own"


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one file. ``path`` is relative to the root of the tree, with ``/``.

    ``digest`` is the SHA-256 (hexadecimal) of the bytes that the edits were planned on; None where the file is to be
    made, with the edits' replacements as its content. The mode stays; ``mode`` is that of a file that is made, and what
    the umask leaves where it is None. ``removed`` takes the file away; there are no edits then.
    """

    path: str
    digest: str | None
    edits: tuple[Edit, ...] = ()
    reason: str = ""
    grade: Grade = Grade.SAFE
    mode: int | None = None
    removed: bool = False


class ChangePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of many files that are applied together or not at all.

    ``origin`` names who planned them (`repair`, `migrate base-case`), ``commit`` the commit that was looked at, where
    there is one.
    """

    files: tuple[FileChange, ...]
    reason: str
    origin: str
    verification: Verification = Verification.EDITS
    commit: str | None = None
