"""mock-factory."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, Needed, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.rules.doubles import home_of_mock
from canonry.source.facts import Double
from canonry.source.index import Definition
from canonry.source.python.doubles import MOCK_CLASSES, mock_call

_MADE = ("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock")
_SPECS = ("spec", "spec_set")
_FACTORY = "canonry.testing:SSotMockFactory"
_BACKPORT = "it is of the package `mock`, whose mocks are other classes: import `unittest.mock`, and run this again"
_FIXTURE = "the fixture `mocker` undoes it: use the fixture `mock_factory` and its `patch`"
_LIKE_PATCH = "it stays a patch that nothing holds against the real thing; `mock_factory.patch` would"
_FILES = {"shop/__init__.py": "", "shop/bank.py": "class Bank:\n    def pay(self, sum):\n        return sum\n"}


class MockFactory(Codemod):
    """Lets the canon's factory make a mock: held against what it stands for where the call names a class of the tree.

    `Mock(spec=Bank)` and `create_autospec(Bank, instance=True)` become `SSotMockFactory().create(Bank)`, with a reader:
    the factory's double is stricter, it refuses calls that the real signature does not take.

    Of most mocks nothing says what they stand for, and what a patch puts in a place has the life time of the patch. They
    become `SSotMockFactory.unchecked.Mock()`, `SSotMockFactory.unchecked.patch(...)`, whatever their arguments: the very mock
    of `unittest.mock`, so nothing behaves differently, but made by the one factory, recorded, and with a name that says
    what it lacks. MCK003 goes on to report those without a specification; name the class, and let `create` or
    `mock_factory.patch` make it. That wants a reader because only a reader knows what it stands for.

    Manual are pytest-mock's patches, which its fixture undoes, and the mocks of the package `mock`, which are other classes
    than those of `unittest.mock`. Factories other than canonry's have methods of their own that nobody can choose for you.
    """

    name = "mock-factory"
    rules = ("MCK001",)
    order = 45
    examples = (
        Example(
            "from unittest.mock import MagicMock\n\nfrom shop.bank import Bank\n\n\ndef test_pay():\n    bank = MagicMock(spec=Bank)\n    bank.pay(1)\n    bank.pay.assert_called_once_with(1)\n",
            "from shop.bank import Bank\nfrom canonry.testing import SSotMockFactory\n\n\ndef test_pay():\n    bank = SSotMockFactory().create(Bank)\n    bank.pay(1)\n    bank.pay.assert_called_once_with(1)\n",
            grade=Grade.REVIEW,
            files=_FILES,
        ),
        Example(
            "from unittest.mock import create_autospec\n\nfrom shop import bank\n\n\ndef test_pay():\n    assert create_autospec(bank.Bank, instance=True)\n",
            "from shop import bank\nfrom canonry.testing import SSotMockFactory\n\n\ndef test_pay():\n    assert SSotMockFactory().create(bank.Bank)\n",
            grade=Grade.REVIEW,
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
    spec = _spec_of(call, made)
    if spec is None or not _is_class(module, spec) or module.has_comment(module.start(call), module.end(call)):
        return _unchecked(module, found, call, home, need)
    edit = module.replace(call, f"{need.bound}().create({module.source(spec)})")
    reason = f"the double refuses what `{module.source(spec)}` does not take"
    return Change(found=found, grade=Grade.REVIEW, reason=reason, edits=(edit,), needs=(need,))


def _unchecked(module: Module, found: Found, call: ast.Call, home: str, need: Needed) -> Change:
    """The same mock, by the factory's name for it: only what is called is another expression for the same thing."""
    made = mock_call(home)
    if home.startswith("mock."):
        return manual(found, _BACKPORT)
    if home.startswith("&.") and made not in MOCK_CLASSES:
        return manual(found, _FIXTURE)
    if module.has_comment(module.start(call.func), module.end(call.func)):
        return manual(found, "a comment stands in the middle of its name")
    edit = module.replace(call.func, f"{need.bound}.unchecked.{made}")
    reason = _LIKE_PATCH if made.startswith("patch") else "it stays a mock that nothing holds against the real thing"
    return Change(found=found, grade=Grade.REVIEW, reason=reason, edits=(edit,), needs=(need,))


def _spec_of(call: ast.Call, made: str) -> ast.expr | None:
    """What a call says that its mock stands for, where it says nothing else."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if made == "create_autospec":
        instance = named.pop("instance", None)
        strict = named.pop("spec_set", None)
        if not isinstance(instance, ast.Constant) or instance.value is not True or named or len(call.args) != 1:
            return None
        return call.args[0] if strict is None or isinstance(strict, ast.Constant) else None
    if made not in _MADE:
        return None
    given = [*call.args, *named.values()]
    if len(given) != 1 or not set(named) <= set(_SPECS) or isinstance(given[0], ast.Starred):
        return None
    return given[0]


def _is_class(module: Module, node: ast.expr) -> bool:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or any(
        node.id in module.locals_of(each) for each in module.functions_around(node)
    ):
        return False
    start = module.file.facts.bindings.get(node.id, "")
    target = module.file.index.resolve(module.path, ".".join([start, *reversed(parts)])) if start else None
    return isinstance(target, Definition) and module.file.index.class_fact(target) is not None
