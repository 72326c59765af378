"""MCK002."""

from collections.abc import Iterator

from canonry.canon.options import Mocks
from canonry.model.finding import Confidence, Severity
from canonry.rules.doubles import hand_written, imported_doubles, mocks, policy_of
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import Import, Site
from canonry.source.index import Definition

_CANON = "[categories.e2e]\npaths = ['tests/e2e']\nmocks = 'forbidden'\n"
_PATH = "tests/e2e/test_example.py"


class MockInRealServiceTest(Rule):
    """A test that promises real services and talks to a double proves nothing about the services.

    Meant are the test files and the support code (`conftest.py`) that a category with `mocks = "forbidden"` selects by
    its `paths`; where several categories select a file, the strictest policy counts. Every mock of `unittest.mock` or
    pytest-mock is an offence there, the specified ones too. Likely, because a name says it: a class of the file that is
    named like a double (`MockSocket`, `FakeBank`, `StubClock`, `DummyUser`, `BankMock`; no exception, enumeration or test
    class), each call of such a class that is imported, and the import of the canon's mock factory. Measured: 25 of 30
    likely findings in the reference repository were right, none was wrong, five were tests about mocks or the factory.
    """

    code = "MCK002"
    name = "mock-in-real-service-test"
    severity = Severity.ERROR
    help = "use the real service, or move the test to a category that may mock"
    options = ("categories.mocks", "categories.paths", "canon.mock-factory")
    bad = (
        Example(
            "from unittest.mock import Mock\n\ndef test_pay():\n    assert Mock(spec=int)\n", path=_PATH, canon=_CANON
        ),
        Example("class FakeBank:\n    pass\n\ndef test_pay():\n    assert FakeBank()\n", path=_PATH, canon=_CANON),
        Example(
            "from tests.doubles import MockSocket\n\ndef test_pay():\n    assert MockSocket()\n",
            path=_PATH,
            files={"tests/doubles.py": "class MockSocket:\n    pass\n"},
            canon=_CANON,
        ),
        Example("def test_pay(mocker):\n    assert mocker.patch('shop.pay')\n", path=_PATH, canon=_CANON),
        Example(
            "from tests.doubles import ShopMocks\n\ndef test_pay():\n    assert ShopMocks().pay()\n",
            path=_PATH,
            files={"tests/doubles.py": "class ShopMocks:\n    def pay(self):\n        return 1\n"},
            canon="[canon]\nmock-factory = 'tests.doubles:ShopMocks'\n" + _CANON,
        ),
    )
    good = (
        Example("from unittest.mock import Mock\n\ndef test_pay():\n    assert Mock()\n", canon=_CANON),
        Example("from shop.bank import Bank\n\ndef test_pay():\n    assert Bank()\n", path=_PATH, canon=_CANON),
        Example(
            "class FakeBankError(Exception):\n    pass\n\ndef test_pay():\n    assert 'MockSocket()'\n",
            path=_PATH,
            canon=_CANON,
        ),
        Example(
            "from unittest.mock import Mock\n\ndef test_pay():\n    assert Mock()\n",
            path=_PATH,
            canon=_CANON.replace("forbidden", "specced"),
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every double in a file whose category forbids them."""
        if not file.project.canon.categories or not file.in_test_code or policy_of(file) is not Mocks.FORBIDDEN:
            return
        where = _where(file)
        for double, made in mocks(file):
            yield Offence(site=double.site, message=f"`{made}` is called in {where}")
        for fact in hand_written(file):
            yield _likely(fact.site, f"`{fact.name}` is defined in {where}")
        for double, name in imported_doubles(file):
            yield _likely(double.site, f"`{name}` is used in {where}")
        for imported in file.facts.imports:
            if _brings_factory(file, imported):
                yield _likely(_site(imported), f"the mock factory is imported in {where}")


def _likely(site: Site, message: str) -> Offence:
    return Offence(site=site, message=message, confidence=Confidence.LIKELY)


def _where(file: FileView) -> str:
    categories = file.project.canon.categories
    names = file.project.categories_of(file.path)
    forbidding = next(name for name in names if categories[name].mocks is Mocks.FORBIDDEN)
    return f"a file of the category `{forbidding}`, which forbids mocks"


def _brings_factory(file: FileView, imported: Import) -> bool:
    home, name = file.project.mock_factory_home, file.canon.mock_factory.rpartition(":")[2]
    for original, _ in imported.names:
        if original == name:
            prefix = "." * imported.level + imported.module
            reference = f"{prefix}{name}" if prefix.endswith(".") else f"{prefix}.{name}"
            found = file.index.resolve(file.path, reference)
            if isinstance(found, Definition):
                return found.path == home
            return f"{imported.module}:{name}" == file.canon.mock_factory
    return False


def _site(imported: Import) -> Site:
    return Site(imported.line, imported.column, imported.end_line, imported.end_column, 0, imported.symbol)
