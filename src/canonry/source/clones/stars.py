"""A graph of similar things -> stars, so that every member of a group is similar to its centre."""

import heapq
from collections.abc import Mapping, Set
from typing import NamedTuple


class Star(NamedTuple):
    """``members``, in order, are neighbours of ``centre``."""

    centre: int
    members: tuple[int, ...]


def covering_stars(near: Mapping[int, Set[int]]) -> list[Star]:
    """Stars that hold every node of a symmetric graph, in the order of their centres; a node may be near itself.

    Chains do not become groups: where a is like b and b like c, c is in a's star only if it is like a. Greedy, the node
    with most neighbours that are in no star yet first, the lower number at a draw. A node is a member of one star at
    most; what is left of its neighbours then may make it the centre of another: a clone is never left without a home
    that it is near to. Where things are counted once, `canonry.rules.clusters.disjoint_stars` groups them.
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
    return sorted(found)
