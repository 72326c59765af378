"""TST001."""

from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.idle import is_placeholder, never_runs
from canonry.rules.reach import reaches_assertion
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact

_RAISING_DECORATORS = ("raises", "xfail", "expectedFailure", "skip", "usefixtures")


class NoAssertion(Rule):
    """A test without an assertion passes for any result.

    Neither an `assert`, nor an assertion method, nor `raises`, nor an explicit `raise` is in the test, and no assertion
    in anything of this tree that it calls (helpers, methods of its class and bases, imported functions, followed through
    aliases, decorators, fixtures that are called, and context managers that may fail when they are left). Calls of
    unknown things whose name says that they check (`verify_...`, `expect`; `assert_type` and `reveal_type`, which are
    for a type checker), and of fixtures from elsewhere, are given the benefit of the doubt. Left alone are tests that
    never run, of which TST005 tells, and tests in which nothing is, of which TST006 does.
    """

    code = "TST001"
    name = "no-assertion"
    severity = Severity.ERROR
    help = "assert what the test is named for"
    bad = (
        Example("def test_total():\n    total = sum([1, 2])\n    print(total)\n"),
        Example(
            "class TestOrder:\n    def test_a(self):\n        self.order()\n\n    def order(self):\n        return 1\n"
        ),
        Example("def test_text():\n    text = 'assert 1 == 1'\n    print(text)  # assert text\n"),
    )
    good = (
        Example("def test_total():\n    assert sum([1, 2]) == 3\n"),
        Example("import pytest\n\ndef test_total():\n    with pytest.raises(TypeError):\n        sum(1)\n"),
        Example(
            "from tests.checks import look\n\ndef test_total():\n    look(3)\n",
            files={"tests/checks.py": "def look(x):\n    assert x == 3\n"},
        ),
        Example(
            "from tests.base import Base\n\nclass TestOrder(Base):\n    def test_a(self):\n        self.look(1)\n",
            files={"tests/base.py": "class Base:\n    def look(self, x):\n        assert x\n"},
        ),
        Example(
            "def test_round(round_trip):\n    round_trip(1)\n",
            files={
                "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef round_trip():\n    def go(x):\n        assert x\n    return go\n"
            },
        ),
        Example(
            "from tests.logs import ExpectLog\n\ndef test_log():\n    with ExpectLog('x'):\n        print('x')\n",
            files={"tests/logs.py": "class ExpectLog:\n    def __exit__(self, *e):\n        raise ValueError\n"},
        ),
        Example("def test_types(x):\n    reveal_type(x + 1)\n"),
        Example("from typing import assert_type\n\ndef test_types(x: int):\n    assert_type(x + 1, int)\n"),
        Example("def test_page(page):\n    expect(page).to_have_title('x')\n"),
        Example("def test_call(client):\n    client.post.assert_called_once()\n"),
        Example("import pytest\n\n@pytest.fixture\ndef test_client():\n    return object()\n"),
        Example("from pytest import mark\n\n@mark.skip\nclass TestA:\n    def test_a(self):\n        print(1)\n"),
        Example("import pytest\n\ndef test_a():\n    pytest.skip('later')\n"),
        Example("import pytest\n\npytestmark = pytest.mark.skip\n\ndef test_a():\n    print(sum([1]))\n"),
        Example("def test_a():\n    pass\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every test from which no assertion is reached."""
        for fact in file.collected:
            if fact.asserts or fact.raised or fact.raises or _expects_failure(fact):
                continue
            if never_runs(file, fact) or is_placeholder(file, fact):
                continue
            if not reaches_assertion(file, fact):
                yield Offence(site=fact.site, message=f"`{fact.name}` asserts nothing")


def _expects_failure(fact: FunctionFact) -> bool:
    return any(decorator.rpartition(".")[2] in _RAISING_DECORATORS for decorator in fact.decorators)
