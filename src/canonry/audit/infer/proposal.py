"""What `canonry init` proposes: a value per key of the canon, and the counting that speaks for it."""

from typing import Any

import msgspec

from canonry.canon.keys import KeyPath
from canonry.model.finding import Confidence


class Other(msgspec.Struct, frozen=True):
    """A value that was counted too and is not proposed."""

    value: str
    count: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One key of the canon: its value (of TOML's types), and ``why``, a sentence that holds the count.

    ``evidence`` are the numbers of the sentence by name, ``others`` the runners-up, the strongest first. ``certain``
    follows from what is declared or resolved, ``likely`` from names or from the weight of a count.
    """

    key: KeyPath
    value: Any
    why: str
    items: tuple[str, ...] = ()
    """A sentence per item of a value that is a list of tables."""
    evidence: dict[str, int] = {}
    others: tuple[Other, ...] = ()
    confidence: Confidence = Confidence.LIKELY


class Omission(msgspec.Struct, frozen=True):
    """A key that is not proposed, and why."""

    key: str
    why: str


class Kept(msgspec.Struct, frozen=True):
    """A key that the canon declares already; ``counted`` is the entry that counting would have proposed."""

    declared: Any
    counted: Entry

    @property
    def agrees(self) -> bool:
        """Whether the declared value is what counting says (for a table: each of the keys that counting names)."""
        value = self.counted.value
        if isinstance(value, dict) and isinstance(self.declared, dict):
            return all(self.declared.get(name) == inner for name, inner in value.items())
        return bool(self.declared == value)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The entries to add, in the order of the canon; what is declared already; what is not proposed."""

    entries: tuple[Entry, ...]
    kept: tuple[Kept, ...]
    omissions: tuple[Omission, ...]
    files: int
    test_files: int
    tests: int


Answer = Entry | Omission
"""What counting says of one key."""


def plural(count: int, noun: str, several: str = "") -> str:
    """The count with its noun."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"
