"""TST005."""

from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.idle import SET_UPS
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView, is_fixture
from canonry.source.facts import FunctionFact, Skip

_MESSAGES = {
    "mark": "`{}` skips unconditionally",
    "module": "`{}` skips the whole module unconditionally",
    "body": "`{}` is always reached, so nothing is tested",
    "handler": "`{}` in a handler turns a failure into a skip",
    "handler-branch": "`{}` in a branch of a handler may turn a failure into a skip",
    "handler-precondition": "`{}` in a handler may turn a failure into a skip; ask for the precondition itself",
    "handler-import": "`{}` in a handler takes an import that fails anywhere for one that is not installed",
    "import": "`{}` in a handler skips where `importorskip` would, with the reason",
    "xfail": "`{}` expects a failure and gives no reason",
    "expected": "`{}` expects a failure, and cannot say why",
}
_LIKELY = ("handler-branch", "handler-import", "handler-precondition")


class SkipAsProof(Rule):
    """A test that never runs, or may fail, counts as covered and covers nothing.

    Certain: an unconditional skip (a decorator or `pytestmark` of `pytest.mark.skip` or `unittest.skip`, `skipif(True)`,
    `pytest.skip(...)`, `self.skipTest(...)` or `raise SkipTest` as a statement of a test, set-up, fixture or module
    itself, also in a `with` or a `try` without handlers, which nothing returns before), the same in an `except` handler, where whatever went wrong reads as a
    skip (`pytest.xfail` there too), and `xfail` without a reason. A condition that says when the test runs
    (`skipif(sys.platform == ...)`) is fine.

    Likely: a skip under a further condition in a handler, one for an `ImportError` whose `try` does more than
    import, one in a handler of nothing but errors that tell of a missing precondition (`FileNotFoundError`, `OSError`,
    `ValueError`, `NotImplementedError` and their like), and one in a handler round assertions of a fixture or helper. Review: `except ImportError` round an import alone, which is what `importorskip` is for, and
    `unittest.expectedFailure`, which has no room for a reason. In a test, a handler round assertions that skips is
    TST002's. A method that stands in for an inherited test and skips is for review: its class has no such case.

    Measured on the reference repository at `beta-16`, two draws: of 22 certain findings 18 are right and 4 arguable
    (a service is asked for, and away), of 30 likely ones 26 and 4, of 8 for review 6 and 2. On ansible-core and Scrapy
    all 5 certain ones are right, of 9 for review 3 are and 6 arguable.
    """

    code = "TST005"
    name = "skip-as-proof"
    help = "delete the test, mend it, or skip on a condition that says when it runs again"
    bad = (
        Example("import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_a():\n    assert 1\n"),
        Example("import unittest\n\n@unittest.skip('later')\nclass TestA(unittest.TestCase):\n    pass\n"),
        Example("import pytest\n\npytestmark = [pytest.mark.slow, pytest.mark.skip]\n\ndef test_a():\n    assert 1\n"),
        Example("import pytest\n\n@pytest.mark.skipif(True, reason='later')\ndef test_a():\n    assert 1\n"),
        Example("import pytest\n\ndef test_a():\n    pytest.skip('later')\n"),
        Example("import pytest\n\npytest.skip('later', allow_module_level=True)\n\ndef test_a():\n    assert 1\n"),
        Example(
            "import unittest\n\nclass TestA(unittest.TestCase):\n    def setUp(self):\n        raise unittest.SkipTest('x')\n\n"
            "    def test_a(self):\n        self.skipTest('later')\n",
            findings=2,
        ),
        Example(
            "import pytest\n\n@pytest.fixture\ndef bank():\n    try:\n        return connect()\n    except OSError:\n"
            "        pytest.skip('away')\n"
        ),
        Example("import pytest\n\n@pytest.mark.xfail\ndef test_a():\n    assert 0\n"),
        Example(
            "import unittest\n\nclass TestA(unittest.TestCase):\n    @unittest.expectedFailure\n    def test_a(self):\n"
            "        self.fail()\n"
        ),
        Example(
            "import pytest\n\nclass TestA:\n    def test_a(self):\n        assert 1\n\nclass TestB(TestA):\n"
            "    def test_a(self):\n        pytest.skip('B has none')\n"
        ),
        Example(
            "import pytest\n\ntry:\n    import redis\nexcept ImportError:\n    pytest.skip('no redis', allow_module_level=True)\n"
        ),
        Example("import pytest\n\ndef test_a(lock):\n    with lock:\n        pytest.skip('later')\n"),
        Example("import pytest\n\ndef test_a():\n    with pytest.raises(Exception):\n        pytest.skip('later')\n"),
        Example(
            "import pytest\n\ndef test_a(bank):\n    try:\n        bank.open()\n        pytest.skip('later')\n"
            "    finally:\n        bank.close()\n"
        ),
        Example(
            "import pytest\n\n@pytest.fixture\ndef bank():\n    try:\n        found = connect()\n        assert found.ok\n"
            "    except Exception:\n        pytest.skip('away')\n    return found\n"
        ),
    )
    good = (
        Example(
            "import sys, pytest\n\n@pytest.mark.skipif(sys.platform == 'x', reason='no x')\ndef test_a():\n    assert 1\n"
        ),
        Example("import pytest\n\n@pytest.mark.xfail(reason='issue 3', strict=True)\ndef test_a():\n    assert 0\n"),
        Example("import pytest\n\ndef test_a(bank):\n    if not bank:\n        pytest.skip('away')\n    assert 1\n"),
        Example(
            "import pytest\n\ndef test_a(banks):\n    for bank in banks:\n        if bank:\n            assert bank.ok\n"
            "            return\n    pytest.skip('none')\n"
        ),
        Example("import pytest\n\n@pytest.mark.xfail('sys.platform == \"x\"')\ndef test_a():\n    assert 0\n"),
        Example(
            "import unittest\n\ndef test_a():\n    @unittest.skip('x')\n    class A:\n        pass\n    assert A\n"
        ),
        Example(
            "import pytest\n\ndef test_a(pay):\n    with pytest.raises(ValueError):\n        pay()\n        pytest.skip('none')\n"
        ),
        Example(
            "import pytest\n\ndef test_a(x):\n    with pytest.raises(pytest.skip.Exception):\n        pytest.skip('x')\n"
            "    assert x\n"
        ),
        Example("def test_text():\n    assert 'pytest.skip()'  # @pytest.mark.skip\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every skip of test code that proves nothing."""
        if not file.in_test_code or not file.facts.skips:
            return
        functions = {fact.qualname: fact for fact in file.facts.functions}
        tests = {fact.qualname for fact in file.collected}
        for skip in file.facts.skips:
            if not _counts(file, skip, functions.get(skip.site.symbol), tests):
                continue
            message = _MESSAGES[skip.kind].format(skip.expression)
            sure = _confidence(skip)
            if skip.kind in ("mark", "body") and _overrides(file, functions.get(skip.site.symbol)):
                message, sure = f"`{skip.expression}` switches off a test that the class inherits", Confidence.REVIEW
            if sure is Confidence.CERTAIN and skip.handler and _swallows(functions.get(skip.site.symbol), skip):
                sure = Confidence.LIKELY
            yield Offence(site=skip.site, message=message, confidence=sure)


def _counts(file: FileView, skip: Skip, function: FunctionFact | None, tests: set[str]) -> bool:
    if skip.kind == "module":
        return file.is_test_file
    if function is None:
        owner = file.classes.get(skip.site.symbol)
        return owner is None or not owner.nested
    if skip.handler:  # inside a test it is TST002's
        judged = any(function.qualname == test or function.qualname.startswith(f"{test}.") for test in tests)
        return not (judged and _swallows(function, skip))
    if function.nested:
        return False  # a specimen, which the test around it runs by itself
    surrounds = bool(function.owner) and function.name.startswith(SET_UPS)
    if skip.kind == "body":
        return function.qualname in tests or is_fixture(function) or surrounds
    return file.is_test_function(function) or not function.decorators


def _overrides(file: FileView, function: FunctionFact | None) -> bool:
    """Whether a method stands in for one that its class would inherit."""
    owner = file.classes.get(function.owner) if function is not None else None
    if function is None or owner is None or not owner.bases:
        return False
    for ancestor in file.hierarchy(owner).ancestors:
        facts = file.index.facts(ancestor.path) if ancestor != file.definition(owner) else None
        if facts and any(
            each.qualname == ancestor.qualname and function.name in each.methods for each in facts.classes
        ):
            return True
    return False


def _swallows(function: FunctionFact | None, skip: Skip) -> bool:
    """Whether the handler stands round an assertion."""
    return function is not None and any(
        each.site.line == skip.handler and each.asserts_inside and each.skips for each in function.swallows
    )


def _confidence(skip: Skip) -> Confidence:
    if skip.kind in ("expected", "import"):
        return Confidence.REVIEW
    return Confidence.LIKELY if skip.kind in _LIKELY else Confidence.CERTAIN
