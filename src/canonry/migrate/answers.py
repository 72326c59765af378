"""The words in which a codemod answers: a finding, the change it proposes, the edits and names of that change."""

import msgspec

from canonry.model.edit import Grade
from canonry.model.finding import Related
from canonry.rules.rule import Offence


class Splice(msgspec.Struct, frozen=True, gc=False):
    """New bytes for a range of the file's bytes, the byte order mark included."""

    start: int
    end: int
    text: bytes


class Needed(msgspec.Struct, frozen=True, gc=False):
    """``from module import name as bound`` at the top of the file; with an empty ``name``: ``import module``."""

    module: str
    name: str
    bound: str


class Found(msgspec.Struct, frozen=True):
    """A finding that a codemod is asked about: the rule's code and the place.

    ``home`` is the likely home where the place is another one of a finding that was made there (`Codemod.elsewhere`).
    """

    rule: str
    offence: Offence
    home: Related | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one finding: what is to be done, and how far that may be trusted.

    ``edits`` are made together or not at all; ``needs`` are the names that they use, ``Module.name_for`` makes them. A
    manual change has a ``reason`` and no edits; so may a safe one, where an edit elsewhere mends the finding.
    ``renames`` are test ids (``Class::test``) before and after. ``group`` joins changes that only make sense together:
    where one of them cannot be made none is, and all have the worst grade among them. ``elsewhere`` is the path and
    line of the finding whose edit mends this one, which then has no better grade than that. ``removes`` takes the file
    away. ``detail`` is code for the reader to begin with.
    """

    found: Found
    grade: Grade
    reason: str = ""
    edits: tuple[Splice, ...] = ()
    needs: tuple[Needed, ...] = ()
    renames: tuple[tuple[str, str], ...] = ()
    group: str = ""
    elsewhere: tuple[str, int] | None = None
    removes: bool = False
    detail: str = ""


def manual(found: Found, reason: str, *, detail: str = "") -> Change:
    """The answer to a finding that somebody has to mend by hand; ``detail`` is code to begin with."""
    return Change(found=found, grade=Grade.MANUAL, reason=reason, detail=detail)
