"""A proof says which finding it proves."""

import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import pytest

from canonry.model.errors import UserError
from canonry.testing.proof import ATTRIBUTE, claims_of, proves
from tests.workbench import ROOT, environment


@pytest.mark.parametrize("key", ["DUP001:WebSocketManager", "DUP001", "ISO001:shop/bank.py:Bank.open", "TST001:test_a"])
def test_a_key_is_kept(key: str) -> None:
    @proves(key)
    def test() -> None: ...

    assert getattr(test, ATTRIBUTE) == claims_of(test) == (key,)


@pytest.mark.parametrize(
    "key", ["", "DUP1:Name", "dup001:Name", "DUP001:", "DUP001: Name", "WebSocketManager", "DUP001 x"]
)
def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(UserError, match=r'is no key of a finding; write `@proves\("DUP001:Name"\)`'):
        proves(key)


def test_forgotten_parentheses_and_no_key() -> None:
    def test_a() -> None: ...

    misused: Any = proves
    with pytest.raises(UserError, match="is no key of a finding"):
        misused(test_a)
    with pytest.raises(UserError, match="names no finding"):
        proves()


def test_functions_methods_classes_and_several() -> None:
    @proves("DUP001:A")
    class Test(unittest.TestCase):
        @proves("DUP002:B", "DUP003:C")
        @proves("DUP002:B")
        async def test_a(self) -> None: ...

        @proves("TST001:D")
        @staticmethod
        def test_b() -> None: ...

    class Below(Test):
        def test_c(self) -> None: ...

    assert claims_of(Test.test_a, Test) == ("DUP002:B", "DUP003:C", "DUP001:A")
    assert claims_of(Test.test_b) == ("TST001:D",)
    assert claims_of(Below.test_c, Below) == ("DUP001:A",)


TESTS = """
import unittest
import pytest
from canonry.testing.proof import proves

@proves("DUP001:A")
def test_function(): assert 1

class TestPytest:
    @proves("DUP001:B")
    @pytest.mark.parametrize("n", [1, 2])
    def test_method(self, n): assert n

@proves("DUP001:C")
class TestUnittest(unittest.TestCase):
    def test_case(self): self.assertTrue(1)

def test_plain(): assert 1
"""
CONFTEST = """
from canonry.testing.proof import record_claims

def pytest_collection_modifyitems(items):
    for item in items:
        record_claims(item), record_claims(item)
"""


def test_a_run_tells_the_claims(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--junitxml", "out.xml", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT / "src")),
        capture_output=True,
        text=True,
        check=False,
    )
    written = (tmp_path / "out.xml").read_text()

    assert "5 passed" in done.stdout
    assert [written.count(f'name="canonry-proves" value="DUP001:{name}"') for name in "ABC"] == [1, 2, 1]
    assert written.count("canonry-proves") == 4


def test_unittest_runs_them_too(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text(
        TESTS.replace("import pytest\n", "").replace('    @pytest.mark.parametrize("n", [1, 2])\n', "")
    )
    done = subprocess.run(  # canonry: ignore[RUN002] the decorator is to work under plain unittest, too
        [sys.executable, "-m", "unittest", "-v"],
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(ROOT / "src")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Ran 1 test" in done.stderr
    assert done.returncode == 0
