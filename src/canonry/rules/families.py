"""Classes of one hierarchy, which share names and interfaces by design."""

import sys
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from canonry.rules.clusters import Home, ranked
from canonry.rules.view import TreeView
from canonry.source.index import Definition, Index

_VALUES = frozenset(("pydantic", "attr", "attrs", "msgspec", "typing_extensions", "marshmallow", "dataclasses_json"))


def one_per_hierarchy(
    homes: list[Home],
    bases: Mapping[Definition, tuple[str, ...]],
    tree: TreeView,
    *,
    values: bool,
) -> list[Home]:
    """The homes, one for each hierarchy, the likely home first; each says how many others it stands for.

    Classes are of one hierarchy where one comes from the other or both come from the same class, of the tree or
    outside. A base that no import leads to is a class of that name among the homes, where ``values`` is set: it says
    that bases of mere values (the standard library's, pydantic's) join too.
    """
    index, inventory, remoteness = tree.project.index, tree.inventory, tree.project.remoteness
    lost = _lost_bases(homes, bases, index) if values else frozenset()
    families: dict[str, int] = {}  # what a class comes from -> the place in `found` of its hierarchy
    found: list[list[Home]] = []
    for home in ranked(homes, inventory, remoteness):
        own = bases[home.definition]
        keys = list(_lineage(home.definition, own, index, values=values))
        keys += lost.intersection((home.name, *map(_last, own)))
        known = sorted({families[key] for key in keys if key in families})
        place = known[0] if known else len(found)
        if not known:
            found.append([])
        found[place].append(home)
        for other in known[1:]:
            found[place] += found[other]
            found[other] = []
            families = {key: place if value == other else value for key, value in families.items()}
        families.update(dict.fromkeys(keys, place))
    kept = [msgspec.structs.replace(family[0], kin=len(family) - 1) for family in found if family]
    return ranked(kept, inventory, remoteness)


def _lost_bases(homes: Iterable[Home], bases: Mapping[Definition, tuple[str, ...]], index: Index) -> frozenset[str]:
    """The names of bases that resolve to nothing in the tree."""
    return frozenset(
        _last(base)
        for home in homes
        for base in bases[home.definition]
        if not isinstance(index.resolve(home.path, base), Definition)
    )


def _last(reference: str) -> str:
    return reference.rpartition(".")[2].removeprefix(":")


def _lineage(definition: Definition, bases: tuple[str, ...], index: Index, *, values: bool) -> Iterator[str]:
    """What a class shares with the others of its hierarchy: itself, its ancestors, what they end in outside."""
    yield f"{definition.path}:{definition.qualname}"
    if not bases:
        return
    hierarchy = index.hierarchy(definition)
    yield from (f"{each.path}:{each.qualname}" for each in hierarchy.ancestors)
    yield from (root for root in hierarchy.roots if values or not _of_values(root))


def _of_values(root: str) -> bool:
    top, _, rest = root.partition(".")
    return not rest or top in sys.stdlib_module_names or top in _VALUES
