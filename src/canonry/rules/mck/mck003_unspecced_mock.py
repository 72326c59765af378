"""MCK003."""

from collections.abc import Iterator

from canonry.canon.options import Mocks
from canonry.model.finding import Confidence
from canonry.rules.doubles import hand_written, mocks, policy_of
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact
from canonry.source.index import Definition, External
from canonry.source.python.doubles import MOCK_CLASSES, is_double_name

_CONSTRAINABLE = (MOCK_CLASSES | {"patch", "patch.object"}) - {"PropertyMock"}
_MAKERS_AND_DATA = ("Generator", "Factory", "Builder", "Registry", "Data")
_TIE = "stands_in_for"
_TIES = (f"canonry.testing.{_TIE}", f"canonry.testing.doubles.{_TIE}")
_INTERFACES = ("Protocol", "ABC", "ABCMeta")


class UnspeccedMock(Rule):
    """A double that no real interface constrains answers to methods that do not exist.

    Rename a method of the real class, and the test with a plain `MagicMock()` stays green. Certain: calls of the mock
    classes without `spec`, `spec_set`, `wraps` or a first argument, and of `patch` and `patch.object` without
    `autospec`, `spec`, `spec_set`, `new`, `new_callable` or a replacement; a call with `*` or `**` is left alone. Likely,
    because a name says it: a class named like a double (`MockSocket`, `FakeBank`) that has no base other than doubles
    and mocks, no `Protocol` and no `ABC`, and whose last word is none of `Generator`, `Factory`, `Builder`, `Registry` and `Data`:
    those make doubles or are data (`MockDataGenerator`); nor is one that `canonry.testing.stands_in_for` ties to a real
    class, since that compares the two. Measured: 24 of 30 likely findings in the reference repository were
    right, two were registries of mocks, which are left out since, four stood for something that does not exist.

    The canonical mock factory is judged too: the factory is where the specification belongs. A file that a category
    with `mocks = "allowed"` selects is free; under `forbidden` every double is an offence of MCK002 already. Files of no
    category are judged.
    """

    code = "MCK003"
    name = "unspecced-mock"
    help = "give it the real interface: `spec=` with the real class, `autospec=True`, `create_autospec`, a base class or protocol"
    options = ("categories.mocks", "categories.paths")
    bad = (
        Example("from unittest.mock import MagicMock\n\ndef test_pay():\n    assert MagicMock(name='pay')\n"),
        Example("from unittest.mock import AsyncMock\n\ndef test_pay():\n    assert AsyncMock(spec=None)\n"),
        Example("from unittest.mock import patch\n\n@patch('shop.pay')\ndef test_pay(pay):\n    assert pay\n"),
        Example(
            "from unittest import mock\n\ndef test_pay():\n    with mock.patch.object(str, 'x') as x:\n        assert x\n"
        ),
        Example("def test_pay(mocker):\n    assert mocker.patch('shop.pay', return_value=1)\n"),
        Example(
            "from canonry.testing import SSotMockFactory\n\ndef test_pay():\n    assert SSotMockFactory.unchecked.Mock()\n"
        ),
        Example(
            "class MockSocket:\n    def send(self):\n        return 1\n\ndef test_send():\n    assert MockSocket().send()\n"
        ),
        Example(
            "from unittest.mock import Mock\n\nclass ShopMocks:\n    def pay(self):\n        return Mock()\n",
            path="tests/doubles.py",
            canon="[canon]\nmock-factory = 'tests.doubles:ShopMocks'\n",
        ),
    )
    good = (
        Example(
            "from unittest.mock import AsyncMock, MagicMock, Mock\n\ndef test_pay(real, options):\n"
            "    assert Mock(int) and MagicMock(spec_set=real) and AsyncMock(wraps=real) and Mock(**options)\n"
        ),
        Example(
            "from unittest.mock import patch\n\ndef test_pay():\n"
            "    with patch('shop.pay', autospec=True), patch('shop.a', 1), patch.object(str, 'x', None):\n        assert 1\n"
        ),
        Example(
            "from shop.socket import Socket\n\nclass MockSocket(Socket):\n    pass\n\ndef test_send():\n    assert MockSocket()\n",
            files={"shop/socket.py": "class Socket:\n    pass\n"},
        ),
        Example(
            "from typing import Protocol\n\nclass FakeSender(Protocol):\n    pass\n\ndef test_send():\n    assert FakeSender\n"
        ),
        Example(
            "from canonry.testing.doubles import stands_in_for\nfrom shop.clock import Clock\n\n@stands_in_for(Clock)\n"
            "class FakeClock:\n    def now(self):\n        return 0\n\ndef test_now():\n    assert FakeClock().now() == 0\n"
        ),
        Example(
            "import canonry.testing\nfrom shop.clock import Clock\n\n@canonry.testing.stands_in_for(Clock)\n"
            "class FakeClock:\n    def now(self):\n        return 0\n\ndef test_now():\n    assert FakeClock().now() == 0\n"
        ),
        Example("def test_text():\n    assert 'MagicMock()'  # Mock()\n"),
        Example(
            "class MockDataGenerator:\n    def users(self):\n        return [1]\n\n"
            "def test_a():\n    assert MockDataGenerator().users()\n"
        ),
        Example(
            "from unittest.mock import Mock\n\ndef test_pay():\n    assert Mock()\n",
            canon="[categories.unit]\npaths = ['tests']\nmocks = 'allowed'\n",
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every double of test code that nothing constrains."""
        if not file.in_test_code or policy_of(file) in (Mocks.ALLOWED, Mocks.FORBIDDEN):
            return
        for double, made in mocks(file):
            if double.constraint == "none" and made in _CONSTRAINABLE:
                missing = "`autospec` or a replacement" if made.startswith("patch") else "`spec`"
                yield Offence(site=double.site, message=f"`{made}` is called without {missing}")
        for fact in hand_written(file):
            if not fact.name.endswith(_MAKERS_AND_DATA) and not _is_tied(file, fact) and not _constrained(file, fact):
                yield Offence(
                    site=fact.site,
                    message=f"`{fact.name}` is tied to no real interface",
                    confidence=Confidence.LIKELY,
                )


def _is_tied(file: FileView, fact: ClassFact) -> bool:
    """Whether `canonry.testing.stands_in_for` holds the class against a real one."""
    for each in fact.decorators:
        if each.rpartition(".")[2] == _TIE:
            found = file.index.resolve(file.path, each)
            if each in _TIES or (isinstance(found, External) and found.name in _TIES):
                return True
    return False


def _constrained(file: FileView, fact: ClassFact) -> bool:
    """Whether a base of a class is something real, or may be."""
    if not all(map(_is_plain_base, fact.bases)):
        hierarchy = file.hierarchy(fact)
        ancestors = [each for each in hierarchy.ancestors if not is_double_name(each.qualname.rpartition(".")[2])]
        roots = [root for root in hierarchy.roots if root.rpartition(".")[2] not in MOCK_CLASSES]
        return bool(ancestors or roots or not hierarchy.complete or _declares_interface(file, file.definition(fact)))
    return False


def _is_plain_base(base: str) -> bool:
    return base == "*.object"


def _declares_interface(file: FileView, definition: Definition) -> bool:
    """Whether a class, or a double that it comes from, is a protocol or an abstract class."""
    each = (definition, *file.index.hierarchy(definition).ancestors)
    facts = (file.index.class_fact(one) for one in each)
    return any(base.rpartition(".")[2] in _INTERFACES for fact in facts if fact is not None for base in fact.bases)
