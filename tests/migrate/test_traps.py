"""What may stand in a file: marks, line ends, encodings, comments, strings, names that mean something else."""

import ast
from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from tests.workbench import Folder

PATH = "tests/test_it.py"
CASE = "class TestIt(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)\n"
READ = "def test_a():\n    assert os.environ.get('URL') is None\n"


def migrated(place: Path, content: str | bytes, *codemods: str, files: dict[str, str | bytes] | None = None) -> bytes:
    """What becomes of a test file with everything that can be made; a second run is empty."""
    folder = Folder(place).write({PATH: content, **(files or {})}).start()
    found = run(folder, *codemods)
    if found.plan.files:
        write_migration(found)
        assert not run(folder, *codemods).plan.files
    return (place / PATH).read_bytes()


def run(folder: Folder, *codemods: str, review: bool = True) -> Migrated:
    request = Request(repository=folder.root, cache=False, workers=1, target="3.11")
    return migrate(request, Wanted(codemods=codemods, review=review))


def grades(place: Path, content: str | bytes, *codemods: str) -> list[Grade]:
    return [item.grade for item in run(Folder(place).write({PATH: content}).start(), *codemods).summary.items]


def test_a_byte_order_mark_stays_first(tmp_path: Path) -> None:
    after = migrated(tmp_path, b"\xef\xbb\xbfimport unittest\n\n\n" + CASE.encode(), "base-case")
    assert after.startswith(b"\xef\xbb\xbffrom canonry.testing import SSotBaseTestCase\n")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_stay_what_they_are(tmp_path: Path, end: str) -> None:
    text = f'"""It."""\n\nfrom __future__ import annotations\n\nimport unittest\n\n\n{CASE}'.replace("\n", end)
    after = migrated(tmp_path, text.encode(), "base-case")
    assert f"annotations{end}{end}from canonry.testing import SSotBaseTestCase{end}".encode() in after
    assert after.count(end.encode()) == after.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")


def test_mixed_line_ends_take_that_of_their_place(tmp_path: Path) -> None:
    after = migrated(tmp_path, b"import os\r\nimport sys\r\n\n" + READ.encode() + b"\n\ndef f():\n    return sys\n")
    assert after.startswith(b"import sys\r\nfrom canonry.testing import IsolatedEnvironment\r\n\n")


def test_the_future_comes_first(tmp_path: Path) -> None:
    after = migrated(tmp_path, f"from __future__ import annotations\nimport os\n\n\n{READ}", "environment")
    assert after.decode().splitlines()[:2] == [
        "from __future__ import annotations",
        "from canonry.testing import IsolatedEnvironment",
    ]


def test_latin_1_is_refused_with_a_sentence(tmp_path: Path) -> None:
    content = "# -*- coding: latin-1 -*-\nimport os\n# caf\xe9\n".encode("latin-1") + READ.encode()
    folder = Folder(tmp_path).write({PATH: content}).start()
    found = run(folder)
    assert not found.plan.files
    assert [item.reason for item in found.summary.items] == [
        "its encoding is not UTF-8, and only that is edited; convert the file first"
    ]


@pytest.mark.parametrize(
    "code", ["os.environ = {}", "os.environ |= {'A': 'b'}", "os.putenv('A', 'b')", "os.environb[b'A']"]
)
def test_what_has_no_counterpart_is_manual(tmp_path: Path, code: str) -> None:
    assert grades(tmp_path, f"import os\n\n\ndef test_a():\n    {code}\n    assert 1\n", "environment") == [
        Grade.MANUAL
    ]


def test_parts_of_f_strings_are_never_spliced(tmp_path: Path) -> None:
    text = "import os\n\n\ndef test_a():\n    assert f\"{os.environ['URL']}\"\n"
    assert migrated(tmp_path, text, "environment") == text.encode()


def test_a_comment_inside_a_patch_is_kept(tmp_path: Path) -> None:
    text = (
        "import os\nfrom unittest.mock import patch\n\n\ndef test_a():\n    with patch.dict(\n        os.environ,\n"
        "        {'A': 'b'},  # why\n    ):\n        assert 1\n"
    )
    assert migrated(tmp_path, text, "environment") == text.encode()


def test_strings_comments_and_docstrings_stay(tmp_path: Path) -> None:
    text = f'"""os.environ.get("URL")"""\nimport os\n\nTEXT = "os.environ[\'URL\'] = 1"  # os.environ.get(\'URL\')\n\n\n{READ}'
    after = migrated(tmp_path, text, "environment").decode()
    assert after.count("os.environ") == text.count("os.environ") - 1
    assert "import os\n" not in after


def test_a_patch_of_the_environment_runs_afterwards(tmp_path: Path) -> None:
    text = (
        "import os\nfrom unittest.mock import patch\n\n\n@patch.dict(os.environ, {'CANON_TRAP': '1'})\ndef test_a():\n"
        "    with patch.dict('os.environ', CANON_TRAP='2'):\n        assert os.environ['CANON_TRAP'] == '2'\n"
        "    assert os.environ['CANON_TRAP'] == '1'\n"
    )
    space: dict[str, object] = {}
    after = migrated(tmp_path, text, "environment")
    exec(compile(after, PATH, "exec"), space)  # the result is really run
    space["test_a"]()  # type: ignore[operator]
    assert b"patch.dict" not in after


def test_only_what_the_edits_orphan_is_taken_away(tmp_path: Path) -> None:
    after = migrated(tmp_path, f"import os, sys\nimport json\n\n\n{READ}", "environment").decode()
    assert after.startswith("import sys\nimport json\nfrom canonry.testing import IsolatedEnvironment\n")


def test_the_comment_of_an_import_outlives_it(tmp_path: Path) -> None:
    after = migrated(tmp_path, f"import os  # for the URL\nimport json\n\n\n{READ}", "environment").decode()
    assert "# for the URL\n" in after
    assert "import os" not in after


def test_an_import_that_is_there_is_used(tmp_path: Path) -> None:
    text = f"import os\n\nfrom canonry.testing import IsolatedEnvironment as Env\n\n\n{READ}assert Env\n"
    after = migrated(tmp_path, text, "environment").decode()
    assert "Env().get('URL')" in after
    assert after.count("import") == 1


def test_a_name_that_means_something_else_gets_another(tmp_path: Path) -> None:
    text = f"import os\n\n\nclass IsolatedEnvironment:\n    pass\n\n\n{READ}"
    after = migrated(tmp_path, text, "environment").decode()
    assert "from canonry.testing import IsolatedEnvironment as CanonicalIsolatedEnvironment\n" in after
    assert "CanonicalIsolatedEnvironment().get('URL')" in after


def test_a_name_hidden_where_it_would_be_used_is_not_used(tmp_path: Path) -> None:
    text = "import os\n\n\ndef test_a(IsolatedEnvironment, CanonicalIsolatedEnvironment):\n    assert os.environ.get('URL')\n"
    assert migrated(tmp_path, text, "environment") == text.encode()


def test_a_shadowed_os_is_no_finding(tmp_path: Path) -> None:
    text = "import os\n\n\ndef test_a(os):\n    assert os.environ.get('URL') is None\n"
    assert migrated(tmp_path, text, "environment") == text.encode()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("class TestIt(unittest.TestCase, metaclass=abc.ABCMeta):", "import abc\nimport unittest\n"),
        ("@replace\nclass TestIt(unittest.TestCase):", "import unittest\nfrom shop.tools import replace\n"),
    ],
)
def test_metaclasses_and_decorators_that_may_replace_want_a_reader(tmp_path: Path, head: str, body: str) -> None:
    text = f"{body}\n\n{head}\n    def test_a(self):\n        assert 1\n"
    assert grades(tmp_path, text, "base-case") == [Grade.REVIEW]


def test_computed_bases_are_left(tmp_path: Path) -> None:
    text = "from tests.made import make\n\n\nclass TestIt(make()):\n    def test_a(self):\n        assert 1\n"
    assert migrated(tmp_path, text, "base-case") == text.encode()


def test_a_base_from_a_star_import_is_edited_by_its_meaning(tmp_path: Path) -> None:
    text = "from unittest import *\n\n\nclass TestIt(TestCase):\n    def test_a(self):\n        assert 1\n"
    after = migrated(tmp_path, text, "base-case").decode()
    ast.parse(after)
    assert after.startswith("from unittest import *\n")


def test_a_body_that_speaks_of_its_base_wants_a_reader(tmp_path: Path) -> None:
    text = (
        "import unittest\n\n\nclass TestIt(unittest.TestCase):\n    def setUp(self):\n"
        "        unittest.TestCase.setUp(self)\n\n    def test_a(self):\n        assert 1\n"
    )
    assert grades(tmp_path, text, "base-case") == [Grade.REVIEW]


def test_a_suppressed_finding_is_left(tmp_path: Path) -> None:
    text = f"import os\n\n\n{READ.replace('is None', 'is None  # canonry: ignore[ENV001] it is the point here')}"
    folder = Folder(tmp_path).write({PATH: text}).start()
    found = run(folder, "environment")
    assert (found.summary.settled, found.plan.files) == (1, ())


def test_all_codemods_go_over_one_file_together(tmp_path: Path) -> None:
    text = (
        "import os\nimport unittest\n\nfrom .cases import order\n\n\nclass TestIt(unittest.TestCase):\n"
        "    def test_a(self):\n        os.environ['URL'] = order\n        self.assertEqual(os.environ['URL'], order)\n"
    )
    files: dict[str, str | bytes] = {"tests/__init__.py": "", "tests/cases.py": "order = 'x'\n"}
    after = migrated(tmp_path, text, files=files).decode()
    assert after == (
        "from tests.cases import order\nfrom canonry.testing import SSotBaseTestCase, IsolatedEnvironment\n\n\n"
        "class TestIt(SSotBaseTestCase):\n    @IsolatedEnvironment().patched()\n    def test_a(self):\n"
        "        IsolatedEnvironment()['URL'] = order\n"
        "        self.assertEqual(IsolatedEnvironment()['URL'], order)\n"
    )


def test_no_file_begins_with_the_blank_lines_behind_imports_that_went(tmp_path: Path) -> None:
    text = "import sys\n\nimport unittest\n\n\ndef test_a():\n    assert 1\n\n\nif __name__ == '__main__':\n"
    after = migrated(tmp_path, f"{text}    print(sys.path)\n    unittest.main()\n", "runner-main-block")
    assert after == b"def test_a():\n    assert 1\n"


def test_a_comment_in_a_try_of_imports_stays(tmp_path: Path) -> None:
    text = (
        "try:\n    import pytest\nexcept ImportError:  # not on the phone\n    pass\n\n\ndef test_a():\n    assert 1\n"
    )
    after = migrated(
        tmp_path, f"{text}\n\nif __name__ == '__main__':\n    pytest.main([__file__])\n", "runner-main-block"
    )
    assert after == text.replace("import pytest", "pass").encode()


MADE = "from unittest.mock import MagicMock, patch\n\n\ndef made():\n    return MagicMock()\n\n\n"


def test_names_that_code_replaces_or_binds_again_are_left(tmp_path: Path) -> None:
    files = {
        "tests/__init__.py": "",
        "tests/test_own.py": MADE
        + "@patch('tests.test_own.MagicMock')\ndef test_a(mock):\n    assert made() is mock()\n",
        "tests/test_again.py": "import functools\nfrom unittest.mock import Mock\nMock = functools.partial(Mock, spec=dict)\n\n\ndef test_a():\n    assert Mock()\n",
        "tests/reading.py": "import os\n\n\ndef url():\n    return os.getenv('URL')\n",
        "tests/test_reading.py": "from unittest.mock import patch\n\n\ndef test_a():\n    with patch('tests.reading.os.getenv'):\n        assert 1\n",
        "tests/test_checked.py": "import unittest\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    Base = unittest.TestCase\nelse:\n    Base = object\n\n\nclass Mixin(Base):\n    def test_a(self):\n        self.assertTrue(1)\n",
    }
    found = run(Folder(tmp_path).write(files).start(), "mock-factory", "environment", "base-case")
    left = {(item.path, item.line): item.reason for item in found.summary.items if item.grade is Grade.MANUAL}
    assert "`test_own.MagicMock` is replaced" in left["tests/test_own.py", 5]
    assert "`Mock` is bound to something else" in left["tests/test_again.py", 7]
    assert "`reading.os` is replaced" in left["tests/reading.py", 5]
    assert {change.path for change in found.plan.files} == {"tests/test_own.py", "tests/test_reading.py"}


def test_async_tests_from_elsewhere_want_the_async_base_and_a_reader(tmp_path: Path) -> None:
    files = {
        "tests/__init__.py": "",
        "tests/checks.py": "class Checks:\n    async def test_shared(self):\n        assert self\n",
        "tests/test_mixed.py": "import unittest\nfrom tests.checks import Checks\n\n\nclass TestMixed(Checks, unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)\n",
        "tests/test_above.py": "import unittest\n\n\nclass TestAbove(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)\n",
        "tests/test_below.py": "from tests.test_above import TestAbove\n\n\nclass TestBelow(TestAbove):\n    async def test_b(self):\n        assert 1\n",
    }
    found = run(Folder(tmp_path).write(files).start(), "base-case")
    assert {item.grade for item in found.summary.items} == {Grade.REVIEW}
    after = found.after()
    assert b"class TestMixed(Checks, SSotAsyncTestCase):" in after["tests/test_mixed.py"]
    assert b"class TestAbove(SSotAsyncTestCase):" in after["tests/test_above.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '"""It."""; import os; X = os.environ.get("A")\n',
            '"""It."""; from canonry.testing import IsolatedEnvironment; X = IsolatedEnvironment().get("A")\n',
        ),
        (
            "from os import *\nX = getenv('A')\n",
            "from os import *\nfrom canonry.testing import IsolatedEnvironment\nX = IsolatedEnvironment().get('A')\n",
        ),
        (
            "try:\n    from unittest.mock import Mock\nexcept ImportError:\n    from mock import Mock\nX = Mock()\n",
            "from canonry.testing import SSotMockFactory\n\nX = SSotMockFactory.unchecked.Mock()\n",
        ),
        (
            "try:\n    from unittest.mock import Mock\nexcept ImportError:\n    Mock = None\nX = Mock()\n",
            "from canonry.testing import SSotMockFactory\n\ntry:\n    from unittest.mock import Mock\nexcept ImportError:\n    Mock = None\nX = SSotMockFactory.unchecked.Mock()\n",
        ),
    ],
)
def test_imports_stand_before_what_needs_them_and_go_with_their_try(before: str, after: str, tmp_path: Path) -> None:
    assert migrated(tmp_path, before, "environment", "mock-factory").decode() == after


def test_a_probe_is_imported_from_its_declared_home(tmp_path: Path) -> None:
    probe = "try:\n    import redis\n    HAS_REDIS = True\nexcept ImportError:\n    HAS_REDIS = False\n"
    files = {
        "canonry.toml": "[[canon.symbols]]\nname = 'HAS_REDIS'\nhome = 'shop.probes'\n",
        "shop/__init__.py": "",
        "shop/a.py": probe,
        "shop/probes.py": probe,
    }
    found = run(Folder(tmp_path).write(files).start(), "availability-flag")
    assert found.after() == {"shop/a.py": b"from shop.probes import HAS_REDIS\n"}
