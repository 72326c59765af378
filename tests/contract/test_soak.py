"""Random mutations of valid streams, a few; `python -m benchmarks.contract_soak` makes 100,000."""

from benchmarks.contract_soak import soak


def test_no_mutation_crashes_a_checker_or_divides_the_two() -> None:
    outcomes = soak(600, seed=1)
    assert outcomes.total() == 600
    assert outcomes["refused"] > 300
    assert outcomes["accepted"] > 10
