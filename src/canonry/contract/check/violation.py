"""What a checker says: violations with their witnesses, and verdicts."""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What is known of a rule: nothing can be said before the close or the end, unless it is broken already."""

    HOLDS = "holds"
    VIOLATED = "violated"
    PENDING = "pending"


class Violation(msgspec.Struct, frozen=True, order=True):
    """A rule that was broken. ``index`` counts the events of the connection from 0; at the end it is their number.

    ``witnesses`` are the indices of the events that it was broken against; ``event`` is the name of the one that broke
    it, empty at the end of the stream.
    """

    index: int
    rule: str
    message: str
    connection: str = ""
    event: str = ""
    witnesses: tuple[int, ...] = ()
