"""A base case is moved where every class that derives from it can still be made, as Python itself sees it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from tests.migrate.test_traps import run
from tests.workbench import Folder

_BASE = "import unittest\n\n\nclass BaseShopTest(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n"
_HEAD = (
    "import unittest\n\nfrom canonry.testing import SSotAsyncTestCase, SSotBaseTestCase\n\nfrom tests.base import BaseShopTest\n\n\n"
    "class Mixin:\n    pass\n\n\n"
)
_BODY = "\n    def test_a(self):\n        assert self.x\n"


@pytest.mark.parametrize(
    ("bases", "moved"),
    [
        ("BaseShopTest", True),
        ("Mixin, BaseShopTest", True),
        ("BaseShopTest, unittest.TestCase", True),
        ("SSotBaseTestCase, BaseShopTest", False),
        ("SSotAsyncTestCase, BaseShopTest", False),
        ("unittest.IsolatedAsyncioTestCase, BaseShopTest", False),
    ],
)
def test_a_base_stays_where_an_heir_names_another_before_it(tmp_path: Path, bases: str, *, moved: bool) -> None:
    heir = f"{_HEAD}class TestOrder({bases}):{_BODY}"
    files = {"tests/__init__.py": "", "tests/base.py": _BASE, "tests/test_order.py": heir}
    folder = Folder(tmp_path).write(files).start()
    found = run(folder)
    item = next(each for each in found.summary.items if each.path == "tests/base.py")
    write_migration(found)

    assert item.planned is moved
    assert moved or (item.grade is Grade.MANUAL and "`TestOrder` in `tests/test_order.py`" in item.reason)
    assert _can_be_made(tmp_path)


@given(st.lists(st.lists(st.integers(0, 5), max_size=3, unique=True), min_size=4, max_size=6), st.randoms())
def test_what_can_be_made_is_what_python_makes(lines: list[list[int]], random: object) -> None:
    from canonry.migrate import orders

    made: list[type | None] = [type("C0", (), {})]
    graph: dict[str, list[str]] = {"C0": []}
    for number, wanted in enumerate(lines, 1):
        bases = [each for each in wanted if each < number and made[each] is not None]
        name = f"C{number}"
        graph[name] = [f"C{each}" for each in bases]
        try:
            made.append(type(name, tuple(kind for each in bases if (kind := made[each]) is not None), {}))
        except TypeError:
            made.append(None)
        try:
            order = orders.linear(name, lambda node: list(graph[str(node)]))
        except orders.NoOrderError:
            order = None
        kind = made[number]
        assert (order is None) is (kind is None)
        if kind is not None:
            assert order == [each.__name__ for each in kind.__mro__[:-1]]


def _can_be_made(place: Path) -> bool:
    import subprocess
    import sys

    from tests.workbench import ROOT, environment

    command = [sys.executable, "-c", "import tests.test_order"]
    return (
        subprocess.run(command, cwd=place, env=environment(PYTHONPATH=str(ROOT / "src")), check=False).returncode == 0
    )
