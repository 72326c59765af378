"""Classes that play one role: nearly the same methods under different names. Argued in docs/decisions/0007."""

import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache

import msgspec

from canonry.rules.clusters import Home, disjoint_stars, with_importers
from canonry.rules.families import one_per_hierarchy
from canonry.rules.inventory import is_double
from canonry.rules.view import TreeView
from canonry.source.facts import ClassFact
from canonry.source.index import Definition
from canonry.source.similar import packed_sets, similar_pairs

_THRESHOLD = Fraction(3, 5)
_LEAST = 3
_LEAST_OF_DOUBLE = 2
_PROTOCOLS = frozenset(("typing.Protocol", "typing_extensions.Protocol"))
_INTERFACE = "zope.interface.Interface"
_SET_UP = frozenset(
    "setUp tearDown setUpClass tearDownClass asyncSetUp asyncTearDown setup_method teardown_method setup_class"
    " teardown_class setup teardown".split()
)
_STANDARD = (
    *(frozenset(name for name in dir(kind) if not name.startswith("_")) for kind in (list, set, dict, str)),
    frozenset("close fileno flush isatty read readable readline readlines seek seekable tell truncate write".split()),
    frozenset("critical debug error exception info log setLevel warn warning".split()),
)
"""What the standard library's own containers, files and loggers offer: imitating one of them is no role of a tree."""
_OF_DICTIONARIES = frozenset("items keys values".split())
_TWIN = re.compile(r"(?:Async|Sync)(?=[A-Z]|$)|^_*(?:async|sync)_")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SAYS_NOTHING = frozenset("mock fake stub dummy spy test tests base".split())


class Role(msgspec.Struct, frozen=True):
    """One role and the classes that play it, the likely home first."""

    homes: tuple[Home, ...]
    hub: Home
    """The class to which all are similar; the likely home is one that is imported most."""

    @property
    def classes(self) -> int:
        """How many classes play the role, with those for whose hierarchy another one stands."""
        return len(self.homes) + self.kin

    @property
    def kin(self) -> int:
        """How many classes of the role are told by another one of their hierarchy."""
        return sum(home.kin for home in self.homes)

    @property
    def names(self) -> list[str]:
        """The distinct names, the home's first."""
        return list(dict.fromkeys(home.name for home in self.homes))


def role_clusters(tree: TreeView) -> list[Role]:
    """All roles that classes of different names, files and hierarchies play, the largest first.

    Every class has at least 60 % of its interface in common with the hub of its cluster, which has three methods or
    more; a class named as a double may have two, because a double stands in for no more than its test calls. Of a
    hierarchy only the likely home is there: that its classes have one interface is what a hierarchy is for.
    """
    inventory, index = tree.inventory, tree.project.index
    by_interface: dict[frozenset[str], list[tuple[str, ClassFact]]] = {}
    for path, fact in inventory.classes:
        words = interface(fact)
        least = _LEAST_OF_DOUBLE if is_double(fact.name) else _LEAST
        if len(words) >= least and not _is_protocol(path, fact, tree) and not _imitates(words):
            by_interface.setdefault(words, []).append((path, fact))
    interfaces = list(by_interface)
    weights = [len(by_interface[words]) for words in interfaces]
    wide = [len(words) >= _LEAST for words in interfaces]
    clusters = [
        [(path, fact, interfaces[each]) for each in star for path, fact in by_interface[interfaces[each]]]
        for star in disjoint_stars(similar_pairs(packed_sets(interfaces), _THRESHOLD), weights, leads=wide)
    ]
    several = [cluster for cluster in clusters if len({_bare(fact.name) for _, fact, _ in cluster}) > 1]
    importers = inventory.importers(index, {fact.name for cluster in several for _, fact, _ in cluster})
    roles: list[Role] = []
    for cluster in several:
        homes = [Home(path, fact.site, fact.name, words) for path, fact, words in cluster]
        bases = {Definition(path, fact.qualname): fact.bases for path, fact, _ in cluster}
        apart = one_per_hierarchy(with_importers(homes, importers), bases, tree, values=True)
        role = _around_hub(apart, tree)
        if role is not None and _repeats(list(role.homes)):
            roles.append(role)
    roles.sort(key=lambda role: (-role.classes, role.homes[0].path, role.homes[0].site.line))
    return roles


def _is_protocol(path: str, fact: ClassFact, tree: TreeView) -> bool:
    """Whether a class says what others do: a protocol, or anything that comes from zope's `Interface`."""
    if _PROTOCOLS.intersection(fact.bases):
        return True
    if not fact.bases or not any(name in tree.inventory.imports for name in ("Interface", "zope.interface")):
        return False
    return _INTERFACE in tree.project.index.hierarchy(Definition(path, fact.qualname)).roots


def _imitates(words: frozenset[str]) -> bool:
    least = len(words) * _THRESHOLD.numerator
    return any(len(words & known) * _THRESHOLD.denominator >= least for known in _STANDARD)


def _repeats(homes: list[Home]) -> bool:
    """Whether the classes are a role played again rather than a design.

    One file holds variants on purpose, a class may have one double, and one twin for asynchronous callers.
    """
    doubles = sum(is_double(home.name) for home in homes)
    names, files = {_bare(home.name) for home in homes}, {home.path for home in homes}
    return len(names) > 1 and len(files) > 1 and (doubles != 1 or len(homes) > 2)


def _bare(name: str) -> str:
    """A name without what tells a class from its twin: `AsyncSession`, `async_session`, `Session`."""
    return _TWIN.sub("", name).lstrip("_").lower()


@lru_cache(maxsize=4096)
def _counts(name: str) -> bool:
    return not name.startswith(("_", "test")) and name not in _SET_UP and name not in _OF_DICTIONARIES


def interface(fact: ClassFact) -> frozenset[str]:
    """The names of a class's public methods, without those that a test framework calls or that imitate a dictionary."""
    return frozenset(name for name in fact.methods if _counts(name))


def _around_hub(homes: list[Home], tree: TreeView) -> Role | None:
    """The role of the homes that are similar to its hub, the likely home first; None where no hub is left.

    The hub has three methods and most of the homes around it: all, unless the cluster's own hub went with its
    hierarchy.
    """
    near = {home.definition: sum(_similar(home.words, other.words) for other in homes) for home in homes}
    wide = [home for home in homes if len(home.words) >= _LEAST]
    most = max((near[home.definition] for home in wide), default=0)
    centres = [home for home in wide if near[home.definition] == most]
    if not centres:
        return None
    hub = _likely_first(centres, homes, tree)[0]
    kept = [home for home in homes if _similar(hub.words, home.words)]
    return Role(tuple(_likely_first(kept, kept, tree)), hub)


def _similar(first: frozenset[str], second: frozenset[str]) -> bool:
    return len(first & second) >= _THRESHOLD * len(first | second)


def _likely_first(homes: list[Home], cluster: list[Home], tree: TreeView) -> list[Home]:
    """The homes by how likely they are the role's: where things are kept, and what can be imported, before all.

    Where half of the names of the cluster hold one word, one that holds it goes before one that does not: a store of
    sessions may have the methods of thirteen Redis doubles, and more importers; it is not their home. In production
    code a double goes last. Of equals the order is kept, which is that of importers.
    """
    counts = Counter(word for home in cluster for word in _said(home))
    word, count = max(counts.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    spoken = word if count * 2 >= len(cluster) else ""

    def order(home: Home) -> tuple[int, bool, bool, bool]:
        remoteness = tree.project.remoteness(home.path)
        mute = bool(spoken) and spoken not in _said(home)
        return (remoteness, "." in home.site.symbol, mute, not remoteness and is_double(home.name))

    return sorted(homes, key=order)


def _said(home: Home) -> set[str]:
    return {word.lower() for word in _WORD.findall(home.name)} - _SAYS_NOTHING
