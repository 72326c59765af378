"""A source that does not parse still says what it holds."""

import pytest

from tests.workbench import facts_of

BROKEN = '''"""Orders."""
import unittest, shop.api as api
from shop.orders import Order as O, total
from ..cases import Case
from . import support
from tests.base import *

class Base(unittest.TestCase):
    def setUp(self):
        self.order = O()

class TestOrder(Base, Case):
    x = 1

    async def test_total(self):
        assert total(self.order) == 1

    @decorated
    def test_more(self):
        def inner():
            pass

def test_alone():
    assert (True
'''


@pytest.fixture(scope="module")
def facts():
    found = facts_of(BROKEN)
    assert found.broken is not None
    return found


def test_classes_with_bases_and_methods(facts) -> None:
    classes = {fact.qualname: (fact.bases, fact.methods) for fact in facts.classes}

    assert classes["Base"] == (("unittest.TestCase",), ("setUp",))
    assert classes["TestOrder"][0] == (":Base", "..cases.Case")


def test_functions_with_their_owners(facts) -> None:
    functions = {fact.qualname: (fact.owner, fact.is_async, fact.nested) for fact in facts.functions}

    assert functions["Base.setUp"] == ("Base", False, False)
    assert functions["TestOrder.test_total"] == ("TestOrder", True, False)
    assert functions["TestOrder.test_more"] == ("TestOrder", False, False)
    assert functions["TestOrder.test_more.inner"] == ("", False, True)
    assert functions["test_alone"] == ("", False, False)


def test_imports_with_names_and_levels(facts) -> None:
    imports = [(each.level, each.module, each.names) for each in facts.imports]

    assert imports == [
        (0, "unittest", ()),
        (0, "shop.api", ()),
        (0, "shop.orders", (("Order", "O"), ("total", "total"))),
        (2, "cases", (("Case", "Case"),)),
        (1, "", (("support", "support"),)),
        (0, "tests.base", (("*", "*"),)),
    ]
    assert all(each.top_level for each in facts.imports)


def test_bindings_lead_where_the_names_lead(facts) -> None:
    assert facts.bindings["api"] == "shop.api"
    assert facts.bindings["O"] == "shop.orders.Order"
    assert facts.bindings["Case"] == "..cases.Case"
    assert facts.bindings["support"] == ".support"
    assert facts.bindings["Base"] == ":Base"


def test_nothing_is_claimed_that_only_a_whole_tree_shows(facts) -> None:
    assert (facts.calls, facts.environment, facts.path_hacks, facts.commented) == ((), (), (), None)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("class A:\n    pass\nx = (\n", ["A"]),
        ("class A(:\n    pass\n", ["A"]),
        ("x = '''\nclass A: pass\n'''\ny = (\n", []),
        ("# class A: pass\ny = (\n", []),
        ("def f():\n    class A: pass\ny = (\n", ["f.A"]),
        ("class A:\r    pass\rx = (\r", ["A"]),
        ("class É:\n    pass\nx = (\n", ["É"]),
    ],
)
def test_classes_of_small_broken_sources(code: str, names: list[str]) -> None:
    facts = facts_of(code)

    assert facts.broken is not None
    assert [fact.qualname for fact in facts.classes] == names
