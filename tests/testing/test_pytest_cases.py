"""`SSotPytestCase`: a class in pytest's style stays one, and each of its tests is isolated."""

from pathlib import Path

from canonry.testing import SSotPytestCase
from tests.testing.running import COLLECTION, run_pytest

_CODE = """
import os, unittest
import pytest
from canonry.testing import IsolatedEnvironment, SSotPytestCase

class Base(SSotPytestCase):
    leaks = ["what a class of before meant by it"]
    def setup_method(self, method):
        IsolatedEnvironment()["CANON_A"] = "1"
        os.environ["CANON_B"] = "2"
    def setUp(self):
        raise RuntimeError("pytest calls this in no class of its own style")
    def run(self, result=None): raise RuntimeError("nor this")

class TestIt(Base):
    @pytest.mark.parametrize("number", [1, 2])
    def test_a(self, number, tmp_path):
        assert number and tmp_path.exists() and IsolatedEnvironment()["CANON_A"] == "1"
    @pytest.fixture
    def three(self):
        return 3
    def test_b(self, three):
        assert three == 3

class TestStrict(SSotPytestCase):
    leaks = "fail"
    def test_leaks(self): os.environ["CANON_C"] = "1"

class TestWithInit(SSotPytestCase):
    def __init__(self): pass
    def test_never(self): pass

class NoTestByItsName(SSotPytestCase):
    def test_never(self): pass

class TestBoth(SSotPytestCase, unittest.TestCase):
    def setUp(self): self.ready = True
    def test_a(self): assert self.ready

def test_zz_sees_nothing():
    assert "CANON_A" not in IsolatedEnvironment() and not {"CANON_B", "CANON_C"} & set(os.environ)
"""


def test_a_class_stays_in_its_style_and_each_test_is_isolated(tmp_path: Path) -> None:
    outcomes, said = run_pytest(tmp_path, _CODE, *COLLECTION)

    assert outcomes == {
        "TestIt.test_a[1]": "passed",
        "TestIt.test_a[2]": "passed",
        "TestIt.test_b": "passed",
        "TestStrict.test_leaks": "error",
        "TestBoth.test_a": "passed",
        "test_it.test_zz_sees_nothing": "passed",
    }
    assert "TestIt.test_b: the test leaves state behind: environment `CANON_B` was added" in said


def test_it_adds_no_name_no_metaclass_and_no_base() -> None:
    own = set(vars(SSotPytestCase)) - {"__module__", "__doc__", "__slots__"}

    assert not own
    assert type(SSotPytestCase) is type
    assert SSotPytestCase.__mro__ == (SSotPytestCase, object)
