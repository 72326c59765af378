"""BAS002."""

from collections.abc import Iterator

from canonry.model.finding import Confidence, Severity
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact, FunctionFact

_TRANSPARENT = ("pytest.mark.", "unittest.mock.patch", "mock.patch", "unittest.skip", "unittest.expectedFailure")
_AWAITING_MARKS = (
    "pytest.mark.asyncio",
    "pytest.mark.anyio",
    "pytest.mark.trio",
    "pytest.mark.tornado",
    "pytest.mark.gen_test",
)


class UnawaitedAsyncTest(Rule):
    """An `async def` test that nothing awaits passes whatever it asserts.

    `unittest.TestCase` calls the method, gets a coroutine, and is content; a `pytest.mark.asyncio` on it changes
    nothing, because pytest leaves unittest cases to unittest. The verdict follows the hierarchy through the whole
    tree: a class is safe once an ancestor awaits (`IsolatedAsyncioTestCase`, Django's cases) or runs tests its own
    way, and a test with parameters that nothing fills fails before anything is awaited. Outside unittest, a test is reported as likely, and as a warning, where no mark, no `asyncio_mode = auto`, no
    collection hook of a `conftest.py` and no unknown decorator would await it: newer versions of pytest fail it, older
    ones skip it.
    """

    code = "BAS002"
    name = "unawaited-async-test"
    severity = Severity.ERROR
    help = "inherit from a base whose runner awaits, such as the canon's async base case"
    options = ("canon.base-cases",)
    bad = (
        Example(
            "import unittest\n\nclass TestOrder(unittest.TestCase):\n    async def test_total(self):\n        assert False\n"
        ),
        Example(
            "import pytest\nfrom tests.cases import Base\n\nclass TestOrder(Base):\n    @pytest.mark.asyncio\n"
            "    async def test_total(self):\n        assert False\n",
            files={"tests/cases.py": "from unittest import TestCase\n\nclass Base(TestCase):\n    pass\n"},
        ),
        Example("async def test_total():\n    assert False\n"),
    )
    good = (
        Example(
            "import unittest\n\nclass TestOrder(unittest.IsolatedAsyncioTestCase):\n"
            "    async def test_total(self):\n        assert True\n"
        ),
        Example("import pytest\n\n@pytest.mark.asyncio\nasync def test_total():\n    assert 1\n"),
        Example("import pytest\n\npytestmark = pytest.mark.anyio\n\nasync def test_total():\n    assert 1\n"),
        Example(
            "async def test_total():\n    assert 1\n",
            files={"pytest.ini": "[pytest]\nasyncio_mode = auto\n"},
        ),
        Example(
            "async def test_total():\n    assert 1\n",
            files={"tests/conftest.py": "def pytest_pyfunc_call(pyfuncitem):\n    return True\n"},
        ),
        Example(
            "import unittest\nfrom shop.aio import awaited\n\nclass TestOrder(unittest.TestCase):\n    @awaited\n"
            "    async def test_total(self):\n        assert 1\n"
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every async test that its class, or pytest, would not await."""
        for fact in file.collected:
            if not fact.is_async or fact.generator or not _transparent(fact):
                continue
            owner = file.classes.get(fact.owner) if fact.owner else None
            if owner is None:
                if not fact.owner and not _marked(file, fact, ()):
                    yield self._unmarked(fact)
                continue
            hierarchy = file.hierarchy(owner)
            if hierarchy.case == "sync" and not hierarchy.custom and _callable_bare(fact):
                message = f"`{fact.name}` is never awaited: `{owner.name}` is a plain unittest case"
                yield Offence(site=fact.site, message=message)
            elif not hierarchy.case and hierarchy.complete and file.project.settings.is_test_class(owner.name):
                marks = [mark for each in (owner, *_ancestors(file, owner)) for mark in (*each.marks, *each.decorators)]
                if not hierarchy.strange and not hierarchy.custom and not _marked(file, fact, tuple(marks)):
                    yield self._unmarked(fact)

    def _unmarked(self, fact: FunctionFact) -> Offence:
        message = f"`{fact.name}` is awaited by no plugin: it has no asyncio mark, and `asyncio_mode` is not `auto`"
        return Offence(site=fact.site, message=message, severity=Severity.WARNING, confidence=Confidence.LIKELY)


def _ancestors(file: FileView, owner: ClassFact) -> list[ClassFact]:
    facts = [file.index.class_fact(ancestor) for ancestor in file.hierarchy(owner).ancestors]
    return [fact for fact in facts if fact is not None]


def _callable_bare(fact: FunctionFact) -> bool:
    """Whether unittest can call the test at all: it passes no fixtures, a test that wants some fails loudly."""
    patched = sum("patch" in decorator for decorator in fact.decorators)
    return len(fact.parameters) <= 1 + patched


def _transparent(fact: FunctionFact) -> bool:
    return all(decorator.startswith(_TRANSPARENT) for decorator in fact.decorators)


def _marked(file: FileView, fact: FunctionFact, marks: tuple[str, ...]) -> bool:
    if file.project.settings.asyncio_mode == "auto" or file.collects_its_own_way:
        return True
    return any(
        mark.startswith(_AWAITING_MARKS) or mark == "?" for mark in (*fact.decorators, *marks, *file.facts.marks)
    )
