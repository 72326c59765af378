"""Exact set-similarity join: all pairs of sets whose Jaccard similarity reaches a threshold, none missed, none wrong.

The prefix and length filters of Bayardo, Ma and Srikant (All-Pairs, WWW 2007) and Xiao and others (PPJoin, WWW 2008):
where all sets are sorted by one order, two similar sets share a word among their first few. Rare words come first in
the order, so that few pairs have to be compared. Any order gives the same answer.

A set is an array of distinct 64-bit words, of type ``Q``, as bytes: so the caches keep the sets of functions, and so
many sets take little memory. `packed_sets` makes them of anything. Empty sets are similar to nothing.
"""

import itertools
from array import array
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b
from typing import NamedTuple

import msgspec

_RENEWED = 5


class Pair(NamedTuple):
    """Two similar sets by their places, ``first < second``, and how many words they share."""

    first: int
    second: int
    shared: int


class KnownPairs(msgspec.Struct, frozen=True, array_like=True):
    """The similar pairs among sets that were joined before, all of them by 64-bit digests: ``sets`` is an array of
    type ``Q``, ``pairs`` holds first, second and shared words.
    """

    sets: bytes
    pairs: list[tuple[int, int, int]]


def packed_sets(sets: Iterable[frozenset[Hashable]]) -> list[bytes]:
    """Sets of any words as arrays of numbers, the same number for the same word in all of them."""
    numbers: defaultdict[Hashable, int] = defaultdict(itertools.count().__next__)
    return [array("Q", map(numbers.__getitem__, each)).tobytes() for each in sets]


def similar_pairs(sets: Sequence[bytes], threshold: Fraction) -> Iterator[Pair]:
    """The pairs of sets whose Jaccard similarity is at least the threshold (above 0), in no order."""
    ranks = _ranks(sets)
    up, down = threshold.numerator, threshold.denominator
    sizes = [len(each) // 8 for each in sets]
    index: dict[int, list[int]] = {}
    for place in sorted(range(len(sets)), key=sizes.__getitem__):
        size = sizes[place]
        words = array("Q", sets[place])
        least = -(-size * up // down)  # the size of the smallest set that may be similar
        ordered = sorted(filter(None, map(ranks.get, words)))
        alone = size - len(ordered)  # a word that no other set holds has no rank: it leads to none
        kept = size - -(-2 * up * size // (up + down)) + 1 - alone  # enough for the sets to come, which are as large
        near: set[int] = set()
        for number, rank in enumerate(ordered[: max(0, size - least + 1 - alone)]):
            holders = index.get(rank)
            if holders is not None:
                near.update([other for other in holders if sizes[other] >= least])
            if number < kept:
                index.setdefault(rank, []).append(place)
        mine = set(words) if near else set()
        for other in near:
            shared = len(mine.intersection(array("Q", sets[other])))
            if shared * (down + up) >= up * (size + sizes[other]):
                yield Pair(min(place, other), max(place, other), shared)


def renew_pairs(
    sets: Sequence[bytes], threshold: Fraction, known: KnownPairs | None
) -> tuple[list[Pair], KnownPairs | None]:
    """What `similar_pairs` gives, in order, from an earlier answer where most sets were in it; and what to keep now.

    The sets are distinct. None is kept where all of them, and no others, were known.
    """
    digests = [int.from_bytes(blake2b(each, digest_size=8).digest()) for each in sets]
    before = set(array("Q", known.sets)) if known is not None else set()
    fresh = [place for place, digest in enumerate(digests) if digest not in before]
    if known is None or len(fresh) * _RENEWED > len(sets):
        found = sorted(similar_pairs(sets, threshold))
    else:
        places = {digest: place for place, digest in enumerate(digests)}
        found = [
            Pair(min(places[one], places[other]), max(places[one], places[other]), shared)
            for one, other, shared in known.pairs
            if one in places and other in places
        ]
        found = sorted([*found, *_pairs_with(sets, fresh, threshold)])
        if not fresh and len(before) == len(sets):
            return found, None
    pairs = [(digests[first], digests[second], shared) for first, second, shared in found]
    return found, KnownPairs(array("Q", digests).tobytes(), pairs)


def _pairs_with(sets: Sequence[bytes], fresh: Sequence[int], threshold: Fraction) -> Iterator[Pair]:
    """The similar pairs with one of these sets in them.

    A set that is similar to one of them shares so much of its own words with it, and so with all of them together.
    """
    if not fresh:
        return
    words = {word for place in fresh for word in array("Q", sets[place])}
    up, down = threshold.numerator, threshold.denominator
    chosen = set(fresh)
    for place, each in enumerate(sets):
        shared = len(words.intersection(array("Q", each)))
        if shared and shared * down >= up * (len(each) // 8):
            chosen.add(place)
    places = sorted(chosen)
    asked = set(fresh)
    for first, second, shared in similar_pairs([sets[place] for place in places], threshold):
        if places[first] in asked or places[second] in asked:
            yield Pair(places[first], places[second], shared)


def _ranks(sets: Sequence[bytes]) -> Mapping[int, int]:
    """A place in the order, from 1, for every word that two sets hold; rare ones first."""
    counts: Counter[int] = Counter()
    for each in sets:
        counts.update(array("Q", each))
    common = sorted((count, word) for word, count in counts.items() if count > 1)
    return {word: rank for rank, (_, word) in enumerate(common, 1)}
