"""Imports that their own file does not use any more, and that others need or that do something."""

import subprocess
import sys
from pathlib import Path

import pytest

from canonry.migrate.writing import write_migration
from tests.migrate.test_traps import migrated, run
from tests.workbench import ROOT, Folder, environment

_HELPERS = (
    "from unittest import TestCase\n\n\ndef same(self, one, other):\n    self.assertEqual(one, other)\n\n\n"
    "TestCase.assertSame = same\n"
)
_CASE = (
    "from tests.helpers import TestCase\n\n\nclass TestIt(TestCase):\n    def test_a(self):\n"
    "        self.assertSame(1, 1)\n"
)
_BASE = "\n\n\nclass Base(TestCase):\n    def bank(self):\n        return mock.Mock()\n"


def _passes(place: Path, name: str) -> bool:
    command = [sys.executable, "-c", f"import tests.{name} as found; found.Test{name[5:].title()}('test_a').debug()"]
    given = environment(PYTHONPATH=str(ROOT / "src"))
    return subprocess.run(command, cwd=place, env=given, capture_output=True, check=False).returncode == 0


def test_a_module_that_does_something_is_imported_all_the_same(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"tests/__init__.py": "", "tests/helpers.py": _HELPERS}
    after = migrated(tmp_path, _CASE, files=files).decode()

    assert after.startswith("import tests.helpers\nfrom canonry.testing import SSotBaseTestCase\n")
    assert _passes(tmp_path, "test_it")


@pytest.mark.parametrize(
    ("helpers", "kept"),
    [
        ("from unittest import TestCase\n\nLIMIT = len('x')\n", False),
        ("import tests.deeper\nfrom unittest import TestCase\n", True),
        ("from unittest import TestCase\n\nif __name__ == '__main__':\n    print(1)\n", False),
        ("from unittest import TestCase\n\nprint(1)\n", True),
    ],
)
def test_only_what_acts_is_kept(tmp_path: Path, helpers: str, *, kept: bool) -> None:
    files: dict[str, str | bytes] = {"tests/__init__.py": "", "tests/helpers.py": helpers}
    files["tests/deeper.py"] = "import unittest\n\nunittest.TestCase.longMessage = False\n"
    after = migrated(tmp_path, _CASE, files=files).decode()

    assert ("import tests.helpers" in after) is kept


@pytest.mark.parametrize(
    ("imports", "head"),
    [
        ("from unittest import TestCase, mock", "from unittest import mock as mock\nfrom canonry.testing import "),
        (
            "from unittest import (\n    TestCase,\n    mock,\n)",
            "from unittest import (\n    mock as mock,\n)\nfrom canonry",
        ),
        ("from unittest import mock\nfrom unittest import TestCase", "from unittest import mock as mock\nfrom canonry"),
    ],
)
def test_a_name_that_others_import_from_here_stays_for_them(tmp_path: Path, imports: str, head: str) -> None:
    user = (
        "from tests.base import Base, mock\n\n\nclass TestUser(Base):\n"
        "    def test_a(self):\n        assert mock.ANY == 1\n"
    )
    folder = (
        Folder(tmp_path)
        .write({"tests/__init__.py": "", "tests/base.py": imports + _BASE, "tests/test_user.py": user})
        .start()
    )
    write_migration(run(folder))

    assert (tmp_path / "tests/base.py").read_text().startswith(head)
    assert _passes(tmp_path, "test_user")
    assert not run(folder).plan.files
