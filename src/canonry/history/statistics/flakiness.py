"""How flaky a test is: a posterior that forgets, and apart from it whether the test is simply broken."""

import math
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from canonry.history.statistics.beta import quantile

HALF_LIFE = 14 * 86_400.0
"""Seconds after which an observation counts half: two weeks."""
_PRIOR_FLAKY, _PRIOR_STEADY = 0.5, 9.5
"""The prior Beta(.5, 9.5): one test in twenty is flaky now and then, and little is needed to say otherwise."""

_LEAST_MIXED = 0.5
"""The decayed mixed trees from which on a test is flaky: one within a half-life, for nothing but chance does both."""


class Seen(msgspec.Struct, frozen=True):
    """A test at one tree: how often it passed and failed there, first attempts and later ones, and when last."""

    passed: int
    failed: int
    at: float

    @property
    def is_mixed(self) -> bool:
        """Whether the same code did both: nothing but chance can be the reason."""
        return bool(self.passed and self.failed)


class Condition(StrEnum):
    """What a test is."""

    STEADY = "steady"
    FLAKY = "flaky"
    BROKEN = "broken"


class Flakiness(msgspec.Struct, frozen=True):
    """The posterior of a test: its mean, a 90 % interval, what is observed (decayed), and what it is called."""

    mean: float
    low: float
    high: float
    observed: float
    condition: Condition


def flakiness(seen: Iterable[Seen], *, now: float, half_life: float = HALF_LIFE) -> Flakiness:
    """Return how likely a test is to do both at one tree: the beta posterior over trees, older ones counting less.

    A tree where the test only failed says nothing of flakiness: there it is broken, and so it is called where the
    latest tree is such a one. It is flaky where the latest tree is mixed, or mixed trees together still count half
    a one.
    """
    mixed = steady = 0.0
    ordered = sorted(seen, key=lambda one: one.at)
    for one in ordered:
        weight = math.exp(-math.log(2) * max(0.0, now - one.at) / half_life)
        if one.is_mixed:
            mixed += weight
        elif one.passed:
            steady += weight
    a, b = _PRIOR_FLAKY + mixed, _PRIOR_STEADY + steady
    is_broken = bool(ordered) and bool(ordered[-1].failed) and not ordered[-1].passed
    is_flaky = mixed >= _LEAST_MIXED or (bool(ordered) and ordered[-1].is_mixed)
    condition = Condition.BROKEN if is_broken else Condition.FLAKY if is_flaky else Condition.STEADY
    return Flakiness(a / (a + b), quantile(0.05, a, b), quantile(0.95, a, b), mixed + steady, condition)
