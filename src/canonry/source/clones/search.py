"""Shapes of all files -> clusters of clones: which functions are the same, the same but for names, or nearly the same.

Everything here is a pure function of the shapes by path: neither the order of the files nor an earlier run changes it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from canonry.source.clones.cluster import Clone, Cluster, Importers, Kind, Place
from canonry.source.clones.differences import name_difference, statement_difference
from canonry.source.clones.stars import Star, covering_stars
from canonry.source.functions.shapes import Shape, Shapes
from canonry.source.similar import Pair

Join = Callable[[Sequence[bytes]], Iterable[Pair]]
"""The pairs of similar ones among arrays of elements."""
Counting = Callable[[frozenset[str], frozenset[str]], Importers]
"""Counts who imports the modules at these paths and, of their top-level names, these."""


def find_clusters(files: Mapping[str, Shapes], *, join: Join, count_importers: Counting) -> list[Cluster]:
    """All clusters, by the path and line of their homes.

    Each function is compared once: those that are exactly the same appear in a renamed or near cluster by one of them,
    those that are the same but for names in a near cluster by one of them. A function inside another is left out where
    the functions around it are such clones already, and where it resembles what holds it. Every function that has a
    near clone is in a near cluster, and near to its home.
    """
    tree = _Tree(files)
    exact, renamed = tree.exact_groups(), tree.renamed_groups()
    near = tree.near_bags(join)
    places = [*chain(*exact), *chain(*chain(*renamed)), *(place for bag in near for place in tree.of_bag(bag))]
    paths = frozenset(place.path for place in places)
    ranking = _Ranking(
        count_importers(paths, frozenset(map(_top, places))),
        Counter(path for path, _ in {place[:2] for place in places}),
    )
    found = _exact_clusters(exact, ranking)
    found += [_renamed_cluster(group, ranking) for group in renamed]
    found += [_near_cluster(star, near, tree, ranking) for star in covering_stars(near)]
    return sorted(found, key=lambda cluster: (cluster.home.path, cluster.home.shape.line, cluster.kind))


def _top(place: Place) -> str:
    return place.shape.qualname.partition(".")[0]


class _Tree:
    """The functions of all files, grouped."""

    def __init__(self, files: Mapping[str, Shapes]) -> None:
        self._files = files
        self._exact: dict[int, list[Place]] = {}
        self._renamed: dict[int, dict[int, None]] = {}
        bags: dict[bytes, dict[int, None]] = {}
        for path in sorted(files):
            for number, shape in enumerate(files[path].functions):
                self._exact.setdefault(shape.exact, []).append(Place(path, number, shape))
                self._renamed.setdefault(shape.renamed, {})[shape.exact] = None
                if shape.elements:
                    bags.setdefault(shape.elements, {})[shape.renamed] = None
        self._bags = [(elements, tuple(renamed)) for elements, renamed in bags.items()]
        self._bag_numbers = {elements: number for number, (elements, _) in enumerate(self._bags)}

    def exact_groups(self) -> list[list[Place]]:
        """The functions that are the same."""
        return [
            group
            for group in self._exact.values()
            if len(group) > 1 and not self._within_clones(group, lambda shape: shape.exact)
        ]

    def renamed_groups(self) -> list[list[list[Place]]]:
        """The groups of equal functions that are the same but for names."""
        found = [[self._exact[exact] for exact in exacts] for exacts in self._renamed.values() if len(exacts) > 1]
        return [group for group in found if not self._within_clones(chain(*group), lambda shape: shape.renamed)]

    def of_bag(self, bag: int) -> list[Place]:
        """All functions with the same elements."""
        return list(chain(*chain(*self.groups_of_bag(bag))))

    def groups_of_bag(self, bag: int) -> list[list[list[Place]]]:
        """The functions with the same elements: those alike but for names, in them those that are equal."""
        return [[self._exact[exact] for exact in self._renamed[renamed]] for renamed in self._bags[bag][1]]

    def near_bags(self, join: Join) -> dict[int, set[int]]:
        """Which bags are near to which; near to itself is one whose functions differ in more than names."""
        near: dict[int, set[int]] = {}
        for number, (_, renamed) in enumerate(self._bags):
            if len(renamed) > 1:
                near[number] = {number}
        for first, second, _ in join([elements for elements, _ in self._bags]):
            near.setdefault(first, set()).add(second)
            near.setdefault(second, set()).add(first)
        dropped = [(one, other) for one in near for other in near[one] if one <= other and self._idle(one, other, near)]
        for one, other in dropped:
            near[one].discard(other)
            near[other].discard(one)
        return {number: near[number] for number in sorted(near) if near[number]}

    def _idle(self, one: int, other: int, near: Mapping[int, set[int]]) -> bool:
        """Whether one stands inside the other, or both inside functions that are near to each other."""
        if one != other and (other in self._around(one) or one in self._around(other)):
            return True
        mine, theirs = ({next(iter(self._holders(place)), None) for place in self.of_bag(bag)} for bag in (one, other))
        return all(
            ours is not None and its is not None and (ours == its or its in near.get(ours, ()))
            for ours in mine
            for its in theirs
        )

    def _around(self, bag: int) -> set[int]:
        return set(chain(*map(self._holders, self.of_bag(bag))))

    def _holders(self, place: Place) -> Iterator[int]:
        """The bags of the functions around a function with elements, the nearest first."""
        functions, number = self._files[place.path].functions, place.number
        while functions[number].inside:
            number -= functions[number].inside
            yield self._bag_numbers[functions[number].elements]

    def _within_clones(self, group: Iterable[Place], digest: Callable[[Shape], int]) -> bool:
        """Whether all stand inside functions with one digest."""
        digests: set[int | None] = set()
        for path, number, shape in group:
            holder = self._files[path].functions[number - shape.inside]
            digests.add(digest(holder) if shape.inside else None)
        return len(digests) == 1 and None not in digests


class _Ranking:
    """Which of several functions is the likely home: the most imported one, then the one in the file with the fewest
    clones, then the one with the shortest path."""

    def __init__(self, importers: Importers, clones: Mapping[str, int]) -> None:
        self._importers = importers
        self._clones = clones

    def importers(self, path: str) -> int:
        return self._importers.modules.get(path, 0)

    def place(self, place: Place) -> tuple[object, ...]:
        """The key to sort functions by, the best first."""
        return (-self._importers.names.get((place.path, _top(place)), 0), *self._path(place.path), place.shape.line)

    def best_path(self, places: Iterable[Place]) -> str:
        """The likely home of several functions together."""
        named: Counter[str] = Counter()
        for place in places:
            named[place.path] += self._importers.names.get((place.path, _top(place)), 0)
        return min(named, key=lambda path: (-named[path], *self._path(path)))

    def _path(self, path: str) -> tuple[int, int, int, int, str]:
        return -self.importers(path), self._clones.get(path, 0), path.count("/"), len(path), path


def _exact_clusters(groups: Iterable[list[Place]], ranking: _Ranking) -> list[Cluster]:
    """One cluster for each group, but one for all that the same files repeat: a copied file is one offence."""
    together: dict[tuple[str, ...], list[list[Place]]] = {}
    for group in groups:
        paths = tuple(sorted(place.path for place in group))
        key = paths if len(set(paths)) > 1 else (*paths, group[0].shape.qualname)
        together.setdefault(key, []).append(group)
    return [_exact_cluster(same, ranking) for same in together.values()]


def _exact_cluster(groups: list[list[Place]], ranking: _Ranking) -> Cluster:
    path = ranking.best_path(chain(*groups))
    homes: list[Place] = []
    others: list[tuple[Place, Place]] = []
    for group in groups:
        home = min((place for place in group if place.path == path), key=lambda place: place.number)
        homes.append(home)
        others += [(place, home) for place in group if place is not home]
    homes.sort(key=lambda place: place.number)
    others.sort(key=lambda pair: (*ranking.place(pair[0])[1:], pair[0].number))
    clones = tuple(
        Clone(place, f"as `{home.shape.qualname}` in line {home.shape.line}" if len(homes) > 1 else "")
        for place, home in others
    )
    return Cluster(Kind.EXACT, homes[0], tuple(homes), clones, ranking.importers(path))


def _renamed_cluster(groups: Sequence[list[Place]], ranking: _Ranking) -> Cluster:
    home, *others = sorted((_chosen(group, ranking) for group in groups), key=lambda pair: ranking.place(pair[0]))
    clones = tuple(
        Clone(place, name_difference(home[0].shape, place.shape) + _copies(copies)) for place, copies in others
    )
    return Cluster(Kind.RENAMED, home[0], (home[0],), clones, ranking.importers(home[0].path))


def _near_cluster(star: Star, near: Mapping[int, set[int]], tree: _Tree, ranking: _Ranking) -> Cluster:
    """The home is the best of those that are near to all others."""
    bags = {star.centre, *star.members}
    central = [bag for bag in sorted(bags) if bags - {bag} <= near[bag]]
    chosen = {
        bag: [_chosen(list(chain(*groups)), ranking) for groups in tree.groups_of_bag(bag)] for bag in sorted(bags)
    }
    home = min(chain(*(chosen[bag] for bag in central)), key=lambda pair: ranking.place(pair[0]))
    others = sorted(
        (pair for pairs in chosen.values() for pair in pairs if pair is not home),
        key=lambda pair: ranking.place(pair[0]),
    )
    clones = tuple(
        Clone(place, statement_difference(home[0].shape, place.shape) + _copies(copies)) for place, copies in others
    )
    return Cluster(Kind.NEAR, home[0], (home[0],), clones, ranking.importers(home[0].path))


def _chosen(same: Sequence[Place], ranking: _Ranking) -> tuple[Place, int]:
    """The likely home of functions that stand for one another, and how many others there are."""
    return min(same, key=ranking.place), len(same) - 1


def _copies(count: int) -> str:
    return "" if not count else "; 1 copy of it" if count == 1 else f"; {count} copies of it"
