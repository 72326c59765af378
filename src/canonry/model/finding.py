"""A finding: a rule broken at a place."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How much an open finding weighs. Only errors make a test file non-compliant."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return _RANKS[self]


class Confidence(StrEnum):
    """How sure a rule is: ``certain`` follows from syntax, ``likely`` rests on a name, ``review`` wants a reader."""

    CERTAIN = "certain"
    LIKELY = "likely"
    REVIEW = "review"


_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


class Position(msgspec.Struct, frozen=True, gc=False):
    """A place in a text: ``line`` and ``column`` count from 1, ``column`` in characters (code points)."""

    line: int
    column: int


class Related(msgspec.Struct, frozen=True, gc=False):
    """Another place of the same offence: a member of a cluster, the home that was meant. Lines and columns from 1."""

    path: str
    line: int
    column: int
    symbol: str
    note: str = ""
    """What is to be said of this place: how it differs, who imports it."""


class Finding(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, array_like=True):
    """One offence at one place, as every report prints it. Kept without the names of its fields: there may be many.

    ``path`` is relative to the root of the audited tree, with ``/``. ``end`` is exclusive in its column.
    ``symbol`` is the qualified name inside the file that holds the place (``<module>``, ``__main__`` for the main
    block). ``fingerprint`` is 16 hexadecimal digits of rule, symbol, normalised snippet and occurrence within the
    file: it knows neither line nor path, so moving or reformatting code keeps it, and the same offence in two files
    has one fingerprint. Path and fingerprint together name a finding within a tree.
    """

    code: str
    path: str
    line: int
    column: int
    end: Position
    message: str
    severity: Severity
    confidence: Confidence
    fingerprint: str
    symbol: str
    help: str
    related: tuple[Related, ...] = ()
    """The other places of a cluster, the likely home first; empty for an offence at one place."""
