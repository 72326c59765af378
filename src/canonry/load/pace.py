"""When turns are meant to begin: a plan that does not wait for the service."""

import math
import random
from typing import Protocol

from canonry.load.spec import LoadSpec, Workload

_GOLDEN = 0.6180339887498949
"""Multiples of the golden ratio, modulo 1, lie evenly (Kronecker's sequence)."""


class Chance(Protocol):
    """Who has random numbers of his own; they take room, so they are asked for only where they are used."""

    @property
    def random(self) -> random.Random:
        """The numbers."""


class Pace:
    """The plan of one process. All times are of the loop's clock; ``begun`` is when the run began.

    Closed workload: each user begins a turn when the last one is over and he has thought, or every ``pace`` seconds.
    Open workload: turns arrive at ``rate`` a second, by a Poisson process of the spec's seed, and the next user who is
    free takes the earliest; where none is free it waits, and that wait is part of its latency.

    What a run lasts is counted from `all_are_ready`: from when the last user has begun, and the ramp is over.
    """

    def __init__(self, spec: LoadSpec, *, begun: float) -> None:
        self._spec = spec
        self._begun = begun
        self.ends = math.inf
        self._taken = [0] * spec.users
        self._next: list[float | None] = [None] * spec.users
        self._arrivals = random.Random(f"arrivals:{spec.seed}:{spec.first}")
        self._arrival = begun

    def begin(self, number: int) -> float:
        """When the user ``number`` of this process logs in: the ramp deals them out evenly."""
        return self._begun + self._spec.ramp * number / max(self._spec.users, 1)

    def all_are_ready(self, now: float) -> None:
        """Says that every user has begun, or will not: arrivals begin now, and so does what the run lasts."""
        start = max(now, self._begun + self._spec.ramp)
        self._arrival = start
        if self._spec.seconds:
            self.ends = start + self._spec.seconds

    def missed(self, until: float) -> int:
        """How many arrivals of an open workload were due by then, and nobody was free to take them."""
        if self._spec.workload is not Workload.OPEN:
            return 0
        count = 0
        while (due := self._arrival + self._arrivals.expovariate(self._spec.rate)) < min(until, self.ends):
            self._arrival = due
            count += 1
        return count

    def next(self, number: int, who: Chance, now: float) -> float | None:
        """When the user's next turn is meant to begin, which may be in the past; None when there is none any more."""
        spec = self._spec
        if spec.turns and self._taken[number] >= spec.turns:
            return None
        due = self._due(number, who, now)
        if due >= self.ends:
            return None
        self._taken[number] += 1
        return due

    def _first(self, number: int) -> float:
        """Which part of a pace passes before a user's first turn: spread evenly, whatever the number of users."""
        return (self._spec.first + number) * _GOLDEN % 1

    def _due(self, number: int, who: Chance, now: float) -> float:
        spec = self._spec
        if spec.workload is Workload.OPEN:
            self._arrival += self._arrivals.expovariate(spec.rate)
            return self._arrival
        last = self._next[number]
        if spec.pace:
            due = now + spec.pace * self._first(number) if last is None else last + spec.pace
        else:
            due = now if last is None else now + who.random.uniform(*spec.think) if spec.think[1] else now
        self._next[number] = due
        return due
