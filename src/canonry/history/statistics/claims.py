"""What may be claimed of a flow's reliability: a bound for one look, an e-process for many, a test that stops early."""

import bisect
import math
from enum import StrEnum

import msgspec

from canonry.history.statistics.beta import log_below, log_beta, quantile

CLAIM_AT = 20.0
"""The e-value from which a claim may be made: by Ville's inequality it is false in at most 1 of 20 histories."""
_SPIKE = 0.2
"""The second parameter of the mixture's Beta(1, .2): most weight close to a reliability of 1."""


class Sequential(StrEnum):
    """What a sequential test says so far."""

    PROVEN = "proven"
    REFUTED = "refuted"
    GO_ON = "go on"


class Walk(msgspec.Struct, frozen=True):
    """A sequential test: verdict, log likelihood ratio, the bounds between which it goes on, the step of a success."""

    verdict: Sequential
    ratio: float
    low: float
    high: float
    step: float

    @property
    def left(self) -> int:
        """How many more runs without a failure would prove it."""
        return 0 if self.verdict is not Sequential.GO_ON else math.ceil((self.high - self.ratio) / self.step)


def lower_bound(successes: int, failures: int, *, confidence: float = 0.95) -> float:
    """The one-sided lower bound of Clopper and Pearson (1934): with this confidence the reliability is not below it.

    For one look at a number of runs that was fixed before; whoever looks after each run uses `evidence`.
    """
    return 0.0 if not successes else quantile(1 - confidence, successes, failures + 1)


def runs_needed(target: float, failures: int = 0, *, confidence: float = 0.95) -> int:
    """The least number of runs whose lower bound reaches ``target`` with so many failures."""

    def is_enough(runs: int) -> bool:
        return lower_bound(runs - failures, failures, confidence=confidence) >= target

    high = failures + 1
    while not is_enough(high):
        high *= 2
    return bisect.bisect_left(range(failures + 1, high), True, key=is_enough) + failures + 1


def log_evidence(successes: int, failures: int, target: float) -> float:
    """The logarithm of the e-value against "the reliability is at most ``target``" after these runs.

    The likelihood ratio of each reliability above the target to the target itself, mixed by Beta(1, .2) truncated to
    what is above it. Each ratio is a supermartingale under every reliability at or below the target, so the mixture is
    an e-process (Ramdas, Gruenwald, Vovk and Shafer 2023, "Game-theoretic statistics and safe anytime-valid
    inference"): it may be looked at after each run, for ever.
    """
    if not 0 < target < 1:
        raise ValueError(f"a target lies between 0 and 1; got {target}")
    a, b = successes + 1, failures + _SPIKE
    above = log_beta(a, b) + log_below(1 - target, b, a)
    weight = log_beta(1, _SPIKE) + log_below(1 - target, _SPIKE, 1)
    return above - weight - successes * math.log(target) - failures * math.log1p(-target)


def evidence(successes: int, failures: int, target: float) -> float:
    """The e-value; from `CLAIM_AT` on the claim "more than ``target``" may be made."""
    log = log_evidence(successes, failures, target)
    return math.exp(log) if log < 700 else math.inf


def refuting_evidence(successes: int, failures: int, target: float) -> float:
    """The e-value against "the reliability is at least ``target``": the mirror image of `evidence`."""
    a, b = successes + _SPIKE, failures + 1
    under = log_beta(a, b) + log_below(target, a, b)
    weight = log_beta(_SPIKE, 1) + log_below(target, _SPIKE, 1)
    log = under - weight - successes * math.log(target) - failures * math.log1p(-target)
    return math.exp(log) if log < 700 else math.inf


def walk(
    successes: int,
    failures: int,
    *,
    target: float = 0.95,
    better: float = 0.99,
    alpha: float = 0.05,
    beta: float = 0.05,
) -> Walk:
    """Wald's sequential probability ratio test (1945) of ``better`` against ``target``.

    ``alpha`` bounds the chance to prove a flow of the target's reliability, ``beta`` that to refute a better one.
    """
    if not 0 < target < better < 1:
        raise ValueError(f"a target lies below what it is held against, both between 0 and 1; got {target}, {better}")
    step = math.log(better / target)
    ratio = successes * step + failures * math.log((1 - better) / (1 - target))
    high, low = math.log((1 - beta) / alpha), math.log(beta / (1 - alpha))
    verdict = Sequential.PROVEN if ratio >= high else Sequential.REFUTED if ratio <= low else Sequential.GO_ON
    return Walk(verdict, ratio, low, high, step)
