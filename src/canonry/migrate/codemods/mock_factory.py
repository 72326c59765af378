"""mock-factory."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.rules.doubles import home_of_mock
from canonry.source.facts import Double
from canonry.source.python.doubles import MOCK_CLASSES, mock_call

_SPECS = ("spec", "spec_set", "autospec", "wraps")
_FACTORY = "canonry.testing:SSotMockFactory"
_BACKPORT = "it is of the package `mock`, whose mocks are other classes: import `unittest.mock`, and run this again"
_FIXTURE = "the fixture `mocker` undoes it: use the fixture `mock_factory` and its `patch`"
_LIKE_MOCK = "nothing says what it stands for, so it stays a mock without a specification"
_LIKE_PATCH = "nothing holds what is put there against the real thing; `mock_factory.patch` and `replace` would"
_FILES = {"shop/__init__.py": "", "shop/bank.py": "class Bank:\n    def pay(self, sum):\n        return sum\n"}


class MockFactory(Codemod):
    """Lets the canon's factory make a mock, as the very mock that it was.

    `Mock(spec=Bank)` becomes `SSotMockFactory.unchecked.Mock(spec=Bank)`, `patch(...)` becomes
    `SSotMockFactory.unchecked.patch(...)`, whatever the arguments: that is the mock of `unittest.mock` itself, so nothing
    behaves differently, but it is made by the one factory, is recorded, and its name says what it lacks. Where the call
    says what the mock stands for it is safe. Of most mocks nothing says it: they want a reader, since only a reader knows
    the class, and MCK003 goes on to report them.

    `SSotMockFactory().create(Bank)` and `mock_factory.patch` are the next step, and no codemod's: they hold a double
    against signatures and refuse answers that nobody gave, so tests that pass with a mock may fail, rightly. Manual are
    pytest-mock's patches, which its fixture undoes, and the mocks of the package `mock`, which are other classes than
    those of `unittest.mock`. Factories other than canonry's have methods of their own that nobody can choose for you.
    """

    name = "mock-factory"
    rules = ("MCK001",)
    order = 45
    asks_who_starts = True
    examples = (
        Example(
            "from unittest.mock import MagicMock\n\nfrom shop.bank import Bank\n\n\ndef test_pay():\n    bank = MagicMock(spec=Bank)\n    bank.pay(1)\n    bank.pay.assert_called_once_with(1)\n",
            "from shop.bank import Bank\nfrom canonry.testing import SSotMockFactory\n\n\ndef test_pay():\n    bank = SSotMockFactory.unchecked.MagicMock(spec=Bank)\n    bank.pay(1)\n    bank.pay.assert_called_once_with(1)\n",
            files=_FILES,
        ),
        Example(
            "from unittest.mock import create_autospec\n\nfrom shop import bank\n\n\ndef test_pay():\n    assert create_autospec(bank.Bank, instance=True)\n",
            "from shop import bank\nfrom canonry.testing import SSotMockFactory\n\n\ndef test_pay():\n    assert SSotMockFactory.unchecked.create_autospec(bank.Bank, instance=True)\n",
            files=_FILES,
        ),
        Example(
            "from unittest.mock import Mock\n\n\ndef test_pay():\n    bank = Mock()\n    bank.pay(1)\n    bank.pay.assert_called_once_with(1)\n",
            "from canonry.testing import SSotMockFactory\n\n\ndef test_pay():\n    bank = SSotMockFactory.unchecked.Mock()\n    bank.pay(1)\n    bank.pay.assert_called_once_with(1)\n",
            grade=Grade.REVIEW,
        ),
        Example(
            "from unittest import mock\n\n\n@mock.patch('shop.bank.Bank')\ndef test_pay(bank):\n    with mock.patch.object(bank, 'pay', new_callable=mock.AsyncMock) as pay:  # awaited\n        assert pay is not mock.ANY\n",
            "from unittest import mock\nfrom canonry.testing import SSotMockFactory\n\n\n@SSotMockFactory.unchecked.patch('shop.bank.Bank')\ndef test_pay(bank):\n    with SSotMockFactory.unchecked.patch.object(bank, 'pay', new_callable=mock.AsyncMock) as pay:  # awaited\n        assert pay is not mock.ANY\n",
            grade=Grade.REVIEW,
            files=_FILES,
        ),
        Example(
            "from unittest.mock import MagicMock, patch\n\n\ndef test_pay():\n    with patch(\n        'shop.bank.Bank',  # the real one asks the bank\n        MagicMock(spec=dict, name='bank'),\n    ) as bank:\n        assert bank\n",
            "from canonry.testing import SSotMockFactory\n\n\ndef test_pay():\n    with SSotMockFactory.unchecked.patch(\n        'shop.bank.Bank',  # the real one asks the bank\n        SSotMockFactory.unchecked.MagicMock(spec=dict, name='bank'),\n    ) as bank:\n        assert bank\n",
            grade=Grade.REVIEW,
            files=_FILES,
        ),
        Example(
            "def test_pay(mocker):\n    pay = mocker.AsyncMock()\n    assert pay\n",
            "from canonry.testing import SSotMockFactory\n\n\ndef test_pay(mocker):\n    pay = SSotMockFactory.unchecked.AsyncMock()\n    assert pay\n",
            grade=Grade.REVIEW,
        ),
        Example("def test_pay(mocker):\n    assert mocker.patch('shop.bank.Bank')\n", grade=Grade.MANUAL, files=_FILES),
        Example("import mock\n\n\ndef test_pay():\n    assert mock.Mock()\n", grade=Grade.MANUAL),
        Example(
            "from unittest.mock import Mock\n\n\ndef test_pay():\n    assert Mock()\n",
            grade=Grade.MANUAL,
            files={"tests/doubles.py": "class ShopMocks:\n    pass\n"},
            canon="[canon]\nmock-factory = 'tests.doubles:ShopMocks'\n",
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The call that makes a mock."""
        doubles = {(each.site.line, each.site.column): each for each in module.file.facts.doubles}
        entry = module.file.canon.mock_factory
        for each in found:
            site = each.offence.site
            double = doubles.get((site.line, site.column))
            if entry != _FACTORY:
                yield manual(each, f"give `{entry.rpartition(':')[2]}` a method for what it stands for, and call that")
            elif double is None:
                yield manual(each, "it stands where no call can be put in its place")
            else:
                yield _change(module, each, double)


def _change(module: Module, found: Found, double: Double) -> Change:
    home = home_of_mock(module.file, double.target)
    made = mock_call(home)
    call = next((node for node in module.nodes_at(double.site) if isinstance(node, ast.Call)), None)
    if call is None or module.enclosing(call, ast.JoinedStr) is not None:
        return manual(found, "it stands where no call can be put in its place")
    need = module.name_for("canonry.testing", "SSotMockFactory", at=call) or module.name_for(
        "canonry.testing", "SSotMockFactory", at=call, alias="CanonicalSSotMockFactory"
    )
    if need is None:
        return manual(found, "`SSotMockFactory` means something else here")
    if home.startswith("mock."):
        return manual(found, _BACKPORT)
    if home.startswith("&.") and made not in MOCK_CLASSES:
        return manual(found, _FIXTURE)
    rebound = _rebound(module, call)
    if rebound:
        return manual(found, rebound)
    if module.has_comment(module.start(call.func), module.end(call.func)):
        return manual(found, "a comment stands in the middle of its name")
    edit = module.replace(call.func, f"{need.bound}.unchecked.{made}")
    reason = "" if _says_what_it_stands_for(call, made) else _LIKE_PATCH if made.startswith("patch") else _LIKE_MOCK
    return Change(
        found=found, grade=Grade.REVIEW if reason else Grade.SAFE, reason=reason, edits=(edit,), needs=(need,)
    )


def _rebound(module: Module, call: ast.Call) -> str:
    """Why the name under which a mock is made may mean something else when it is called, empty where nothing says so."""
    root: ast.expr = call.func
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or any(
        root.id in module.locals_of(each) for each in module.functions_around(call)
    ):
        return ""
    replaced = module.surroundings.starters().replaces(module.path, root.id)
    if replaced:
        return f"`{replaced}` is replaced somewhere, and the factory does not ask it"
    if module.is_rebound(root.id):
        return f"`{root.id}` is bound to something else in this file, too"
    return ""


def _says_what_it_stands_for(call: ast.Call, made: str) -> bool:
    """Whether a call names the interface that its mock keeps to."""
    if made == "create_autospec":
        return True
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    given = [named[name] for name in _SPECS if name in named]
    if made in MOCK_CLASSES - {"PropertyMock"}:
        given += call.args[:1]
    return any(not (isinstance(each, ast.Constant) and not each.value) for each in given) and not any(
        isinstance(each, ast.Starred) for each in given
    )
