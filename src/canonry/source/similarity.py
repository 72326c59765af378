"""Which of many sets are nearly equal: an exact set-similarity join."""

import math
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence


def similar_pairs(sets: Sequence[frozenset[Hashable]], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Every pair of sets whose Jaccard similarity is at least the threshold, as two indexes (smaller first) and it.

    Exact: the same pairs that comparing all with all gives, in the order of the larger index by size. An empty set is
    similar to nothing. Raises `ValueError` for a threshold outside 0 < threshold <= 1.

    Two similar sets share a token among the rarest few of each (the prefix), and their sizes differ by the threshold
    at most; only what passes both is compared. Source: Chaudhuri, Ganti and Kaushik, "A Primitive Operator for
    Similarity Joins in Data Cleaning", ICDE 2006; Bayardo, Ma and Srikant, "Scaling Up All Pairs Similarity Search",
    WWW 2007.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a threshold of {threshold} is not above 0 and at most 1")
    frequency = Counter(token for each in sets for token in each)
    rank = {token: place for place, (token, _) in enumerate(sorted(frequency.items(), key=lambda item: item[1]))}
    holders: dict[int, list[int]] = {}
    for index in sorted(range(len(sets)), key=lambda each: len(sets[each])):
        tokens = sets[index]
        size = len(tokens)
        if not size:
            continue
        least = _least(size, threshold)
        prefix = sorted(map(rank.__getitem__, tokens))[: size - least + 1]
        seen: set[int] = set()
        for token in prefix:
            known = holders.setdefault(token, [])
            seen.update(known)
            known.append(index)
        for other in sorted(seen):
            if len(sets[other]) >= least:
                shared = len(tokens & sets[other])
                score = shared / (size + len(sets[other]) - shared)
                if score >= threshold:
                    yield min(index, other), max(index, other), score


def _least(size: int, threshold: float) -> int:
    """The smallest size, and the smallest overlap, of a set similar to one of this size; rounding errs downwards."""
    return max(1, math.ceil(size * threshold - 1e-9))
