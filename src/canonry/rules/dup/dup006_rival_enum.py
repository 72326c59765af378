"""DUP006."""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial

from canonry.model.finding import Confidence
from canonry.rules.clusters import (
    Home,
    counted,
    difference,
    disjoint_stars,
    imported,
    is_declared,
    listed,
    ranked,
    related,
    with_importers,
)
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.similar import packed_sets, similar_pairs

_THRESHOLD = Fraction(4, 5)
_STATES = "STATES = ('new', 'paid', 'sent', 'done')\n"


class RivalEnum(Rule):
    """One closed set of words that is written down twice will be extended once.

    Judged are enumerations (by their values where they are strings, else by their names), aliases of `Literal`, and
    constants at the top of a module or of a class there: a tuple, list or set of string literals with a name in
    capitals, or a dictionary of that kind by its keys. At least 4 words, at most 60: longer ones are data. Sets that
    have at least 80 % of their words (Jaccard) in common with one of them, in several files, are reported once, at the
    likely home (the one that `canon.symbols` declares, else production code first, then most importers, fewest doubles in the file, the shortest path); the others follow with the
    words that they lack and add. Folders of examples, documentation and locales are left out.

    A reader has to look, always: severities and priorities may share their words. Measured on the reference repository:
    of 51 findings 43 are right, 6 arguable and 2 wrong; on six packages 5 of 8 are right, 2 arguable, 1 wrong.
    """

    code = "DUP006"
    name = "rival-enum"
    confidence = Confidence.REVIEW
    looks_at = "inventory"
    help = "keep the likely home and import it, or derive the others from it"
    bad = (
        Example(_STATES, path="shop/a.py", files={"shop/jobs.py": _STATES}),
        Example(
            "import enum\n\nclass State(enum.Enum):\n    NEW = 'new'\n    PAID = 'paid'\n    SENT = 'sent'\n    DONE = 'done'\n",
            path="shop/a.py",
            files={"shop/jobs/states.py": _STATES},
        ),
        Example(
            "from typing import Literal\n\nState = Literal['new', 'paid', 'sent', 'done', 'lost']\n",
            path="shop/a.py",
            files={"shop/jobs/states.py": _STATES},
        ),
    )
    good = (
        Example(_STATES, path="shop/orders.py", files={"shop/jobs.py": "from shop.orders import STATES\n"}),
        Example(_STATES, path="shop/orders.py", files={"shop/jobs.py": "KINDS = ('new', 'old', 'sold', 'done')\n"}),
        Example(
            "STATES = ('new', 'paid')\n", path="shop/orders.py", files={"shop/jobs.py": "STATES = ('new', 'paid')\n"}
        ),
        Example(
            "__all__ = ['a', 'b', 'c', 'd']\n",
            path="shop/a.py",
            files={"shop/b.py": "__all__ = ['a', 'b', 'c', 'd']\n"},
        ),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per set of words, at its likely home."""
        inventory = tree.inventory
        by_members: dict[frozenset[str], list[Home]] = {}
        for path, constant in inventory.constants:
            members = frozenset(constant.members)
            by_members.setdefault(members, []).append(Home(path, constant.site, constant.name, members))
        sets = list(by_members)
        stars = disjoint_stars(
            similar_pairs(packed_sets(sets), _THRESHOLD), [len(by_members[members]) for members in sets]
        )
        clusters = [[home for each in star for home in by_members[sets[each]]] for star in stars]
        clusters = [cluster for cluster in clusters if len({home.path for home in cluster}) > 1]
        importers = inventory.importers(tree.project.index, {home.name for cluster in clusters for home in cluster})
        for cluster in clusters:
            order = ranked(with_importers(cluster, importers), inventory, tree.project.remoteness)
            home, *others = sorted(order, key=lambda each: not is_declared(each, tree.project))
            files = len({each.path for each in cluster})
            names = list(dict.fromkeys(each.name for each in (home, *others)))
            same = "the same" if all(each.words == home.words for each in others) else "nearly the same"
            message = (
                f"`{home.site.symbol}` and {counted(len(others), 'other')} in {counted(files, 'file')} hold {same} "
                f"{len(home.words)} words ({listed(sorted(home.words))})"
            )
            if len(names) > 1:
                message += f" under {counted(len(names), 'name')}"
            yield Offence(
                site=home.site,
                path=home.path,
                message=message,
                related=related(others, partial(_note, home)),
            )


def _note(home: Home, other: Home) -> str:
    how = difference(home.words, other.words) or "same words"
    return "; ".join(part for part in (how, imported(other)) if part)
