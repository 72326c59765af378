"""What an edit of one file makes possible in another is planned in the same run."""

from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from tests.workbench import Folder

_BASE = "import unittest\n\n\nclass BaseShopTest(unittest.TestCase):\n    def setUp(self):\n        self.x = 1\n"
_HEIR = (
    "import os\n\nfrom tests.base import BaseShopTest\n\n\nclass TestOrder(BaseShopTest):\n"
    "    def test_url(self):\n        self.write()\n        assert self.x\n\n"
    "    def write(self):\n        os.environ['URL'] = 'x'\n"
)


@pytest.fixture
def shop(tmp_path: Path) -> Folder:
    return Folder(tmp_path).write({"tests/base.py": _BASE, "tests/test_order.py": _HEIR}).start()


def _migrate(place: Folder, *, names: tuple[str, ...] = (), review: bool = True) -> Migrated:
    request = Request(repository=place.root, cache=False, workers=1, target="3.11")
    return migrate(request, Wanted(codemods=names, review=review))


def test_a_write_is_moved_once_the_base_elsewhere_is_the_canons(shop: Folder) -> None:
    found = _migrate(shop)

    written = "self.enterContext(IsolatedEnvironment().patched({'URL': 'x'}))"
    assert written in found.after()["tests/test_order.py"].decode()
    item = next(each for each in found.summary.items if each.codemod == "environment")
    assert (item.path, item.line, item.grade, item.planned) == ("tests/test_order.py", 12, Grade.REVIEW, True)


def test_a_second_run_over_the_tree_is_empty(shop: Folder) -> None:
    write_migration(_migrate(shop))

    assert not _migrate(shop).plan.files


def test_it_stays_manual_where_the_base_is_not_edited(shop: Folder) -> None:
    item = next(each for each in _migrate(shop, names=("environment",)).summary.items)

    assert item.grade is Grade.MANUAL


def test_a_finding_that_an_edit_elsewhere_mends_has_its_grade(shop: Folder) -> None:
    base = _BASE.replace("class", "@register\nclass", 1)
    shop.write({"tests/base.py": f"from shop import register\n\n\n{base}"})
    grades = {(item.path, item.grade) for item in _migrate(shop, names=("base-case",)).summary.items}

    assert grades == {("tests/base.py", Grade.REVIEW), ("tests/test_order.py", Grade.REVIEW)}
