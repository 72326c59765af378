"""TST001."""

import re
from collections.abc import Iterator

from canonry.model.finding import Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact
from canonry.source.index import Definition

_TELLING = re.compile(r"_*(?:verify|check|validate|expect|should|ensure|must|assert|fail|raise)", re.IGNORECASE)
_RAISING_DECORATORS = ("raises", "xfail", "expectedFailure", "given_raises")
_REACH = 60


class NoAssertion(Rule):
    """A test without an assertion passes for any result.

    Neither an `assert`, nor an assertion method, nor `raises`, nor an explicit `raise` is in the test, nor in anything
    of this tree that it calls (helpers, methods of its class and bases, imported functions, followed through
    aliases). Calls of unknown things whose name says that they check (`verify_...`, `expect`) are given the benefit of
    the doubt.
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
        Example("def test_page(page):\n    expect(page).to_have_title('x')\n"),
        Example("def test_call(client):\n    client.post.assert_called_once()\n"),
        Example("import pytest\n\n@pytest.fixture\ndef test_client():\n    return object()\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every test from which no assertion is reached."""
        for fact in file.tests:
            if fact.asserts or fact.raises or _expects_failure(fact):
                continue
            owner = file.classes.get(fact.owner)
            if owner is not None and not owner.collectable:
                continue
            if not _reaches_assertion(file, fact):
                yield Offence(site=fact.site, message=f"`{fact.name}` asserts nothing")


def _expects_failure(fact: FunctionFact) -> bool:
    return any(decorator.rpartition(".")[2] in _RAISING_DECORATORS for decorator in fact.decorators)


def _reaches_assertion(file: FileView, test: FunctionFact) -> bool:
    seen: set[Definition] = set()
    waiting = [(file.path, test)]
    while waiting and len(seen) < _REACH:
        path, fact = waiting.pop()
        for call in fact.calls:
            if call.startswith("?."):
                return True
            found = _called(file, path, fact, call)
            if found is None:
                if _TELLING.match(call.rpartition(".")[2]) or call.startswith("self.assert"):
                    return True
                continue
            if found in seen:
                continue
            seen.add(found)
            function = file.index.function_fact(found)
            if function is None:
                continue
            if function.asserts or (function.raises and _TELLING.match(function.name)):
                return True
            waiting.append((found.path, function))
    return False


def _called(file: FileView, path: str, fact: FunctionFact, call: str) -> Definition | None:
    """The function of the tree that a call leads to, None where it leads outside or nowhere known."""
    owned = f":{fact.owner}.{call[5:]}" if fact.owner else ""
    reference = owned if call.startswith("self.") else call
    found = file.index.resolve(path, reference) if reference else None
    return found if isinstance(found, Definition) and found.qualname else None
