"""Clusters of things that are nearly the same: which belong together, which is the likely home, how they differ."""

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from canonry.model.finding import Related
from canonry.rules.inventory import Inventory
from canonry.rules.view import Project
from canonry.source.facts import Site
from canonry.source.index import Definition
from canonry.source.similar import Pair

_SHOWN = 4


class Home(msgspec.Struct, frozen=True):
    """One of several places that define a thing, with what the choice of the likely home rests on."""

    path: str
    site: Site
    name: str
    words: frozenset[str]
    """What is compared: method names, members."""
    importers: tuple[str, ...] = ()
    kin: int = 0
    """How many more of the same hierarchy stand for the same role."""

    @property
    def definition(self) -> Definition:
        """The place as the index names it."""
        return Definition(self.path, self.site.symbol)


def disjoint_stars(
    pairs: Iterable[Pair], weights: Sequence[int], *, leads: Sequence[bool] | None = None
) -> list[list[int]]:
    """The items as stars: a hub first, then the items similar to it. Every item is in one star; heavy ones come first.

    ``leads`` says which items may be hubs, all where it is not given; of the others those are left out that no hub is
    similar to.

    Each star is the heaviest that the items left over allow, so every member is similar to the hub itself, and no
    chain of neighbours joins what has little in common. Equal weights are told apart by their index.

    Names and words are counted once, so an item whose hub went to another star may stand alone. Clones may not
    (`canonry.source.clones.stars`): there a hub serves again as the centre of what is left.
    """
    near: dict[int, list[int]] = {}
    for first, second, _ in pairs:
        near.setdefault(first, []).append(second)
        near.setdefault(second, []).append(first)
    free = [True] * len(weights)

    def weight(hub: int) -> int:
        return weights[hub] + sum(weights[each] for each in near.get(hub, ()) if free[each])

    waiting = [(-weight(hub), hub) for hub in range(len(weights)) if leads is None or leads[hub]]
    heapq.heapify(waiting)
    found: list[list[int]] = []
    while waiting:
        promised, hub = heapq.heappop(waiting)
        if not free[hub]:
            continue
        now = weight(hub)
        if now < -promised:  # some of its neighbours went to a heavier star
            heapq.heappush(waiting, (-now, hub))
            continue
        star = [hub, *sorted(each for each in near.get(hub, ()) if free[each])]
        for each in star:
            free[each] = False
        found.append(star)
    return found


def is_declared(home: Home, project: Project) -> bool:
    """Whether the canon declares a place to be the home of the symbol that it defines."""
    return bool(home.path) and project.symbol_homes.get(home.name) == home.path


def ranked(homes: Iterable[Home], inventory: Inventory, remoteness: Callable[[str], int]) -> list[Home]:
    """The likely home first: production code, then what supports tests, then test files.

    Of equals most importers go first, then fewest doubles in the file, then the shortest path.

    Of a class or a constant it is known who imports it. Functions have a ranking of their own
    (`canonry.source.clones.search`), because most of them, being methods, are not imported, but their module is.
    """

    def order(home: Home) -> tuple[int, int, int, int, str, int]:
        path, line = home.path, home.site.line
        return (remoteness(path), -len(home.importers), inventory.doubles[path], path.count("/"), path, line)

    return sorted(homes, key=order)


def with_importers(homes: Iterable[Home], importers: Mapping[Definition, list[str]]) -> list[Home]:
    """The homes with the files that import each."""
    return [msgspec.structs.replace(home, importers=tuple(importers.get(home.definition, ()))) for home in homes]


def related(homes: Iterable[Home], note: Callable[[Home], str]) -> tuple[Related, ...]:
    """The homes as related places of an offence."""
    return tuple(Related(each.path, each.site.line, each.site.column, each.site.symbol, note(each)) for each in homes)


def difference(home: Collection[str], other: Collection[str]) -> str:
    """How one set of words differs from the home's: ``lacks `a`; adds `b`, `c```; empty where it does not."""
    lacks, adds = sorted(set(home) - set(other)), sorted(set(other) - set(home))
    parts = [f"{verb} {listed(words)}" for verb, words in (("lacks", lacks), ("adds", adds)) if words]
    return "; ".join(parts)


def imported(home: Home) -> str:
    """By how many files a home is imported, in words; empty for none."""
    count = len(home.importers)
    return f"imported by {count:,} file{'s' if count != 1 else ''}" if count else ""


def listed(words: Sequence[str], *, most: int = _SHOWN) -> str:
    """The words in backticks, the first few of many."""
    shown = ", ".join(f"`{word}`" for word in words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


def counted(count: int, noun: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"
