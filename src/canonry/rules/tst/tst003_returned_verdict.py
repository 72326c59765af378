"""TST003."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.reach import reaches_assertion
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact

_TRANSPARENT = ("pytest.mark.", "unittest.mock.patch", "mock.patch", "unittest.skip", "unittest.expectedFailure", "?")


class ReturnedVerdict(Rule):
    """A test that returns its verdict instead of asserting it passes either way.

    pytest and unittest ignore what a test returns (pytest warns). `return False` reads like a failure and counts as a
    pass. Reported for tests that return a value other than None and neither assert nor raise, unless a decorator of
    unknown effect may use what they return. Likely, and a warning, where something that the test calls asserts, or may.

    Measured: of 25 likely findings in the reference repository 23 are right and two arguable, because a helper
    asserts (`python benchmarks/draw.py GIT_DIR --rev beta-16 --config docs/evidence/reference-canon.toml --select
    TST003 --sample 25 --seed 7`).
    """

    code = "TST003"
    name = "returned-verdict"
    severity = Severity.ERROR
    help = "assert the value instead of returning it"
    bad = (
        Example("def test_total():\n    return sum([1, 2]) == 3\n"),
        Example(
            "def test_total():\n    try:\n        sum([1])\n        return True\n    except TypeError:\n        return False\n"
        ),
        Example("class TestOrder:\n    async def test_a(self):\n        return {'ok': True}\n"),
    )
    good = (
        Example("def test_total():\n    assert sum([1, 2]) == 3\n    return None\n"),
        Example("def test_total():\n    def add():\n        return 3\n    assert add() == 3\n"),
        Example("import pytest\n\n@pytest.fixture\ndef test_order():\n    return 1\n"),
        Example("def test_text():\n    assert 'return True'\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every test that returns a verdict and asserts nothing."""
        for fact in file.collected:
            if fact.returns is None or fact.asserts or fact.raised or fact.raises:
                continue
            if fact.generator or not _plain(fact):
                continue
            owner = file.classes.get(fact.owner)
            if owner is not None and any("twisted" in root for root in file.hierarchy(owner).roots):
                continue  # trial awaits the Deferred that a test returns
            doubt = reaches_assertion(file, fact)
            how = (
                "returns a value; what it calls may assert" if doubt else "returns its verdict instead of asserting it"
            )
            message = f"`{fact.name}` {how}"
            yield Offence(
                site=fact.returns,
                message=message,
                severity=Severity.WARNING if doubt else None,
                confidence=Confidence.LIKELY if doubt else None,
            )


def _plain(fact: FunctionFact) -> bool:
    return all(decorator.startswith(_TRANSPARENT) for decorator in fact.decorators)
