"""mock-factory."""

import ast
from collections.abc import Iterator, Sequence

from canonry.migrate.answers import Change, Found, manual
from canonry.migrate.codemod import Codemod, Example
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from canonry.rules.doubles import mock_of
from canonry.source.facts import Double
from canonry.source.index import Definition

_MADE = ("Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock")
_SPECS = ("spec", "spec_set")
_FILES = {"shop/__init__.py": "", "shop/bank.py": "class Bank:\n    def pay(self, sum):\n        return sum\n"}


class MockFactory(Codemod):
    """Lets the canon's factory make a mock whose call says what it stands for: a class of the tree.

    `Mock(spec=Bank)` and `create_autospec(Bank, instance=True)` become `SSotMockFactory().create(Bank)`, with a reader:
    the factory's double is stricter, it refuses calls that the real signature does not take. A mock of which nothing
    says what it stands for is manual: name the class, and run this again. So are `patch` and its kin, whose life time
    is another: use the fixture `mock_factory` and its `patch`. Factories other than canonry's have methods of their own
    that nobody can choose for you.
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
            grade=Grade.MANUAL,
        ),
        Example(
            "from unittest.mock import patch\n\n\ndef test_pay():\n    with patch('shop.bank.Bank') as bank:\n        assert bank\n",
            grade=Grade.MANUAL,
            files=_FILES,
        ),
    )

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        """The call that makes a mock."""
        doubles = {(each.site.line, each.site.column): each for each in module.file.facts.doubles}
        entry = module.file.canon.mock_factory
        for each in found:
            site = each.offence.site
            double = doubles.get((site.line, site.column))
            if double is None or entry != "canonry.testing:SSotMockFactory":
                yield manual(each, f"give `{entry.rpartition(':')[2]}` a method for what it stands for, and call that")
            elif double.constraint == "none":
                yield manual(each, "nothing says what it stands for: name the class with `spec=`, and run this again")
            else:
                yield _change(module, each, double)


def _change(module: Module, found: Found, double: Double) -> Change:
    made = mock_of(module.file, double.target)
    call = next((node for node in module.nodes_at(double.site) if isinstance(node, ast.Call)), None)
    if call is None or made.startswith("patch"):
        return manual(found, "its life time is that of the patch: use the fixture `mock_factory` and its `patch`")
    spec = _spec_of(call, made)
    if spec is None:
        return manual(found, "its arguments say more than what it stands for")
    if module.has_comment(module.start(call), module.end(call)):
        return manual(found, "a comment stands in the middle of it")
    if not _is_class(module, spec):
        return manual(found, f"`{module.source(spec)}` is no class of the tree, so nobody knows its interface")
    need = module.name_for("canonry.testing", "SSotMockFactory", at=call)
    if need is None:
        return manual(found, "`SSotMockFactory` means something else here")
    edit = module.replace(call, f"{need.bound}().create({module.source(spec)})")
    reason = f"the double refuses what `{module.source(spec)}` does not take"
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
