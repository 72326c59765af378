"""TST006."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.idle import is_placeholder
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact

_SHAPES = {
    "docstring": "is a docstring and nothing else",
    "pass": "is empty",
    "ellipsis": "is empty",
    "return": "only returns",
    "print": "only prints",
}


class PlaceholderTest(Rule):
    """An empty test passes, and is counted as a test of what its name says.

    The body is a docstring, `pass`, `...`, a bare `return`, or only prints and logs without calling anything else for
    it. `raise NotImplementedError` is none: it fails. Left alone are tests that are skipped or expected to fail (TST005),
    tests with a decorator of unknown effect, tests that switch off one that a base class of the tree defines, and tests
    whose fixtures, set-up or tear-down assert (in test code). Likely where the test asks for fixtures: setting them up may be the test.
    Measured: all 18 likely findings in the reference repository were right.
    """

    code = "TST006"
    name = "placeholder-test"
    severity = Severity.ERROR
    help = "write the test or delete it; the runner should not count what does not exist"
    bad = (
        Example("def test_a():\n    pass\n"),
        Example("def test_a():\n    ...\n"),
        Example("def test_a():\n    '''Orders arrive.'''\n"),
        Example("class TestA:\n    async def test_a(self):\n        print('works')\n        return\n"),
        Example("import logging\n\nlogger = logging.getLogger()\n\ndef test_a():\n    logger.info('%s', 1)\n"),
        Example("import pytest\n\n@pytest.mark.slow\ndef test_a(tmp_path):\n    pass\n"),
        Example(
            "import pytest\nfrom shop.bank import connect\n\n@pytest.fixture\ndef bank():\n    return connect()\n\n"
            "def test_a(bank):\n    'Orders arrive.'\n",
            files={"shop/bank.py": "def connect():\n    assert 1\n"},
        ),
        Example(
            "from tests import kit\n\nclass TestA:\n    @kit.fixture\n    def orders(self):\n        return [1]\n\n"
            "    def test_a(self, orders):\n        'Orders arrive.'\n",
            files={"tests/__init__.py": "", "tests/kit.py": "def fixture(made):\n    return tool().check(made)\n"},
        ),
    )
    good = (
        Example("def test_a():\n    raise NotImplementedError\n"),
        Example("def test_a():\n    '''Orders arrive.'''\n    assert 1\n"),
        Example("def test_a():\n    print(sum([1]))\n"),
        Example("import pytest\n\n@pytest.mark.skip(reason='later')\ndef test_a():\n    pass\n"),
        Example("import pytest\n\n@pytest.fixture\ndef order():\n    assert 1\n\ndef test_a(order):\n    pass\n"),
        Example(
            "from tests.base import Base\n\nclass TestA(Base):\n    def test_a(self):\n        pass\n",
            files={"tests/base.py": "class Base:\n    def test_a(self):\n        assert 1\n"},
        ),
        Example("def run():\n    pass\n\ndef test_a():\n    assert run() is None  # pass\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every test whose body does nothing."""
        if not any(fact.placeholder for fact in file.facts.functions):
            return
        for fact in file.collected:
            if not is_placeholder(file, fact):
                continue
            yield Offence(
                site=fact.site,
                message=f"`{fact.name}` {_SHAPES[fact.placeholder]}",
                confidence=Confidence.LIKELY if _asks_for_fixtures(fact) else None,
            )


def _asks_for_fixtures(fact: FunctionFact) -> bool:
    patched = any("patch" in each for each in fact.decorators)
    given = fact.parameters[1:] if fact.owner else fact.parameters
    return bool(given) and not patched and not any(each.endswith(".parametrize") for each in fact.decorators)
