"""Classes of one hierarchy, which share names and interfaces by design."""

import sys
from collections.abc import Iterator, Mapping

import msgspec

from canonry.rules.clusters import Home, ranked
from canonry.rules.inventory import Inventory
from canonry.source.index import Definition, Index

_VALUES = frozenset(("pydantic", "attr", "attrs", "msgspec", "typing_extensions", "marshmallow", "dataclasses_json"))


def one_per_hierarchy(
    homes: list[Home],
    bases: Mapping[Definition, tuple[str, ...]],
    index: Index,
    inventory: Inventory,
    *,
    values: bool,
) -> list[Home]:
    """The homes, one for each hierarchy, the likely home first; each says how many others it stands for.

    Classes are of one hierarchy where one comes from the other or both come from the same class, of the tree or
    outside. ``values`` says whether bases of mere values (the standard library's, pydantic's) join too.
    """
    families: dict[str, int] = {}  # what a class comes from -> the place in `found` of its hierarchy
    found: list[list[Home]] = []
    for home in ranked(homes, inventory):
        keys = list(_lineage(home.definition, bases[home.definition], index, values=values))
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
    return ranked(kept, inventory)


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
