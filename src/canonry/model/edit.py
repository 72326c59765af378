"""An edit: one replacement of a byte range."""

from enum import StrEnum

import msgspec


class Grade(StrEnum):
    """How safe a fix is: ``safe`` is applied by default, ``review`` when asked for, ``manual`` is listed only."""

    SAFE = "safe"
    REVIEW = "review"
    MANUAL = "manual"

    @property
    def rank(self) -> int:
        """0 for the safest."""
        return _RANKS[self]


_RANKS = {Grade.SAFE: 0, Grade.REVIEW: 1, Grade.MANUAL: 2}


class Edit(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """New bytes for the range from ``start`` to ``end`` (exclusive), as offsets in the file's bytes, BOM included.

    ``expected`` is what stands there; where something else does, the edit is refused. ``rule`` says who planned it.
    """

    start: int
    end: int
    expected: bytes
    replacement: bytes
    rule: str
    grade: Grade = Grade.SAFE
