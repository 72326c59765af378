"""The join is exact: it finds what comparing every pair finds, whatever was known before; stars cover what it finds."""

from array import array
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from canonry.source.clones.stars import covering_stars
from canonry.source.similar import Pair, packed_sets, renew_pairs, similar_pairs

THRESHOLDS = st.sampled_from([Fraction(1, 10), Fraction(1, 2), Fraction(2, 3), Fraction(4, 5), Fraction(1)])
WORDS = st.frozensets(st.integers(0, 14).map(lambda word: word * 1_000_000_007), max_size=12)
SETS = st.lists(WORDS, max_size=14, unique=True)


def packed(sets: Sequence[frozenset[int]]) -> list[bytes]:
    return [array("Q", sorted(each)).tobytes() for each in sets]


def brute_force(sets: Sequence[frozenset[int]], threshold: Fraction) -> list[Pair]:
    return [
        Pair(one, other, len(sets[one] & sets[other]))
        for one, other in combinations(range(len(sets)), 2)
        if sets[one] | sets[other] and Fraction(len(sets[one] & sets[other]), len(sets[one] | sets[other])) >= threshold
    ]


@given(SETS, THRESHOLDS)
def test_the_join_finds_what_comparing_all_pairs_finds(sets: list[frozenset[int]], threshold: Fraction) -> None:
    assert sorted(similar_pairs(packed(sets), threshold)) == brute_force(sets, threshold)


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=40), THRESHOLDS)
def test_the_join_finds_equal_sets_too(sets: list[frozenset[int]], threshold: Fraction) -> None:
    assert sorted(similar_pairs(packed(sets), threshold)) == brute_force(sets, threshold)


@given(SETS, SETS, st.lists(WORDS, max_size=2), THRESHOLDS)
def test_what_was_known_before_changes_no_answer(
    before: list[frozenset[int]], after: list[frozenset[int]], more: list[frozenset[int]], threshold: Fraction
) -> None:
    _, known = renew_pairs(packed(before), threshold, None)
    for sets in (after, [*dict.fromkeys([*before, *more])], [*dict.fromkeys([*more, *before[1:]])]):
        found, kept = renew_pairs(packed(sets), threshold, known)
        assert found == brute_force(sets, threshold)
        assert (kept is None) == (set(sets) == set(before))
        assert renew_pairs(packed(sets), threshold, kept or known) == (found, None)


@given(st.lists(st.frozensets(st.text(max_size=2), max_size=5), max_size=14), THRESHOLDS)
def test_sets_of_anything_can_be_joined(sets: list[frozenset[str]], threshold: Fraction) -> None:
    numbers = {word: number for number, word in enumerate(sorted(frozenset().union(*sets)))}

    assert sorted(similar_pairs(packed_sets(sets), threshold)) == brute_force(
        [frozenset(map(numbers.__getitem__, each)) for each in sets], threshold
    )


def test_the_smaller_index_stands_first_and_an_empty_set_is_similar_to_nothing() -> None:
    sets = [frozenset("abc"), frozenset("ab"), frozenset("xyz"), frozenset("abc"), frozenset(), frozenset()]

    assert sorted(similar_pairs(packed_sets(sets), Fraction(3, 5))) == [(0, 1, 2), (0, 3, 3), (1, 3, 2)]


def test_few_new_sets_among_many_are_compared_with_all() -> None:
    sets = [frozenset(range(start, start + 20)) for start in range(0, 4_000, 10)]
    new = frozenset([*range(1_000, 1_019), 9_999])
    _, known = renew_pairs(packed(sets), Fraction(4, 5), None)
    found, kept = renew_pairs(packed([*sets, new]), Fraction(4, 5), known)

    assert found == [Pair(100, 400, 19)]
    assert kept is not None
    assert renew_pairs(packed([new, *sets]), Fraction(4, 5), kept) == ([Pair(0, 101, 19)], None)


GRAPHS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40)


def graph(edges: list[tuple[int, int]]) -> dict[int, set[int]]:
    near: dict[int, set[int]] = {}
    for one, other in edges:
        near.setdefault(one, set()).add(other)
        near.setdefault(other, set()).add(one)
    return near


@given(GRAPHS)
def test_every_node_is_in_a_star_and_near_its_centre(edges: list[tuple[int, int]]) -> None:
    near = graph(edges)
    found = covering_stars(near)

    assert {node for star in found for node in (star.centre, *star.members)} == set(near)
    assert all(member in near[star.centre] for star in found for member in star.members)
    assert all(star.members or star.centre in near[star.centre] for star in found)


@given(GRAPHS)
def test_the_order_of_the_graph_makes_no_difference(edges: list[tuple[int, int]]) -> None:
    near = graph(edges)

    assert covering_stars(dict(reversed(near.items()))) == covering_stars(near)


def test_a_chain_is_no_group() -> None:
    chain = graph([(0, 1), (1, 2), (2, 3)])

    assert [(star.centre, star.members) for star in covering_stars(chain)] == [(1, (0, 2)), (2, (3,))]
