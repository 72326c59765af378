from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.source.similarity import similar_pairs

SETS = st.lists(st.frozensets(st.integers(0, 9), max_size=9), max_size=24)
THRESHOLDS = st.one_of(st.sampled_from([0.5, 0.6, 2 / 3, 0.75, 0.8, 0.9, 1.0]), st.floats(0.01, 1.0))


def by_force(sets: list[frozenset[int]], threshold: float) -> dict[tuple[int, int], float]:
    pairs = combinations(range(len(sets)), 2)
    scores = {(i, j): len(sets[i] & sets[j]) / len(sets[i] | sets[j]) for i, j in pairs if sets[i] | sets[j]}
    return {pair: score for pair, score in scores.items() if score >= threshold}


@given(SETS, THRESHOLDS)
def test_the_join_finds_what_comparing_all_with_all_finds(sets: list[frozenset[int]], threshold: float) -> None:
    found = list(similar_pairs(sets, threshold))

    assert {(first, second): score for first, second, score in found} == by_force(sets, threshold)
    assert len(found) == len({(first, second) for first, second, _ in found})


@given(st.lists(st.frozensets(st.text(max_size=2), min_size=1, max_size=5), max_size=12))
def test_the_join_takes_any_token(sets: list[frozenset[str]]) -> None:
    assert all(sets[first] == sets[second] for first, second, _ in similar_pairs(sets, 1.0))


def test_the_smaller_index_stands_first() -> None:
    sets = [frozenset("abc"), frozenset("ab"), frozenset("xyz"), frozenset("abc")]

    assert sorted(similar_pairs(sets, 0.6)) == [(0, 1, 2 / 3), (0, 3, 1.0), (1, 3, 2 / 3)]


def test_an_empty_set_is_similar_to_nothing() -> None:
    assert list(similar_pairs([frozenset(), frozenset(), frozenset("a")], 0.1)) == []


@pytest.mark.parametrize("threshold", [0, -0.1, 1.1])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        list(similar_pairs([frozenset("a")], threshold))
