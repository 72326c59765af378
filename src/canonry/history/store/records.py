"""What goes into a store, and what came of it."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from canonry.model.history import KeptFailure, KeptFlow, KeptRun


class Ended(Protocol):
    """An attempt that has its outcome: `KeptAttempt` is one."""

    @property
    def node(self) -> str:
        """The node id of the tree."""

    @property
    def outcome(self) -> str:
        """What became of it: an `Outcome`, or the word of one."""

    @property
    def attempt(self) -> int:
        """Which attempt of the run it was, from 1."""

    @property
    def category(self) -> str:
        """The category of the canon, empty for none."""

    @property
    def at(self) -> float:
        """When it ended, in seconds since the epoch."""

    @property
    def duration(self) -> float:
        """What it took, in seconds."""

    @property
    def worker(self) -> int:
        """The worker process, from 1."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it goes into a store. ``gone``: node ids that stand for nothing any more."""

    run: KeptRun
    attempts: Sequence[Ended] = ()
    failures: Sequence[KeptFailure] = ()
    flows: Sequence[KeptFlow] = ()
    gone: Collection[str] = ()


class Added(msgspec.Struct, frozen=True):
    """How many runs were new, how many known already, and how many results came with the new ones."""

    new: int = 0
    known: int = 0
    results: int = 0
