"""The MCK rules and the mock factory of canonry say the same."""

import pytest

from tests.workbench import Folder

SHOP = "class Bank:\n    def pay(self, amount):\n        return True\n\ndef pay(amount):\n    return True\n"
WAYS = """
from canonry.testing import SSotBaseTestCase, SSotMockFactory
from canonry.testing.doubles import each, returns, stands_in_for
from shop.bank import Bank

SSotMockFactory.register("bank", Bank)

@stands_in_for(Bank)
class FakeBank:
    def pay(self, amount):
        return True

def test_create(mock_factory):
    bank = mock_factory.create(Bank, pay=each(True, OSError()))
    assert bank.pay(1)

def test_patch(mock_factory):
    paid = mock_factory.patch("shop.bank.pay", returns=False)
    mock_factory.patch(Bank, "pay", returns=returns(True))
    mock_factory.replace("shop.bank.Bank", FakeBank)
    assert FakeBank().pay(1)
    paid.assert_called_once_with(1)

def test_role_and_spy(mock_factory):
    spied = mock_factory.spy(Bank())
    assert mock_factory.bank(pay=True).pay(1) and spied.pay(1)

class TestBank(SSotBaseTestCase):
    def test_function(self):
        with SSotMockFactory() as factory:
            assert factory.function("shop.bank.pay", True)(1)
            assert factory.class_(Bank, pay=True)().pay(1)
"""
CANON = "[canon]\nmock-factory = 'canonry.testing:SSotMockFactory'\n[categories.unit]\npaths = ['tests']\nmocks = '{policy}'\n"


def findings(folder: Folder, tests: str, policy: str) -> list[tuple[str, int]]:
    folder.write(
        {
            "canonry.toml": CANON.format(policy=policy),
            "shop/__init__.py": "",
            "shop/bank.py": SHOP,
            "tests/test_bank.py": tests,
        }
    )
    return [(each.code, each.line) for each in folder.findings() if each.code.startswith("MCK")]


@pytest.mark.parametrize("policy", ["specced", "allowed"])
def test_no_way_of_the_factory_is_found(folder: Folder, policy: str) -> None:
    assert findings(folder, WAYS, policy) == []


def test_the_same_by_hand_is_found(folder: Folder) -> None:
    by_hand = WAYS.replace('mock_factory.patch("shop.bank.pay", returns=False)', 'mock.patch("shop.bank.pay")').replace(
        "@stands_in_for(Bank)\n", ""
    )
    found = findings(folder, f"from unittest import mock{by_hand}", "specced")

    assert [code for code, _ in found] == ["MCK003", "MCK001", "MCK003"]


def test_where_mocks_are_forbidden_the_factory_is_found(folder: Folder) -> None:
    assert {code for code, _ in findings(folder, WAYS, "forbidden")} == {"MCK002"}


def test_a_decorator_of_that_name_from_elsewhere_ties_nothing(folder: Folder) -> None:
    other = WAYS.replace(
        "from canonry.testing.doubles import each, returns, stands_in_for", "from shop.ties import stands_in_for"
    )

    assert [code for code, _ in findings(folder, other, "specced")] == ["MCK003"]
