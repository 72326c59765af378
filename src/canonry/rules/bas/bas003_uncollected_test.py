"""BAS003."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact


class UncollectedTest(Rule):
    """A test that the runner never collects proves nothing, and nobody notices.

    pytest passes over a test class with an `__init__`, over classes and functions that its patterns miss, and over a
    test that is defined inside a function. Certain for `__init__` and for nested tests that their function never
    uses; likely, and a warning, where `__init__` wants values, or every test of such a class values that are no
    fixtures of the tree, so that it may be a tool that others call. For a class whose name the patterns miss it is likely, and a warning (it may be a mixin that another file
    collects), and silent where a `conftest.py` has collection hooks of its own.

    Measured: of 25 likely findings in the reference repository 6 are right and 19 arguable, because a main block or
    a fixture of the file calls the class (`python benchmarks/draw.py GIT_DIR --rev beta-16 --config
    docs/evidence/reference-canon.toml --select BAS003 --sample 25 --seed 7`); both of numba are wrong.
    """

    code = "BAS003"
    name = "uncollected-test"
    severity = Severity.ERROR
    help = "let the runner collect it: drop `__init__`, follow the naming patterns, or move it out of the function"
    bad = (
        Example(
            "class TestOrder:\n    def __init__(self):\n        self.x = 1\n\n    def test_a(self):\n        assert 1\n"
        ),
        Example("def test_outer():\n    assert 1\n\n    def test_inner():\n        assert 1\n"),
        Example("class OrderChecks:\n    def test_a(self):\n        assert 1\n"),
    )
    good = (
        Example(
            "import unittest\n\nclass TestOrder(unittest.TestCase):\n    def __init__(self, name):\n"
            "        super().__init__(name)\n\n    def test_a(self):\n        assert 1\n"
        ),
        Example("def test_outer():\n    def test_inner():\n        return 1\n\n    assert test_inner() == 1\n"),
        Example(
            "class OrderChecks:\n    def test_a(self):\n        assert 1\n\nclass TestOrder(OrderChecks):\n    pass\n"
        ),
        Example("class TestResult:\n    def __init__(self):\n        self.failures = []\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every class and every nested test that pytest passes over."""
        if not file.is_test_file:
            return
        based = {base.removeprefix(":") for fact in file.facts.classes for base in fact.bases}
        for fact in file.facts.classes:
            tests = len(file.tests_of(fact.qualname))
            if tests and fact.collectable and not fact.nested:
                yield from self._class(file, fact, tests, based)
        for function in file.facts.functions:
            if function.nested and not function.owner and file.is_test_function(function) and not function.used:
                message = f"`{function.name}` stands inside a function, where nothing collects it"
                yield Offence(site=function.site, message=message)

    def _class(self, file: FileView, fact: ClassFact, tests: int, based: set[str]) -> Iterator[Offence]:
        hierarchy = file.hierarchy(fact)
        if hierarchy.case or not hierarchy.complete:
            return
        how_many = "1 test" if tests == 1 else f"{tests} tests"
        named = file.project.settings.is_test_class(fact.name)
        if fact.init is not None and named:
            message = f"`{fact.name}` has an `__init__`, which leaves {how_many} uncollected"
            doubt = _called_by_hand(file, fact)
            yield Offence(
                site=fact.init,
                message=message,
                severity=Severity.WARNING if doubt else None,
                confidence=Confidence.LIKELY if doubt else None,
            )
        elif (
            not named
            and not file.collects_its_own_way
            and fact.qualname not in based
            and not hierarchy.strange
            and "." not in fact.qualname
        ):
            reason = "" if fact.init is None else " and it has an `__init__`"
            message = f"the class patterns miss `{fact.name}`{reason}, which leaves {how_many} uncollected"
            yield Offence(site=fact.site, message=message, severity=Severity.WARNING, confidence=Confidence.LIKELY)


def _called_by_hand(file: FileView, fact: ClassFact) -> bool:
    """Whether ``__init__`` wants values, or every test one that is no fixture of the tree: a tool that others call."""
    made = next((each for each in file.methods.get(fact.qualname, ()) if each.name == "__init__"), None)
    if made is not None and len(made.parameters) > 1:
        return True
    wanted = [set(test.parameters) - {"self", "cls"} for test in file.tests_of(fact.qualname)]
    return all(any(file.fixture(name) is None for name in names) for names in wanted)
