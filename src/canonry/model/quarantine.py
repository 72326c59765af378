"""Tests in quarantine: they run, and until a day that is written down their failures do not fail the run."""

import datetime as dt
from collections.abc import Collection

import msgspec

from canonry.model.outcome import Outcome

FILE = "canonry-quarantine.toml"
"""Where they are written down, at the root of the tree."""
LONGEST = 30
"""The most days that a test may stay."""
_NOT_FORGIVEN = frozenset((Outcome.UNCOLLECTABLE, Outcome.NOT_RUN, Outcome.BLOCKED))
"""Outcomes of tests that did not run: a quarantined test still runs."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A test in quarantine: a node id from the root of the tree, of a test, of a class, or without its parameters.

    ``expires`` is the last day on which it counts. ``line`` is where it stands in the file.
    """

    test: str
    reason: str
    owner: str
    issue: str
    created: dt.date
    expires: dt.date
    line: int = 0

    def days_left(self, today: dt.date) -> int:
        """The days that are left: 0 on the last one, below nought afterwards."""
        return (self.expires - today).days


def named_by(tests: Collection[str], node: str) -> str:
    """The quarantined test that names a node id: the same, without parameters, or a class of it; empty for none."""
    if not tests or "::" not in node:
        return ""
    if node in tests:
        return node
    name = node.partition("[")[0]
    while "::" in name:
        if name in tests:
            return name
        name = name.rpartition("::")[0]
    return ""


def forgives(tests: Collection[str], node: str, outcome: Outcome) -> bool:
    """Whether a bad outcome of a test does not count, because the test is in quarantine and really ran."""
    return outcome.is_bad and outcome not in _NOT_FORGIVEN and bool(named_by(tests, node))
