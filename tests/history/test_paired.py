"""Comparisons of two trees: ranks against SciPy, and by simulation no false alarm and no missed slowdown."""

import itertools
import math
import random
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from canonry.history.statistics.paired import (
    Verdict,
    first_look,
    holm,
    judge,
    log_ratio,
    looks_different,
    pairs_needed,
    signed_rank_chance,
)
from canonry.model.outcome import Outcome
from canonry.run.comparing import Compared, Side, Timed, compare

WHOLE = st.lists(st.integers(-50, 50).filter(bool), min_size=1, max_size=14, unique_by=abs)


@given(WHOLE)
def test_the_signed_rank_test_is_scipys(values: list[int]) -> None:
    expected = stats.wilcoxon(values, alternative="greater", method="exact").pvalue
    assert signed_rank_chance(values) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_ties_and_noughts_are_counted_over_all_signs(values: list[int]) -> None:
    """Against every choice of signs, one by one."""
    told = [one for one in values if one]
    ranks = stats.rankdata([abs(one) for one in told]) if told else []
    seen = sum(rank for rank, one in zip(ranks, told, strict=True) if one > 0)
    sums = [sum(rank for place, rank in enumerate(ranks) if signs >> place & 1) for signs in range(2 ** len(told))]
    assert signed_rank_chance(values) == pytest.approx(sum(each >= seen for each in sums) / len(sums))


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=8))
def test_correction_keeps_the_order_and_lowers_no_chance(chances: dict[str, float]) -> None:
    corrected = holm(chances)

    assert all(chances[name] <= corrected[name] <= 1 for name in chances)
    smallest = min(chances, key=lambda name: chances[name])
    assert corrected[smallest] == pytest.approx(min(1.0, chances[smallest] * len(chances)))
    ordered = sorted(chances, key=lambda name: chances[name])
    assert all(corrected[one] <= corrected[other] for one, other in itertools.pairwise(ordered))


def test_clocks_that_jump_and_times_of_nought_are_no_ratio() -> None:
    assert log_ratio(0.0, 0.0) == log_ratio(-5.0, 0.0) == 0.0
    assert math.isfinite(log_ratio(3600.0, 0.0))
    assert log_ratio(0.0002, 0.0001) < math.log(1.05)  # twice of next to nothing is nothing
    assert not looks_different([])
    assert first_look([]).verdict is Verdict.NOT_ENOUGH
    assert first_look([0.01, -0.02, 0.0, 0.03, -0.01]).verdict is Verdict.SAME
    assert first_look([1.0, -1.0, 0.5, -0.5, 0.0]).verdict is Verdict.NOT_ENOUGH


def test_one_outlier_of_an_hour_is_no_slowdown() -> None:
    assert judge({"a": [*[0.0] * 10, log_ratio(3600.0, 0.1)]})["a"].verdict is Verdict.SAME
    assert judge({"a": [math.log(2)] * pairs_needed(1)})["a"].verdict is Verdict.SLOWER
    assert judge({"a": [-math.log(2)] * pairs_needed(1)})["a"].verdict is Verdict.FASTER
    assert judge({"a": [math.log(1.1)] * 40})["a"].verdict is Verdict.SAME


@pytest.mark.parametrize("tests", [1, 10, 100])
def test_the_pairs_are_enough_for_so_many_tests(tests: int) -> None:
    pairs = pairs_needed(tests)
    ratios = [math.log(2) + number / 100 for number in range(pairs - 1)]
    assert {each.verdict for each in judge({str(n): [*ratios, -9.0] for n in range(tests)}).values()} == {
        Verdict.SLOWER
    }
    assert {each.verdict for each in judge({str(n): [*ratios[1:], -9.0] for n in range(tests)}).values()} != {
        Verdict.SLOWER
    }


# the whole comparison, on machines whose noise is known -------------------------------------------------------------


def compared(
    chance: random.Random,
    *,
    slow: Collection[str] = (),
    noise: float,
    busy: float,
    tests: int = 15,
    tails: float = 0.1,
    lasts: float = 0.0,
) -> Compared:
    """A comparison of trees that differ in nothing but the slow tests, which take twice as long.

    ``noise`` is the spread of logarithms of each time, ``busy`` the chance that a whole run meets a busy machine, ``tails`` that a single time
    is far too long, ``lasts`` how likely a run meets the same machine as the one before.
    """
    nodes = [f"test_{number}" for number in range(tests)]
    load = 1.0

    def measure(side: Side, wanted: Collection[str]) -> Timed:
        nonlocal load
        if chance.random() > lasts:
            load = chance.uniform(1.5, 4) if chance.random() < busy else 1.0
        asked = [node for node in nodes if not wanted or node in wanted]
        return Timed(
            dict.fromkeys(asked, Outcome.PASSED),
            {
                node: 0.002
                * 2 ** (nodes.index(node) % 9)
                * load
                * (2 if side is Side.HERE and node in slow else 1)
                * math.exp(chance.gauss(0, noise) + (chance.expovariate(2) if chance.random() < tails else 0))
                for node in asked
            },
        )

    return compare(measure)


@pytest.mark.parametrize(("noise", "busy"), [(0.05, 0.0), (0.3, 0.3), (0.8, 0.2)])
def test_an_unchanged_suite_raises_no_alarm_on_a_quiet_or_on_a_busy_machine(noise: float, busy: float) -> None:
    chance = random.Random(17)
    alarms = 0
    for _ in range(30):
        found = compared(chance, noise=noise, busy=busy)
        alarms += bool(found.of(Verdict.SLOWER) or found.of(Verdict.FASTER))
    assert alarms <= 1  # of 30, where 1 % each would be .3


@pytest.mark.parametrize(("noise", "busy", "tails", "least"), [(0.1, 0.0, 0.0, 40), (0.2, 0.3, 0.05, 36)])
def test_a_test_that_takes_twice_as_long_is_found(noise: float, busy: float, tails: float, least: int) -> None:
    chance = random.Random(23)
    slow = ("test_4", "test_8")
    found = [compared(chance, slow=slow, noise=noise, busy=busy, tails=tails, lasts=0.85) for _ in range(20)]

    assert {each.node for one in found for each in one.of(Verdict.SLOWER)} == set(slow)
    assert sum(len(one.of(Verdict.SLOWER)) for one in found) >= least  # of 40
    assert not any(one.of(Verdict.FASTER) for one in found)


def test_a_machine_that_is_busy_for_a_run_makes_no_suspects_and_a_suite_that_is_slower_does() -> None:
    """The load of a run is shared by its tests; what every pair shares is the change."""
    nodes = [f"test_{number}" for number in range(30)]

    def looked(factor: float) -> Compared:
        chance = random.Random(5)

        def measure(side: Side, wanted: Collection[str]) -> Timed:
            load = chance.uniform(1.0, 3.0) * (factor if side is Side.HERE else 1.0)
            asked = [node for node in nodes if not wanted or node in wanted]
            seconds = {node: 0.1 * load * math.exp(chance.gauss(0, 0.02)) for node in asked}
            return Timed(dict.fromkeys(asked, Outcome.PASSED), seconds)

        return compare(measure)

    unchanged = looked(1.0)
    assert (unchanged.runs, len(unchanged.tests)) == (2 + 2 * 5, 30)  # without a second look
    assert len(looked(4.0).of(Verdict.SLOWER)) == 30


def test_both_sides_run_in_turn_and_the_first_runs_only_warm_up() -> None:
    order: list[tuple[str, int]] = []

    def measure(side: Side, wanted: Collection[str]) -> Timed:
        order.append((side.value, len(wanted)))
        seconds = 5.0 if len(order) <= 2 else 0.1
        return Timed({"a": Outcome.PASSED, "b": Outcome.PASSED}, {"a": seconds * (side is Side.HERE) + 0.1, "b": 0.1})

    found = compare(measure, pairs=6)

    first = ["here", "there", "here", "there", "there", "here"]
    assert [side for side, _ in order[:6]] == first
    assert [wanted for _, wanted in order[:14]] == [0] * 14
    assert {wanted for _, wanted in order[14:]} == {1}
    assert found.runs == len(order) == 2 + 2 * 6 + 2 * pairs_needed(1)
    assert [each.node for each in found.of(Verdict.SLOWER)] == ["a"]
    assert found.of(Verdict.SLOWER)[0].paired.ratio == pytest.approx(0.202 / 0.102, rel=0.01)


def test_what_one_side_lacks_or_does_not_pass_is_left_out_with_the_reason() -> None:
    runs = 0

    def measure(side: Side, wanted: Collection[str]) -> Timed:
        nonlocal runs
        runs += 1
        here = side is Side.HERE
        outcomes = {
            "both": Outcome.PASSED,
            "new" if here else "old": Outcome.PASSED,
            "broken": Outcome.FAILED if here else Outcome.PASSED,
            "mended": Outcome.PASSED if here else Outcome.CRASHED,
            "skipped": Outcome.SKIPPED,
            "flaky": Outcome.FAILED if here and runs % 3 == 0 else Outcome.PASSED,
        }
        return Timed(outcomes, dict.fromkeys(outcomes, 0.1))

    found = compare(measure)

    assert [each.node for each in found.tests] == ["both"]
    assert found.left_out == {
        "new": "it is only here",
        "old": "it is only there",
        "broken": "it does not pass here",
        "mended": "it does not pass there",
        "skipped": "it does not pass anywhere",
        "flaky": "it did not pass in every run",
    }
