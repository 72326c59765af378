"""A patch or a role that outlives its test is named and undone, and the run is told where doubles were made."""

import subprocess
import sys
from pathlib import Path

import pytest

from canonry.model.run_event import DoubleMade, Leaked, decode
from tests.workbench import ROOT, environment

SHOP = (
    "LIMIT = 10\n\ndef pay(amount):\n    return True\n\nclass Bank:\n    def pay(self, amount):\n        return True\n"
)
DOUBLES = "from canonry.testing import SSotMockFactory\n\nSSotMockFactory.register('bank', 'shop:Bank')\n"
TESTS = """
import shop
from canonry.testing import SSotBaseTestCase{early}

class TestShop(SSotBaseTestCase):
    def test_1_patch(self):
        from canonry.testing import SSotMockFactory
        factory = SSotMockFactory()
        factory.patch("shop.pay", returns=False)
        factory.replace(shop, "LIMIT", 3)
        self.assertFalse(shop.pay(1))

    def test_2_next(self):
        self.assertTrue(shop.pay(1))
        self.assertEqual(shop.LIMIT, 10)

    def test_3_role(self):
        import shop_doubles
        from canonry.testing import SSotMockFactory
        SSotMockFactory.register("till", shop.Bank)
        SSotMockFactory.unregister("bank")

    def test_4_next(self):
        from canonry.testing import SSotMockFactory
        from canonry.testing.doubles import DoubleError
        with SSotMockFactory() as factory:
            self.assertTrue(factory.bank(pay=True).pay(1))
            self.assertRaises(DoubleError, lambda: factory.till())

    def test_5_clean(self):
        from canonry.testing import SSotMockFactory
        with SSotMockFactory() as factory:
            factory.patch("shop.pay", returns=False)
            self.assertFalse(shop.pay(1))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "shop_doubles.py").write_text(DOUBLES)
    return tmp_path


def run(folder: Path, runner: str, early: str, leaks: str) -> tuple[int, list[object], str]:
    """The status, the events and what was said of a run of the tests."""
    (folder / "test_shop.py").write_text(TESTS.format(early=early))
    command = {
        "pytest": ["pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"],
        "unittest": ["unittest", "-v"],
    }
    done = subprocess.run(
        [sys.executable, "-m", *command[runner]],
        cwd=folder,
        env=environment(
            PYTHONPATH=str(ROOT / "src"),
            CANONRY_EVENTS="events.jsonl",
            CANONRY_LEAKS=leaks,
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    return done.returncode, [decode(line) for line in lines], done.stdout + done.stderr


EARLY = ", SSotMockFactory, proves\nSSotMockFactory.verify  # loaded before any test"


@pytest.mark.parametrize("early", ["", EARLY], ids=["late", "early"])
@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_what_outlives_a_test_is_named_and_the_next_never_sees_it(folder: Path, runner: str, early: str) -> None:
    status, events, said = run(folder, runner, early, "warn")
    leaks = [each for each in events if isinstance(each, Leaked)]

    assert status == 0, said
    line = TESTS.format(early=early).splitlines().index('        factory.patch("shop.pay", returns=False)') + 1
    test = f"{folder}/test_shop.py"
    assert [(each.node.rpartition("::")[2], each.kind, each.name, each.detail, each.restored) for each in leaks] == [
        ("test_1_patch", "double", "shop.pay", f"was patched at {test}:{line}", True),
        ("test_1_patch", "double", "shop.LIMIT", f"was patched at {test}:{line + 1}", True),
        ("test_3_role", "double", "bank", "was freed", True),
        ("test_3_role", "double", "till", "was registered", True),
    ]


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_a_leak_is_a_failure_where_the_category_says_so(folder: Path, runner: str) -> None:
    status, _, said = run(folder, runner, "", "fail")

    assert status == 1
    assert "double `shop.pay` was patched at" in said
    assert ("2 errors" if runner == "pytest" else "FAILED (failures=2)") in said


def test_where_doubles_were_made_is_told_to_the_run(folder: Path) -> None:
    _, events, _ = run(folder, "pytest", "", "warn")
    made = [
        (each.node.rpartition("::")[2], each.real, each.kind, each.path)
        for each in events
        if isinstance(each, DoubleMade)
    ]

    assert made == [
        ("test_1_patch", "shop:pay", "patch", "test_shop.py"),
        ("test_1_patch", "builtins:int", "replacement", "test_shop.py"),
        ("test_4_next", "shop:Bank", "double", "test_shop.py"),
        ("test_4_next", "shop:Bank", "registered", "test_shop.py"),
        ("test_5_clean", "shop:pay", "patch", "test_shop.py"),
    ]


def test_the_fixture_of_pytest_undoes_what_it_patched(folder: Path) -> None:
    (folder / "test_fixture.py").write_text(
        "import shop\n\ndef test_1(mock_factory):\n    mock_factory.replace('shop.LIMIT', 3)\n    assert shop.LIMIT == 3\n\n"
        "def test_2():\n    assert shop.LIMIT == 10\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "canonry.testing.fixtures",
            "-p",
            "no:cacheprovider",
            "test_fixture.py",
        ],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT / "src"), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
