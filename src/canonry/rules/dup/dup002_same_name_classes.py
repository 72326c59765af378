"""DUP002."""

from collections.abc import Iterator
from functools import partial

from canonry.model.finding import Confidence
from canonry.rules.clusters import Home, counted, difference, imported, ranked, related, with_importers
from canonry.rules.families import one_per_hierarchy
from canonry.rules.inventory import is_double
from canonry.rules.roles import interface
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import Project, TreeView
from canonry.source.facts import ClassFact
from canonry.source.index import Definition

_IMPORTS = {
    "shop/api.py": "from shop.orders import Order\n",
    "shop/bill.py": "from shop.orders import Order\n",
    "shop/jobs.py": "from shop.legacy import Order\n",
}

_CONVENTION = 5
"""In how many modules a name that nobody imports is one that a loader looks for, as Ansible does for `FilterModule`."""


class SameNameClasses(Rule):
    """One class name with several homes leaves every importer to choose, and every fix to reach one of them.

    Judged are public classes at the top of modules that no test holds. A name is reported once, at its likely home
    (production code first, then most importers, fewest doubles in the file, the shortest path), where at least two
    definitions differ by more than white space, comments and docstrings; the others follow with what they lack and add. Definitions that are
    all equal are clones (DUP004), names that the canon declares are DUP001's.

    Left out are classes of one hierarchy, and of one base outside the tree unless that is a base of mere values
    (pydantic's, the standard library's): `Migration` and `Command` are names that a framework asks for, as is a
    name that five modules of production code define and nobody imports. Left out too are folders of examples, documentation and locales, test classes, and in test code what shares less than a third
    of the smaller one's members with every definition in production code (with every other, where there is none there), or
    is imported from nowhere and not named like a double. Where a name has homes in test code alone, and two of
    them count, all are told.

    Likely where importers choose between definitions that share a third of the smaller one's members, or where the name
    is a double's; else a reader has to look. Measured on the reference repository at `beta-16`, two draws: of 19 likely
    findings 18 are right and 1 arguable, of 41 for review 33 are right, 6 arguable and 2 wrong. On ansible-core and
    Scrapy, ten findings, all for review: 2 right, 1 arguable, 7 wrong (two things that share a short name on purpose).
    """

    code = "DUP002"
    name = "same-name-classes"
    confidence = Confidence.REVIEW
    looks_at = "inventory"
    help = "keep one definition and import it, or give the others names that say how they differ"
    bad = (
        Example(
            "class Order:\n    def total(self):\n        return 1\n",
            path="shop/orders.py",
            files=_IMPORTS | {"shop/legacy.py": "class Order:\n    def total(self):\n        return 2\n"},
        ),
        Example(
            "class MockSocket:\n    def send(self, data): ...\n",
            path="tests/test_chat.py",
            files={
                "tests/unit/test_room.py": "class MockSocket:\n    def send(self, data): ...\n    def close(self): ...\n"
            },
        ),
    )
    good = (
        Example(  # equal bodies: a clone, DUP004
            "class Order:\n    def total(self):\n        return 1\n",
            path="shop/orders.py",
            files=_IMPORTS
            | {"shop/legacy.py": 'class Order:\n    """An order."""\n    def total(self):\n        return 1\n'},
        ),
        Example(  # a loader looks for the name in every module
            "class FilterModule:\n    def filters(self):\n        return 0\n",
            path="shop/plugins/a.py",
            files={
                f"shop/plugins/{name}.py": f"class FilterModule:\n    def filters(self):\n        return '{name}'\n"
                for name in "bcde"
            },
        ),
        Example(  # one extends the other
            "class Order:\n    def total(self):\n        return 1\n",
            path="shop/orders.py",
            files={"shop/big.py": "from shop import orders\n\nclass Order(orders.Order):\n    size = 2\n"},
        ),
        Example(  # test classes share names
            "class TestOrder:\n    def test_a(self):\n        assert 1\n",
            path="tests/unit/test_order.py",
            files={"tests/e2e/test_orders.py": "class TestOrder:\n    def test_b(self):\n        assert 2\n"},
        ),
        Example(  # a helper of one test file that nobody imports
            "class Thing:\n    size = 1\n",
            path="tests/unit/test_order.py",
            files={"tests/e2e/test_orders.py": "class Thing:\n    size = 2\n"},
        ),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per name, at its likely home."""
        for homes, facts in _rivals(tree):
            home, *others = homes
            bodies = len({facts[each.definition].body for each in homes})
            chosen = sum(bool(each.importers) for each in homes)
            alike = any(_alike(home, other) for other in others)
            message = f"`{home.name}` is defined in {counted(len(homes), 'file')} with {bodies} different bodies"
            if chosen > 1:
                message += f", and imported from {chosen} of them"
            yield Offence(
                site=home.site,
                path=home.path,
                message=message,
                confidence=Confidence.LIKELY if alike and (chosen > 1 or is_double(home.name)) else None,
                related=related(others, partial(_note, home, facts)),
            )


def _rivals(tree: TreeView) -> Iterator[tuple[list[Home], dict[Definition, ClassFact]]]:
    """The homes of each name that has several, the likely one first, with their facts."""
    project, inventory = tree.project, tree.inventory
    by_name: dict[str, dict[str, ClassFact]] = {}
    canonical = {name for symbol in project.canon.canon.symbols for name in (symbol.name, *symbol.aliases)}
    for path, fact in inventory.classes:
        if fact.qualname == fact.name and not fact.nested and fact.body and _may_share(fact, path, project):
            by_name.setdefault(fact.name, {}).setdefault(path, fact)
    several = {
        name: found
        for name, found in by_name.items()
        if name not in canonical and len({fact.body for fact in found.values()}) > 1
    }
    importers = inventory.importers(project.index, several)
    for name, found in sorted(several.items()):
        facts = {Definition(path, name): fact for path, fact in found.items()}
        homes = with_importers([Home(path, fact.site, name, _words(fact)) for path, fact in found.items()], importers)
        homes = _counted(homes, project)
        bases = {definition: fact.bases for definition, fact in facts.items()}
        homes = one_per_hierarchy(homes, bases, tree, values=False)
        if _is_asked_for(homes, project):
            continue
        if len({facts[each.definition].body for each in homes}) > 1:
            yield ranked(homes, inventory, project.remoteness), facts


def _is_asked_for(homes: list[Home], project: Project) -> bool:
    """Whether a name is one that a loader looks for in many modules: all in production code, and nobody imports one."""
    if len(homes) < _CONVENTION or is_double(homes[0].name):
        return False
    return not any(home.importers or project.in_test_code(home.path) for home in homes)


def _may_share(fact: ClassFact, path: str, project: Project) -> bool:
    """Whether the name is public and no test class's."""
    if fact.name.startswith("_"):
        return False
    return not (fact.bases and project.is_test_file(path) and project.settings.is_test_class(fact.name))


def _words(fact: ClassFact) -> frozenset[str]:
    """The public methods and attributes of a class."""
    return interface(fact).union(name for name in fact.attributes if not name.startswith("_"))


def _counted(homes: list[Home], project: Project) -> list[Home]:
    """The homes that count; of a name that has two in test code, all homes in test code do."""
    found = [home for home in homes if _counts(home, homes, project)]
    tested = [home for home in homes if project.in_test_code(home.path)]
    if len(tested) == len(homes) and sum(home in found for home in tested) > 1:
        return homes
    return found


def _counts(home: Home, homes: list[Home], project: Project) -> bool:
    """Whether a home is more than a helper of one test file, or a test's own thing that happens to have the name."""
    if not project.in_test_code(home.path):
        return True
    produced = [other for other in homes if not project.in_test_code(other.path)]
    return any(
        other is not home and _alike(home, other) and (home.importers or other.importers or is_double(home.name))
        for other in produced or homes
    )


def _alike(home: Home, other: Home) -> bool:
    """Whether two classes share a third of the smaller one's methods and attributes; where one has none, they do not."""
    shared = len(home.words & other.words)
    return shared > 0 and shared * 3 >= min(len(home.words), len(other.words))


def _note(home: Home, facts: dict[Definition, ClassFact], other: Home) -> str:
    equal = facts[home.definition].body == facts[other.definition].body
    same = "same members, another body" if home.words else "another body"
    how = "same body" if equal else difference(home.words, other.words) or same
    return "; ".join(part for part in (how, imported(other)) if part)
