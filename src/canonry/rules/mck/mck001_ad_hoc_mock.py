"""MCK001."""

from collections.abc import Iterator

from canonry.canon.options import CanonicalThings
from canonry.rules.doubles import in_factory, is_unchecked, mocks
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView

_NOT_DECLARED = CanonicalThings().mock_factory
_FACTORY = "[canon]\nmock-factory = 'tests.doubles:ShopMocks'\n"


class AdHocMock(Rule):
    """A mock made on the spot knows nothing of what it stands for, and every test makes its own.

    Calls of `Mock`, `MagicMock`, `AsyncMock`, `NonCallableMock`, `NonCallableMagicMock`, `ThreadingMock`, `PropertyMock`,
    `create_autospec`, `mock_open` and `patch` (with `.object`, `.dict`, `.multiple`) of `unittest.mock` or `mock` count, under any alias and through
    re-exports, as call, decorator or context manager; so do those of pytest-mock's `mocker` fixtures (`mocker.spy` calls
    the real thing and does not). Free are the home of `canon.mock-factory`, and a class of that name wherever it lives.
    `patch` with a replacement (`patch.object(x, "flag", False)`, `new=`) and `patch.dict` make no mock and count all the same;
    the message says that they replace. `patch.dict(os.environ)` is a matter of ENV002 alone, `patch.object(os.environ, ...)` of both, `monkeypatch.setattr` is no mock. `SSotMockFactory.unchecked` of canonry, where that is the canon's factory, has the same mocks by a name that says
    what they lack: free here, and judged by MCK002, MCK003 and MCK004 as before. A canon whose `mock-factory` is an
    empty string demands none, and nothing is reported.

    To go through the factory, give it one method per collaborator and let that method tie the mock to the real class:
    `create_autospec(Gateway, instance=True, spec_set=True)`. A test then says `ShopMocks().gateway()`, and a change of
    the real interface breaks one place instead of a hundred silent ones.
    """

    code = "MCK001"
    name = "ad-hoc-mock"
    help = "let the canon's mock factory make it, or use the real thing"
    options = ("canon.mock-factory", "tests")
    bad = (
        Example("from unittest.mock import Mock\n\ndef test_pay():\n    assert Mock()\n"),
        Example("from unittest import mock as m\n\ndef test_pay():\n    assert m.MagicMock(spec=int)\n"),
        Example("from unittest.mock import patch as swap\n\n@swap('shop.pay')\ndef test_pay(pay):\n    assert pay\n"),
        Example(
            "import mock\n\ndef test_pay():\n    with mock.patch.object(str, 'x') as x, mock.patch.dict(CACHE):\n"
            "        assert x\n",
            findings=2,
        ),
        Example("def test_pay(mocker):\n    assert mocker.patch('shop.pay')\n"),
        Example("from unittest.mock import *\n\ndef test_pay():\n    assert AsyncMock()\n"),
        Example(
            "from tests.base import mock\n\ndef test_pay():\n    pay = mock.Mock()\n    pay()\n    assert pay.called\n",
            files={"tests/base.py": "from unittest import mock\n"},
        ),
        Example("from unittest.mock import Mock\n\nGATEWAY = Mock()\n", path="tests/support.py"),
        Example(
            "from canonry.testing import SSotMockFactory\n\ndef test_pay():\n    assert SSotMockFactory.unchecked.Mock()\n",
            canon=_FACTORY,
        ),
    )
    good = (
        Example("from unittest.mock import ANY, Mock, call\n\ndef test_pay(pay):\n    assert pay == call(ANY, Mock)\n"),
        Example("def test_text():\n    assert 'Mock()'  # patch('shop.pay')\n"),
        Example("def test_pay(monkeypatch):\n    monkeypatch.setattr('shop.pay', None)\n    assert 1\n"),
        Example("from shop.animals import Mock\n\ndef test_turtle():\n    assert Mock()\n"),
        Example("def patch(name):\n    return name\n\ndef test_text():\n    assert patch('x') == 'x'\n"),
        Example(
            "import os\nfrom unittest.mock import patch\n\ndef test_url():\n"
            "    with patch.dict(os.environ, {'URL': 'x'}):\n        assert 1\n"
        ),
        Example("from unittest.mock import Mock\n\nNOTHING = Mock()\n", path="shop/nothing.py"),
        Example(
            "from unittest.mock import Mock\n\ndef test_pay():\n    assert Mock()\n",
            canon="[canon]\nmock-factory = ''\n",
        ),
        Example(
            "from unittest.mock import create_autospec\n\nclass ShopMocks:\n    def pay(self):\n"
            "        return create_autospec(int)\n",
            path="tests/doubles.py",
            canon=_FACTORY,
        ),
        Example(
            "from unittest.mock import Mock\n\nclass ShopMocks:\n    def pay(self):\n        return Mock()\n",
            path="tests/old/doubles.py",
            canon=_FACTORY,
        ),
        Example(
            "from tests.doubles import ShopMocks\n\ndef test_pay():\n    assert ShopMocks().pay()\n",
            files={"tests/doubles.py": "class ShopMocks:\n    def pay(self):\n        return 1\n"},
            canon=_FACTORY,
        ),
        Example(
            "from canonry.testing import SSotMockFactory as Doubles\n\n@Doubles.unchecked.patch('shop.pay')\n"
            "def test_pay(pay):\n    assert pay and Doubles.unchecked.Mock()\n"
        ),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """Every mock that test code makes outside the factory."""
        if not file.in_test_code or not file.canon.mock_factory:
            return
        declared = file.canon.mock_factory != _NOT_DECLARED
        where = "outside the mock factory" if declared else "on the spot, and the canon declares no mock factory"
        for double, made in mocks(file):
            if not in_factory(file, double.site) and not is_unchecked(file, double):
                what = "puts something else in the place of the real thing" if double.replaces else "is called"
                yield Offence(site=double.site, message=f"`{made}` {what} {where}")
