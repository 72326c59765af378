"""A graph of similar things -> stars, so that every member of a group is similar to its centre."""

import heapq
from collections.abc import Mapping, Set
from typing import NamedTuple


class Star(NamedTuple):
    """``members``, in order, are neighbours of ``centre``."""

    centre: int
    members: tuple[int, ...]


def find_stars(near: Mapping[int, Set[int]]) -> list[Star]:
    """Stars that hold every node of a symmetric graph, in the order of their centres; a node may be near itself.

    Chains do not become groups: where a is like b and b like c, c is in a's star only if it is like a. Greedy, the node
    with most neighbours that are in no star yet first, the lower number at a draw. A node whose neighbours are all
    taken makes a star with the lowest of them, which then is in two.
    """
    free = set(near)
    queue = [(-len(neighbours), node) for node, neighbours in near.items()]
    heapq.heapify(queue)
    found: list[Star] = []
    while queue:
        count, node = heapq.heappop(queue)
        left = near[node] & free
        if not left:
            continue
        if len(left) != -count:
            heapq.heappush(queue, (-len(left), node))
            continue
        found.append(Star(node, tuple(sorted(left - {node}))))
        free -= left
        free.discard(node)
    found += [Star(node, (min(near[node]),)) for node in sorted(free) if near[node]]
    return sorted(found)
