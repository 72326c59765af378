"""BAS005."""

import re
from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact
from canonry.source.index import Definition

_BASE_NAME = re.compile(r"^_?(?:Abstract|Base)\w*Test|Test\w*Base$|TestCase(?:Base)?$|BaseCase$|TestMixin$")
_SET_UP = frozenset(
    "setUp tearDown setUpClass tearDownClass asyncSetUp asyncTearDown setup_method teardown_method setup_class"
    " teardown_class setup teardown".split()
)
_CANON = "[canon]\nbase-cases = ['tests.cases:ShopCase']\n"


class RivalBaseCase(Rule):
    """A base test case outside the canonical home is where the next rival hierarchy starts.

    A rival is a class in test code that comes from a test case and holds no tests of its own but set-up or helpers, or
    that is named like a base case and has set-up methods; a class that inherits tests is none. Renaming a base case
    counts too, by inheriting nothing into it (`class MyBase(ShopCase): pass`) or by assignment (`MyBase = ShopCase`):
    it is one more name for the same thing. A warning, and likely, where a class adds methods to a base case of the canon:
    its tests are canonical, and what it adds may belong to them alone. Likely, not certain, where the class is not named like a base case, or
    comes from no known framework. With `base-cases = []` the canon has no base that anything could rival.

    Measured: of all 21 likely findings in the reference repository 19 are right and two arguable (`python
    benchmarks/draw.py GIT_DIR --rev beta-16 --config docs/evidence/reference-canon.toml --select BAS005 --sample 25
    --seed 7`); of 18 in three packages 13 are right and 5 arguable.
    """

    code = "BAS005"
    name = "rival-base-case"
    severity = Severity.ERROR
    help = "move what it adds into the canonical base case, or into fixtures, and inherit from the canon"
    options = ("canon.base-cases",)
    bad = (
        Example(
            "import unittest\n\nclass BaseShopTestCase(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n",
            path="tests/base.py",
        ),
        Example("class BaseAgentTest:\n    def setup_method(self):\n        self.x = 1\n", path="tests/base.py"),
        Example(
            "from tests.cases import ShopCase\n\nclass OtherTestCase(ShopCase):\n    pass\n",
            path="tests/base.py",
            files={"tests/cases.py": "import unittest\n\nclass ShopCase(unittest.TestCase):\n    pass\n"},
            canon=_CANON,
        ),
        Example(
            "from tests.cases import ShopCase\n\nStandardTestCase = ShopCase\n",
            path="tests/__init__.py",
            files={"tests/cases.py": "import unittest\n\nclass ShopCase(unittest.TestCase):\n    pass\n"},
            canon=_CANON,
        ),
    )
    good = (
        Example(
            "import unittest\n\nclass ShopCase(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n",
            path="tests/cases.py",
            canon=_CANON,
        ),
        Example("import unittest\n\nclass TestOrder(unittest.TestCase):\n    def test_a(self):\n        assert 1\n"),
        Example(
            "from tests.orders import Order\n\nBasket = Order\n",
            path="tests/__init__.py",
            files={"tests/orders.py": "class Order:\n    pass\n"},
        ),
        Example(
            "class BaseAgentTest:\n    def setup_method(self):\n        self.x = 1\n",
            path="tests/base.py",
            canon="[canon]\nbase-cases = []\n",
        ),
        Example("class OrderMixin:\n    def order(self):\n        return 1\n", path="tests/mixins.py"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every base case of the tree that the canon does not name."""
        if not file.in_test_code or not file.canon.base_cases:
            return
        yield from _aliases(file)
        for fact in file.facts.classes:
            definition = file.definition(fact)
            if fact.nested or definition in file.project.bases or _holds_tests(file, fact):
                continue
            named = bool(_BASE_NAME.search(fact.name))
            set_up = bool(_SET_UP & set(fact.methods))
            hierarchy = file.hierarchy(fact)
            if any(_has_tests(file, ancestor) for ancestor in hierarchy.ancestors):
                continue  # it runs inherited tests another way, and is a test class itself
            if file.project.reaches_canonical(definition, hierarchy):
                if named:
                    yield _further(fact)
            elif hierarchy.case and (named or (not file.is_test_file and (set_up or fact.methods))):
                message = f"`{fact.name}` is a base test case outside the canon"
                yield Offence(site=fact.site, message=message, confidence=None if named else Confidence.LIKELY)
            elif named and set_up and hierarchy.complete and not (fact.name.endswith("Mixin") and not fact.bases):
                message = f"`{fact.name}` is a base test case outside the canon"
                yield Offence(site=fact.site, message=message, confidence=Confidence.LIKELY)


def _further(fact: ClassFact) -> Offence:
    """What a class is that is named like a base case and comes from one of the canon."""
    if not fact.methods:
        return Offence(site=fact.site, message=f"`{fact.name}` is one more name for a base case of the canon")
    return Offence(
        site=fact.site,
        message=f"`{fact.name}` extends a base case of the canon outside its home",
        severity=Severity.WARNING,
        confidence=Confidence.LIKELY,
    )


def _aliases(file: FileView) -> Iterator[Offence]:
    """Every further name that an assignment gives to a base case, the canon's own entries left out."""
    for alias in file.facts.aliases:
        name = alias.site.symbol
        if any(entry.endswith(f".{name}") for entry in file.project.base_names):
            continue
        found = file.index.resolve(file.path, alias.reference)
        if file.project.is_canonical_base(found):
            yield Offence(site=alias.site, message=f"`{name}` is one more name for a base case of the canon")
        elif isinstance(found, Definition) and _is_rival(file, found):
            yield Offence(site=alias.site, message=f"`{name}` is one more name for `{found.qualname}`")


def _is_rival(file: FileView, definition: Definition) -> bool:
    named = bool(_BASE_NAME.search(definition.qualname))
    return named and bool(file.index.hierarchy(definition).case) and not _has_tests(file, definition)


def _has_tests(file: FileView, definition: Definition) -> bool:
    fact = file.index.class_fact(definition)
    return fact is not None and any(file.project.settings.is_test_function(name) for name in fact.methods)


def _holds_tests(file: FileView, fact: ClassFact) -> bool:
    return any(file.is_test_function(method) for method in file.methods.get(fact.qualname, ()))
