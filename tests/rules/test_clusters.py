from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from canonry.rules.clusters import difference, disjoint_stars
from canonry.source.similar import Pair, packed_sets, similar_pairs

INTERFACES = st.lists(st.frozensets(st.integers(0, 7), min_size=1, max_size=6), max_size=20, unique=True)


@given(INTERFACES)
def test_every_item_is_in_one_star_and_similar_to_its_hub(sets: list[frozenset[int]]) -> None:
    found = disjoint_stars(similar_pairs(packed_sets(sets), Fraction(3, 5)), [1] * len(sets))

    assert sorted(each for star in found for each in star) == list(range(len(sets)))
    for hub, *others in found:
        assert all(len(sets[hub] & sets[each]) / len(sets[hub] | sets[each]) >= 0.6 for each in others)


@given(INTERFACES)
def test_no_hub_could_have_joined_an_earlier_star(sets: list[frozenset[int]]) -> None:
    hubs = [star[0] for star in disjoint_stars(similar_pairs(packed_sets(sets), Fraction(3, 5)), [1] * len(sets))]
    near = {pair[:2] for pair in similar_pairs(packed_sets(sets), Fraction(3, 5))}

    assert not any((min(a, b), max(a, b)) in near for a in hubs for b in hubs if a != b)


def test_a_chain_is_not_one_star() -> None:
    chain = [Pair(place, place + 1, 3) for place in range(4)]

    assert disjoint_stars(chain, [1] * 5) == [[1, 0, 2], [3, 4]]


def test_the_heaviest_star_comes_first() -> None:
    assert disjoint_stars([Pair(0, 1, 3), Pair(2, 3, 3)], [1, 1, 1, 5]) == [[2, 3], [0, 1]]


@given(INTERFACES)
def test_what_may_not_lead_is_a_member_or_left_out(sets: list[frozenset[int]]) -> None:
    leads = [len(each) > 2 for each in sets]
    found = disjoint_stars(similar_pairs(packed_sets(sets), Fraction(3, 5)), [1] * len(sets), leads=leads)
    placed = [each for star in found for each in star]

    assert len(placed) == len(set(placed))
    assert all(leads[star[0]] for star in found)
    assert {place for place, may in enumerate(leads) if may} <= set(placed)


def test_a_difference_says_both_sides() -> None:
    assert difference({"a", "b"}, {"b", "c", "d"}) == "lacks `a`; adds `c`, `d`"
    assert difference("abcdef", "") == "lacks `a`, `b`, `c`, `d` and 2 more"
    assert difference("ab", "ba") == ""
