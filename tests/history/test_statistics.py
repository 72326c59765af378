"""Formulas of reliability against SciPy, against simulated flows whose truth is known, and against run.md's numbers."""

import bisect
import itertools
import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.history.statistics.beta import below, log_below, quantile
from canonry.history.statistics.claims import (
    CLAIM_AT,
    Sequential,
    evidence,
    log_evidence,
    lower_bound,
    refuting_evidence,
    runs_needed,
    walk,
)
from canonry.history.statistics.durations import _chance, baseline, change
from canonry.history.statistics.flakiness import HALF_LIFE, Condition, Seen, flakiness


def scipy_stats() -> Any:
    """What others compute; it is imported where it is asked, as every process of the suite collects this file."""
    from scipy import stats

    return stats


PARAMETERS = st.floats(-1, 4).map(lambda power: 10**power)


@given(st.floats(0, 1), PARAMETERS, PARAMETERS)
def test_the_incomplete_beta_function_is_scipys(x: float, a: float, b: float) -> None:
    assert below(x, a, b) == pytest.approx(scipy_stats().beta.cdf(x, a, b), rel=1e-8, abs=1e-12)


@given(st.floats(0.001, 0.999), PARAMETERS, PARAMETERS)
def test_its_logarithm_goes_on_where_floats_end(x: float, a: float, b: float) -> None:
    expected = scipy_stats().beta.logcdf(x, a, b)
    if expected > -1e5:
        assert log_below(x, a, b) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@given(st.floats(0.001, 0.999), st.integers(1, 2000), st.integers(1, 2000))
def test_a_quantile_is_scipys(chance: float, a: int, b: int) -> None:
    assert quantile(chance, a, b) == pytest.approx(scipy_stats().beta.ppf(chance, a, b), rel=1e-7)


@given(st.integers(0, 3000), st.integers(0, 300))
def test_the_bound_is_that_of_clopper_and_pearson(successes: int, failures: int) -> None:
    if successes + failures:
        exact = (
            scipy_stats()
            .binomtest(successes, successes + failures, alternative="greater")
            .proportion_ci(0.95, "exact")
            .low
        )
        assert lower_bound(successes, failures) == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize(("failures", "runs"), [(0, 59), (1, 93), (2, 124)])
def test_how_many_runs_a_bound_of_95_percent_needs(failures: int, runs: int) -> None:
    assert runs_needed(0.95, failures) == runs


def test_95_of_100_prove_less_than_90_percent() -> None:
    assert lower_bound(95, 5) == pytest.approx(0.898, abs=5e-4)


@given(st.integers(0, 400), st.integers(0, 40), st.floats(0.5, 0.99))
def test_evidence_is_the_integral_that_it_is_said_to_be(successes: int, failures: int, target: float) -> None:
    """Against SciPy's quadrature of the mixture; the spike at 1 is integrated in the variable (1-p)^0.2."""
    from scipy import integrate

    def ratio(u: float) -> float:
        missing = u**5
        if failures and not missing:
            return 0.0
        log = successes * (math.log1p(-missing) - math.log(target))
        return math.exp(log + (failures * (math.log(missing) - math.log1p(-target)) if failures else 0.0))

    end = (1 - target) ** 0.2
    expected, _ = integrate.quad(ratio, 0, end, epsabs=0, epsrel=1e-9, limit=400)
    assert log_evidence(successes, failures, target) == pytest.approx(math.log(expected / end), rel=1e-5, abs=1e-6)


def test_evidence_needs_65_clean_runs_and_its_mirror_refutes() -> None:
    assert evidence(64, 0, 0.95) < CLAIM_AT <= evidence(65, 0, 0.95)
    assert refuting_evidence(60, 40, 0.95) > CLAIM_AT > refuting_evidence(95, 5, 0.95)
    assert evidence(10**6, 0, 0.5) == math.inf


@pytest.mark.parametrize("truth", [0.95, 0.93])
def test_watched_for_a_thousand_runs_a_flow_at_its_target_is_claimed_in_at_most_one_of_twenty(truth: float) -> None:
    """The bound of Clopper and Pearson, looked at as often, claims falsely in far more."""
    chance = random.Random(5)
    histories, false_claims, false_bounds = 200, 0, 0
    needed = {failures: runs_needed(0.95, failures) for failures in range(80)}
    enough = {
        failures: bisect.bisect_left(range(3000), CLAIM_AT, key=lambda ok, failed=failures: evidence(ok, failed, 0.95))
        for failures in range(100)
    }
    for _ in range(histories):
        successes = failures = 0
        claimed = bounded = False
        for look in range(1, 1001):
            passed = chance.random() < truth
            successes, failures = successes + passed, failures + (not passed)
            claimed = claimed or successes >= enough[failures]
            bounded = bounded or look >= needed.get(failures, 10**9)
        false_claims += claimed
        false_bounds += bounded
    assert false_claims / histories <= 0.05
    if truth == 0.95:
        assert false_bounds / histories > 0.12


@pytest.mark.parametrize(("truth", "wrong"), [(0.95, Sequential.PROVEN), (0.99, Sequential.REFUTED)])
def test_the_sequential_test_keeps_both_of_its_errors(truth: float, wrong: Sequential) -> None:
    chance = random.Random(11)
    errors = 0
    for _ in range(1000):
        successes = failures = 0
        while True:
            passed = chance.random() < truth
            successes, failures = successes + passed, failures + (not passed)
            verdict = walk(successes, failures).verdict
            if verdict is not Sequential.GO_ON:
                errors += verdict is wrong
                break
    assert errors / 1000 <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


def test_a_walk_says_how_many_clean_runs_are_left() -> None:
    assert walk(10, 0).left == 62
    assert walk(71, 0).verdict is Sequential.GO_ON
    assert walk(72, 0).verdict is Sequential.PROVEN


def test_a_test_that_does_both_at_one_tree_is_flaky_and_one_that_only_fails_is_broken() -> None:
    steady = [Seen(1, 0, float(at)) for at in range(40)]
    assert flakiness(steady, now=40.0).condition is Condition.STEADY
    assert flakiness([*steady, *[Seen(1, 1, 41.0 + at) for at in range(4)]], now=46.0).condition is Condition.FLAKY
    assert flakiness([*steady, Seen(0, 3, 41.0)], now=42.0).condition is Condition.BROKEN
    assert flakiness([], now=0.0).condition is Condition.STEADY


def test_one_mixed_tree_is_flaky_until_it_is_long_ago() -> None:
    later = [Seen(1, 0, HALF_LIFE * at) for at in (1.5, 2.0)]
    assert flakiness([Seen(1, 1, 0.0)], now=0.0).condition is Condition.FLAKY
    assert flakiness([Seen(1, 1, 0.0)], now=9 * HALF_LIFE).condition is Condition.FLAKY
    assert flakiness([Seen(1, 1, 0.0), *later], now=2 * HALF_LIFE).condition is Condition.STEADY
    assert flakiness([Seen(1, 1, 0.0), Seen(0, 2, 1.0)], now=2.0).condition is Condition.BROKEN
    steady = [Seen(1, 0, float(at)) for at in range(2, 22)]
    assert flakiness([Seen(1, 1, 0.0), Seen(1, 1, 1.0), *steady], now=22.0).condition is Condition.FLAKY


def test_what_was_seen_long_ago_counts_less() -> None:
    once = [Seen(1, 1, 0.0)] * 3
    assert flakiness(once, now=0.0).mean > flakiness(once, now=4 * HALF_LIFE).mean
    assert flakiness(once, now=HALF_LIFE).observed == pytest.approx(1.5)


def test_a_baseline_is_moved_by_no_single_slow_run() -> None:
    chance = random.Random(3)
    quick = [chance.lognormvariate(0, 0.1) for _ in range(40)]
    found = baseline([*quick, 60.0])
    assert found is not None
    assert found.median == pytest.approx(1.0, rel=0.1)
    assert found.spread < 0.2
    assert baseline(quick[:5]) is None


def test_a_doubled_duration_is_found_where_it_began() -> None:
    chance = random.Random(4)
    times = [chance.lognormvariate(0, 0.15) for _ in range(20)] + [
        2 * chance.lognormvariate(0, 0.15) for _ in range(12)
    ]
    found = change(times)
    assert found is not None
    assert abs(found.index - 20) <= 1
    assert found.ratio == pytest.approx(2.0, rel=0.2)


def test_an_unchanged_test_raises_no_alarm() -> None:
    chance = random.Random(6)
    alarms = sum(change([chance.lognormvariate(0, 0.2) for _ in range(40)]) is not None for _ in range(300))
    assert alarms <= 3


def test_four_clear_runs_are_a_change_also_among_five_hundred_tests() -> None:
    found = change([1.0] * 56 + [2.0] * 4, tests=500)
    assert found is not None
    assert found.index == 56
    assert found.ratio == pytest.approx(2.0)
    assert change([1.0] * 57 + [2.0] * 3, tests=500) is None
    assert change([1.0] * 56 + [1.2] * 4, tests=500) is None
    assert change([1.0] * 8 + [2.0] * 4, tests=500) is None


def test_five_hundred_unchanged_tests_raise_hardly_an_alarm() -> None:
    chance = random.Random(5)
    series = [[chance.lognormvariate(0, 0.5) for _ in range(60)] for _ in range(500)]
    assert sum(change(each, tests=500) is not None for each in series) <= 1


def test_chances_of_ranks_are_those_of_all_orders() -> None:
    orders = list(itertools.combinations(range(9), 4))
    losses = [sum(each) - 6 for each in orders]
    for most in range(21):
        assert _chance(4, 5, most) == pytest.approx(sum(each <= most for each in losses) / len(orders))
