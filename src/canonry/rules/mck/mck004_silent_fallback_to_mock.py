"""MCK004."""

import re
from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.doubles import mock_of
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView, is_fixture
from canonry.source.facts import Fallback, FunctionFact

_SET_UPS = ("setUp", "setup", "asyncSetUp", "_setup", "_setUp")
_OUTCOMES = ("Result", "Response", "_result", "_response")
_MAKES_DOUBLES = re.compile(r"(?:^|_)(?:mock|fake|stub|dummy)(?:s|ed)?(?:_|$)")
_HOW = {
    "returns": "returned",
    "yields": "yielded",
    "assigns": "put in its place",
    "defines": "defined in its place",
    "chooses": "taken",
}
_WHEN = {
    "handler": "when the real thing fails",
    "branch": "when the real thing is not available",
    "choice": "when the real thing is not there",
}


class SilentFallbackToMock(Rule):
    """A fixture that hands out a double when the real service is away turns an outage into a green run.

    The test was written against the real thing; the outcome does not tell that it met a double, a line in a log or not. Certain: an `except` handler of a
    fixture, a set-up or a helper whose `try` goes for the real thing (it imports, awaits or calls
    something, and makes no double itself; likely where it gives one to what it makes), and that returns, yields, or binds to the same name a mock of
    `unittest.mock` or a class named like a double. A handler that raises, asserts, skips, fails or exits is fine, and
    so is one whose double is bound nowhere: it fails aloud.

    Likely: the same in a test, at the top of a module or in a function that is itself named like a maker of doubles
    (`make_mocked_request`), doubles made by functions that are named so, real objects that
    are given a double, and the branch that an availability check (`if REDIS_AVAILABLE`, `if redis is None`) leaves for
    the case that nothing is there. Review: handlers that take only `KeyError`, `AttributeError` and their like, classes
    that are only defined there, doubles of a result or response (they may tell the failure), and `real() or Mock()`. Measured on
    the reference repository at `beta-16`, two draws: of 34 certain findings 33 are right and 1 is arguable, of 23 likely
    ones 22 and 1, of 3 for review 1 and 2; ansible-core and Scrapy have none.
    """

    code = "MCK004"
    name = "silent-fallback-to-mock"
    severity = Severity.ERROR
    help = "let it fail, or skip with the reason; a double belongs to tests that ask for one"
    options = ("tests",)
    bad = (
        Example(
            "import pytest\nfrom unittest.mock import MagicMock\n\n@pytest.fixture\ndef redis():\n    try:\n"
            "        return connect()\n    except OSError:\n        return MagicMock()\n"
        ),
        Example(
            "class FakeBank:\n    pass\n\ndef bank():\n    try:\n        found = connect()\n    except Exception as error:\n"
            "        print(error)\n        found = FakeBank()\n    return found\n",
            path="tests/support.py",
        ),
        Example(
            "from unittest.mock import Mock\n\ntry:\n    from redis import Redis\nexcept ImportError:\n    Redis = Mock\n"
        ),
        Example(
            "from unittest.mock import Mock\n\nclass TestPay:\n    def setup_method(self):\n        try:\n"
            "            self.bank = connect()\n        except Exception:\n            bank = Mock()\n"
            "            bank.pay.return_value = 1\n            self.bank = bank\n"
        ),
        Example(
            "import pytest\n\nclass MockRedis:\n    pass\n\n@pytest.fixture\ndef redis():\n    if REDIS_AVAILABLE:\n"
            "        yield connect()\n    else:\n        yield MockRedis()\n"
        ),
        Example(
            "from unittest.mock import Mock\n\ndef bank():\n    return connect() or Mock()\n", path="tests/support.py"
        ),
        Example(
            "from unittest.mock import Mock\n\ndef loader():\n    registry = Mock()\n    try:\n"
            "        found = Loader(registry=registry)\n    except ImportError:\n        found = Mock()\n    return found\n",
            path="tests/support.py",
        ),
        Example(
            "def test_a():\n    try:\n        from shop.bank import bank\n        found = bank\n    except ImportError:\n"
            "        class StubBank:\n            pass\n        found = StubBank()\n        assert found is not None\n"
        ),
    )
    good = (
        Example(
            "import pytest\nfrom unittest.mock import Mock\n\n@pytest.fixture\ndef redis():\n    try:\n"
            "        return connect()\n    except OSError:\n        pytest.skip('no redis')\n        return Mock()\n"
        ),
        Example(
            "import pytest\nfrom unittest.mock import Mock\n\n@pytest.fixture\ndef redis():\n    try:\n"
            "        return Mock(spec=connect())\n    except OSError:\n        return Mock()\n"
        ),
        Example("def bank(given=None):\n    from unittest.mock import Mock\n    return given or Mock()\n"),
        Example(
            "from unittest.mock import Mock\n\ndef bank():\n    try:\n        return connect()\n    except OSError:\n"
            "        return Mock()\n",
            path="shop/bank.py",
        ),
        Example("from unittest.mock import Mock\n\ndef bank(**given):\n    return given.pop('bank', None) or Mock()\n"),
        Example(
            "import pytest\nfrom unittest.mock import Mock\n\nmarks = []\n\ntry:\n    import uvloop\nexcept ImportError:\n"
            "    marks.append(pytest.mark.skip(reason='no uvloop'))\n    uvloop = Mock()\n"
        ),
        Example(
            "def bank():\n    try:\n        return connect()\n    except OSError:\n        return FakeBank()\n",
            path="tests/support.py",
        ),
        Example("def test_text():\n    assert 'except: return Mock()'\n"),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every place of test code that falls back to a double."""
        if not file.in_test_code or not file.facts.fallbacks:
            return
        functions = {fact.qualname: fact for fact in file.facts.functions}
        for fallback in file.facts.fallbacks:
            what = _what(file, fallback)
            if not what:
                continue
            message = f"{what} is {_HOW[fallback.how]} {_WHEN[fallback.kind]}, and the test runs on"
            yield Offence(
                site=fallback.site,
                message=message,
                confidence=_confidence(file, fallback, functions.get(fallback.site.symbol)),
            )


def _what(file: FileView, fallback: Fallback) -> str:
    """The double in words; empty where it turns out to be none, or to be bound nowhere, which fails aloud."""
    name = fallback.target.rpartition(".")[2].removeprefix(":")
    if fallback.by == "mock":
        name = mock_of(file, fallback.target)
    elif fallback.target.startswith("*.") and not any(("*", "*") in each.names for each in file.facts.imports):
        return ""
    return f"`{name}`" if name else ""


def _confidence(file: FileView, fallback: Fallback, function: FunctionFact | None) -> Confidence:
    if fallback.narrow or not fallback.same or fallback.target.endswith(_OUTCOMES):
        return Confidence.REVIEW
    if fallback.kind != "handler" or fallback.by not in ("mock", "class"):
        return Confidence.LIKELY
    if function is None or fallback.partly:
        return Confidence.LIKELY
    if _MAKES_DOUBLES.search(function.name):
        return Confidence.LIKELY
    named = file.is_test_function(function) and not function.nested
    supports = is_fixture(function) or function.name.startswith(_SET_UPS) or not named
    return Confidence.CERTAIN if supports else Confidence.LIKELY
