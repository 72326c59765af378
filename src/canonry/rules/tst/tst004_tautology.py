"""TST004."""

import re
from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import Tautology

_ABOUT_IDENTITY = re.compile(
    r"(?:^|_)(?:eq|ne)(?:$|_)|equal|hash|compar|identi|same|reflexiv|cach|memo|singleton", re.IGNORECASE
)


class EmptyAssertion(Rule):
    """An assertion that holds whatever happens checks nothing, and reads as if it did.

    Certain: a constant or a literal that holds something (`assert True`, `assert (x == 1, "text")`), one name on both
    sides of `is`, a length that is `>= 0`, `... or True`, `isinstance(x, object)`, `x or not x`, and the same in
    unittest's methods (`assertTrue(True)`, `assertIs(a, a)`). `assert False` is none: it fails.

    Likely: one name on both sides of `==`, `<=` or `>=` (a class may see to that), the same attribute or item on both
    sides, and a test whose every assertion stands under a check of a status without an `else`
    (`if response.status_code == 200:`), so that a failing request passes; and a constant in an `except` handler whose
    `try` ends in a failure (`assert False`, `pytest.fail()`), where it marks the good way. Review: `a == a` or `a.b is a.b` where the
    names around speak of equality, identity or caching, because there it may be the point. Measured: 28 of 30 likely findings in
    the reference repository were right; all seven for review compare a member of an enumeration with itself, on purpose.
    """

    code = "TST004"
    name = "tautology"
    help = "assert what the code under test does"
    bad = (
        Example("def test_a():\n    assert True\n"),
        Example("def test_a(x):\n    assert (x == 1, 'x is one')\n"),
        Example("def test_a(x):\n    assert x == x\n"),
        Example("def test_a(x):\n    assert x.total == x.total\n"),
        Example("def test_a(x):\n    assert len(x) >= 0\n    assert 0 <= len(x)\n    assert len(x) > -1\n", findings=3),
        Example("def test_a(x):\n    assert x or True\n    assert x is None or x is not None\n", findings=2),
        Example("def test_a(x):\n    assert isinstance(x, object)\n    assert 1 + 1 == 2\n", findings=2),
        Example(
            "import unittest\n\nclass TestA(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(True)\n"
            "        self.assertEqual(self, self)\n        self.assertGreaterEqual(len(self.x), 0)\n",
            findings=3,
        ),
        Example(
            "def test_a(client):\n    answer = client.get()\n    if answer.status_code == 200:\n        assert answer.text\n"
        ),
        Example(
            "def test_a():\n    try:\n        pay()\n        assert False\n    except ValueError:\n        assert True\n"
        ),
    )
    good = (
        Example("def test_a():\n    assert 'assert True'.count('True') == 1\n"),
        Example("def test_a():\n    assert False\n"),
        Example("def test_a():\n    assert 0, 'not reached'\n"),
        Example("def test_a(x):\n    assert len(x) >= 1\n    assert len(x) > 0\n    assert x == x.copy()\n"),
        Example("def test_a(x):\n    assert x() == x()\n    assert x != x\n    assert ()\n"),
        Example("def test_a(x):\n    assert x or x is None\n    assert isinstance(x, int) or x\n"),
        Example(
            "def test_a(client):\n    answer = client.get()\n    if answer.status_code == 200:\n        assert answer.text\n"
            "    else:\n        assert answer.error\n"
        ),
        Example(
            "def test_a(client):\n    answer = client.get()\n    assert answer\n    if answer.status_code == 200:\n"
            "        assert answer.text\n"
        ),
        Example("def main(x):\n    assert True\n", path="shop/main.py"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every empty assertion of test code, and every test that asserts under a status only."""
        if not file.in_test_code:
            return
        for tautology in file.facts.tautologies:
            confidence = _confidence(file, tautology)
            yield Offence(site=tautology.site, message=_message(tautology), confidence=confidence)
        if any(fact.guarded for fact in file.facts.functions):
            for fact in file.collected:
                if fact.guarded:
                    message = f"`{fact.name}` asserts only where a status is as hoped, and passes where it is not"
                    yield Offence(site=fact.site, message=message, confidence=Confidence.LIKELY)


def _message(tautology: Tautology) -> str:
    if tautology.kind in ("same", "read"):
        return f"both sides of `{tautology.why}` are one expression"
    return f"the assertion holds whatever happens: {tautology.why}"


def _confidence(file: FileView, tautology: Tautology) -> Confidence:
    if tautology.kind not in ("same", "read"):
        return Confidence.LIKELY if tautology.kind == "marker" else Confidence.CERTAIN
    if _ABOUT_IDENTITY.search(f"{file.path}:{tautology.site.symbol}"):
        return Confidence.REVIEW
    certain = tautology.kind == "same" and tautology.why == "is"
    return Confidence.CERTAIN if certain else Confidence.LIKELY
