"""BAS004."""

from collections.abc import Iterator

from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact
from canonry.source.index import Definition

_PYTEST_STYLE = frozenset(("setup_method", "teardown_method", "setup_class", "teardown_class"))


class MixedBases(Rule):
    """A hierarchy with a unittest case and a pytest-style base runs by the rules of neither.

    unittest ignores `setup_method` and fixtures of the other base, pytest leaves the class to unittest, and which of
    the two set-ups runs depends on the order of the bases.
    """

    code = "BAS004"
    name = "mixed-bases"
    help = "inherit from one canonical base case only"
    bad = (
        Example(
            "import unittest\n\nclass Shop:\n    def setup_method(self):\n        self.x = 1\n\n"
            "class TestOrder(Shop, unittest.TestCase):\n    def test_a(self):\n        assert 1\n"
        ),
        Example(
            "import pytest\nimport unittest\n\nclass Shop:\n    @pytest.fixture\n    def order(self):\n        return 1\n\n"
            "class TestOrder(unittest.TestCase, Shop):\n    def test_a(self):\n        assert 1\n"
        ),
    )
    good = (
        Example(
            "import unittest\n\nclass Mixin:\n    def total(self):\n        return 1\n\n"
            "class TestOrder(Mixin, unittest.TestCase):\n    def test_a(self):\n        assert self.total()\n"
        ),
        Example(
            "class Shop:\n    def setup_method(self):\n        self.x = 1\n\n"
            "class TestOrder(Shop):\n    def test_a(self):\n        assert self.x\n"
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every test class with bases of both styles."""
        for fact in file.facts.classes:
            if len(fact.bases) < 2 or not file.is_test_file:
                continue
            unittest_base = pytest_base = ""
            for base in fact.bases:
                found = file.index.resolve(file.path, base)
                name = base.rpartition(".")[2].removeprefix(":")
                if isinstance(found, Definition) and found.qualname:
                    if file.index.hierarchy(found).case:
                        unittest_base = name
                    elif _pytest_style(file, found):
                        pytest_base = name
                elif _is_unittest(found):
                    unittest_base = name
            if unittest_base and pytest_base:
                message = (
                    f"`{fact.name}` mixes the unittest case `{unittest_base}` with the pytest base `{pytest_base}`"
                )
                yield Offence(site=fact.site, message=message)


def _is_unittest(found: object) -> bool:
    from canonry.source.index import External, case_kind

    return isinstance(found, External) and bool(case_kind(found.name))


def _pytest_style(file: FileView, definition: Definition) -> bool:
    return any(_has_pytest_parts(file, each) for each in (definition, *file.index.hierarchy(definition).ancestors))


def _has_pytest_parts(file: FileView, definition: Definition) -> bool:
    fact: ClassFact | None = file.index.class_fact(definition)
    if fact is None:
        return False
    if _PYTEST_STYLE & set(fact.methods):
        return True
    functions = [
        file.index.function_fact(Definition(definition.path, f"{fact.qualname}.{name}")) for name in fact.methods
    ]
    return any(
        decorator.endswith(".fixture") for function in functions if function for decorator in function.decorators
    )
