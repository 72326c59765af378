"""Compares what tests take in two trees: both run in turn, in pairs, and suspects are measured again.

The reasons for two looks, and for the numbers: docs/decisions/0025.
"""

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum

import msgspec

from canonry.history.statistics.paired import (
    Paired,
    Verdict,
    first_look,
    judge,
    log_ratio,
    looks_different,
    pairs_needed,
)
from canonry.model.outcome import Outcome

FIRST_PAIRS = 5
"""Pairs of the first look."""
LEAST_PAIRS = 5
"""Fewer than so many have no interval."""
_MANY = 20
"""Tests from which on it can be told what they share."""


class Side(StrEnum):
    """One of the two trees."""

    HERE = "here"
    THERE = "there"


class Timed(msgspec.Struct, frozen=True):
    """One run: the outcome of each test's first attempt, and what it took in seconds."""

    outcomes: Mapping[str, Outcome]
    seconds: Mapping[str, float]


class TestCompared(msgspec.Struct, frozen=True, kw_only=True):
    """A test that both trees have, with its median time on each side in seconds."""

    __test__ = False

    node: str
    paired: Paired
    here: float
    there: float


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison. ``left_out``: node id -> why the test could not be compared. ``runs``: how many were made."""

    tests: tuple[TestCompared, ...] = ()
    left_out: dict[str, str] = {}
    runs: int = 0

    def of(self, verdict: Verdict) -> list[TestCompared]:
        """The tests with this verdict, the greatest change first."""
        found = [each for each in self.tests if each.paired.verdict is verdict]
        return sorted(found, key=lambda each: (-abs(each.paired.ratio - 1), each.node))


Measure = Callable[[Side, Collection[str]], Timed]
"""Runs tests of one side, all that are asked for where none is named."""


class _Pairs:
    """Pairs of runs, in the order here, there, there, here."""

    def __init__(self, measure: Measure, tell: Callable[[str], None]) -> None:
        self._measure, self._tell = measure, tell
        self.runs = 0

    def run(self, count: int, nodes: Collection[str], what: str) -> list[tuple[Timed, Timed]]:
        """So many pairs, here first."""
        found = []
        for number in range(count):
            self._tell(f"{what}: pair {number + 1} of {count}")
            order = (Side.HERE, Side.THERE) if number % 2 == 0 else (Side.THERE, Side.HERE)
            timed = {side: self._measure(side, nodes) for side in order}
            self.runs += 2
            found.append((timed[Side.HERE], timed[Side.THERE]))
        return found


def compare(
    measure: Measure, *, pairs: int = FIRST_PAIRS, tell: Callable[[str], None] = lambda _said: None
) -> Compared:
    """The comparison of two trees: a run of each that only warms up, a first look, and a second one at suspects."""
    maker = _Pairs(measure, tell)
    (warm,) = maker.run(1, (), "warms up")
    if not _ratios([warm]):
        return Compared(left_out=_left_out([warm]), runs=maker.runs)
    first = maker.run(max(pairs, LEAST_PAIRS), (), "first look")
    left_out = _left_out([warm, *first])
    steady = _ratios(first, common=_common(first))
    looked: dict[str, list[float]] = {}
    for node in warm[0].outcomes:
        if node in warm[1].outcomes and node not in left_out:
            if len(steady.get(node, ())) >= LEAST_PAIRS:
                looked[node] = steady[node]
            else:
                left_out[node] = "it did not pass in every run"
    suspects = frozenset(node for node, ratios in looked.items() if looks_different(ratios))
    second: list[tuple[Timed, Timed]] = []
    if suspects:
        what = "1 suspect" if len(suspects) == 1 else f"{len(suspects):,} suspects"
        second = maker.run(pairs_needed(len(suspects)), suspects, what)
    again = _ratios(second)
    verdicts = judge({node: again[node] for node in suspects if len(again.get(node, ())) >= LEAST_PAIRS})
    found = []
    for node, ratios in looked.items():
        paired = verdicts.get(node) or first_look(ratios)
        if node in suspects and node not in verdicts:
            paired = msgspec.structs.replace(paired, verdict=Verdict.NOT_ENOUGH)
        found.append(_test(node, paired, second if node in verdicts else first))
    return Compared(tests=tuple(found), left_out=left_out, runs=maker.runs)


def _ratios(pairs: list[tuple[Timed, Timed]], *, common: Sequence[float] = ()) -> dict[str, list[float]]:
    """The log ratios of each test, of the pairs in which it passed on both sides; without what all of a pair share."""
    found: dict[str, list[float]] = {}
    for number, (here, there) in enumerate(pairs):
        for node, outcome in here.outcomes.items():
            if outcome is Outcome.PASSED and there.outcomes.get(node) is Outcome.PASSED:
                ratio = log_ratio(here.seconds[node], there.seconds[node])
                found.setdefault(node, []).append(ratio - (common[number] if common else 0.0))
    return found


def _common(pairs: list[tuple[Timed, Timed]]) -> list[float]:
    """What the tests of each pair share, because the machine was busy during one of its two runs.

    Where all pairs point the same way, what they share stays: every test may have become slower.
    """
    found = []
    for pair in pairs:
        of_tests = [ratios[0] for ratios in _ratios([pair]).values()]
        if len(of_tests) < _MANY:
            return []
        found.append(statistics.median(of_tests))
    agree = all(each > 0 for each in found) or all(each < 0 for each in found)
    middle = statistics.median(found) if found and agree else 0.0
    return [each - middle for each in found]


def _left_out(pairs: list[tuple[Timed, Timed]]) -> dict[str, str]:
    """Tests that one side lacks, or that never passed on one."""
    ran = [{node for each in pairs for node in each[side].outcomes} for side in (0, 1)]
    passed = [
        {node for each in pairs for node, outcome in each[side].outcomes.items() if outcome is Outcome.PASSED}
        for side in (0, 1)
    ]
    found = {}
    for node in sorted(ran[0] | ran[1]):
        if node not in ran[1]:
            found[node] = "it is only here"
        elif node not in ran[0]:
            found[node] = "it is only there"
        elif node not in passed[0] or node not in passed[1]:
            neither = node not in passed[0] and node not in passed[1]
            where = "anywhere" if neither else "here" if node not in passed[0] else "there"
            found[node] = f"it does not pass {where}"
    return found


def _test(node: str, paired: Paired, pairs: list[tuple[Timed, Timed]]) -> TestCompared:
    here, there = (
        statistics.median(each[side].seconds[node] for each in pairs if node in each[side].seconds) for side in (0, 1)
    )
    return TestCompared(node=node, paired=paired, here=here, there=there)
