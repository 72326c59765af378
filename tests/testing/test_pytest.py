"""The base cases under pytest: fixtures, parameter sets, marks, and other plugins beside them."""

from pathlib import Path

import pytest

from tests.testing.running import COLLECTION, run_pytest, run_unittest

HEAD = """
import asyncio, os, unittest, logging
import pytest
from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase
"""
WAYS = pytest.mark.parametrize("options", [COLLECTION, ("-p", "no:canonry")], ids=["plugin", "alone"])


@WAYS
def test_fixtures_are_arguments(tmp_path: Path, options: tuple[str, ...]) -> None:
    code = f"""{HEAD}
@pytest.fixture
def three():
    return 3

def handing_in(test):
    @functools.wraps(test)
    def called(*arguments, **named):
        return test(*arguments, handed="x", **named)
    return called

class TestSync(SSotBaseTestCase):
    leaks = "fail"
    @pytest.fixture(autouse=True)
    def prepare(self{", monkeypatch" if options is COLLECTION else ""}):
        os.environ["CANON_A"] = "fixture"
        self.prepared = True
        yield
        del os.environ["CANON_A"]
    def setUp(self):
        assert self.prepared and os.environ["CANON_A"] == "fixture"
    def test_arguments(self, three, tmp_path, monkeypatch, caplog):
        monkeypatch.setenv("CANON_B", "1")
        monkeypatch.chdir(tmp_path)
        caplog.set_level(1)
        assert three == 3 and self.env["CANON_B"] == "1"
    def test_default(self, four=4):
        assert four == 4
    @unittest.mock.patch("os.getpid", return_value=1)
    def test_patched(self, getpid, three):
        assert os.getpid() == 1 and three == 3
    @handing_in
    def test_handed_in(self, three, handed):
        assert (three, handed) == (3, "x")
    def test_leaks(self, three):
        os.environ["CANON_C"] = "1"
    def test_zz_sees_nothing(self):
        assert "CANON_B" not in os.environ and "CANON_C" not in os.environ

class TestAsync(SSotAsyncTestCase):
    leaks = "fail"
    async def test_arguments(self, three, tmp_path, monkeypatch):
        monkeypatch.setenv("CANON_B", "1")
        await asyncio.sleep(0)
        assert three == 3
    async def test_unknown(self, nothing): pass
"""
    outcomes, said = run_pytest(
        tmp_path, code.replace("import asyncio", "import functools, unittest.mock, asyncio"), *options
    )

    assert outcomes == {
        "TestSync.test_arguments": "passed",
        "TestSync.test_default": "passed",
        "TestSync.test_patched": "passed",
        "TestSync.test_handed_in": "passed",
        "TestSync.test_leaks": "error",
        "TestSync.test_zz_sees_nothing": "passed",
        "TestAsync.test_arguments": "passed",
        "TestAsync.test_unknown": "error" if options is COLLECTION else "failure",
    }, said
    assert "fixture 'nothing' not found" in said


PARAMETERS = f"""{HEAD}
@pytest.mark.parametrize("flag", [True, False])
class TestIt(SSotAsyncTestCase):
    @pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.xfail(strict=True)), 3])
    async def test_async(self, n, flag):
        await asyncio.sleep(0)
        assert n != 2

    def test_sync(self, flag):
        assert flag
"""


def test_parameter_sets_are_spread(tmp_path: Path) -> None:
    outcomes, said = run_pytest(tmp_path, PARAMETERS, *COLLECTION)

    assert len(outcomes) == 8, said
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "passed"} == {
        "TestIt.test_async[2-True]": "skipped",
        "TestIt.test_async[2-False]": "skipped",
        "TestIt.test_sync[False]": "failure",
    }


def test_parameter_sets_without_the_plugin_are_an_error_that_says_why(tmp_path: Path) -> None:
    outcomes, said = run_pytest(tmp_path, PARAMETERS, "-p", "no:canonry")

    assert set(outcomes.values()) == {"failure"}
    assert "canonry's pytest plugin spreads them: take `-p no:canonry` away" in said


def test_parameter_sets_and_fixtures_under_unittest_are_an_error_that_says_why(tmp_path: Path) -> None:
    status, said = run_unittest(tmp_path, PARAMETERS)

    assert status == 1
    assert "`TestIt.test_async` takes `n`, `flag` from pytest's fixtures, so pytest has to run it" in said


@WAYS
def test_classes_marks_and_skips(tmp_path: Path, options: tuple[str, ...]) -> None:
    code = f"""{HEAD}
import abc
class Abstract(SSotBaseTestCase, abc.ABC):
    @abc.abstractmethod
    def number(self): ...
    def test_number(self): assert self.number() == 3

class TestConcrete(Abstract):
    done = []
    @classmethod
    def setUpClass(cls):
        os.environ["CANON_CLASS"] = "1"
        cls.addClassCleanup(os.environ.pop, "CANON_CLASS")
    @classmethod
    def setup_class(cls): cls.done.append("setup_class")
    def setup_method(self, method): self.done.append(method.__name__)
    def number(self): return 3
    def test_class(self):
        assert os.environ["CANON_CLASS"] == "1"
        assert self.done == ["setup_class", "test_class"]
    @pytest.mark.skip(reason="mark")
    def test_skip_mark(self): assert 0
    @unittest.skip("unittest")
    def test_skip(self): assert 0
    def test_skip_call(self): pytest.skip("call")
    @pytest.mark.xfail(reason="known")
    def test_xfail(self): assert 0
    @unittest.expectedFailure
    def test_expected(self): assert 0
    @unittest.expectedFailure
    def test_unexpected(self): pass
    @pytest.mark.usefixtures("tmp_path")
    def test_used(self): assert "CANON_CLASS" in self.env

def test_after():
    assert "CANON_CLASS" not in os.environ
"""
    outcomes, said = run_pytest(tmp_path, code, *options, "-W", "error")
    skipped = {name.partition(".")[2] for name, outcome in outcomes.items() if outcome == "skipped"}
    bad = {name.partition(".")[2] for name, outcome in outcomes.items() if outcome in ("failure", "error")}

    assert skipped == {"test_skip_mark", "test_skip", "test_skip_call", "test_xfail", "test_expected"}, said
    assert bad == {"test_unexpected"}, said
    assert len(outcomes) == 10


@WAYS
def test_a_leak_of_setup_method_is_seen_too(tmp_path: Path, options: tuple[str, ...]) -> None:
    code = f"""{HEAD}
class TestIt(SSotBaseTestCase):
    leaks = "fail"
    def setup_method(self, method): os.environ["CANON_A"] = "1"
    def test_1(self): pass
"""
    outcomes, _ = run_pytest(tmp_path, code, *options)
    assert outcomes["TestIt.test_1"] == ("error" if options is COLLECTION else "passed")


@WAYS
def test_a_leak_is_an_error_where_warnings_are(tmp_path: Path, options: tuple[str, ...]) -> None:
    code = f"""{HEAD}
class TestIt(SSotBaseTestCase):
    def test_1(self): os.environ["CANON_A"] = "1"
    def test_2(self): assert "CANON_A" not in os.environ
"""
    outcomes, said = run_pytest(tmp_path, code, *options, "-W", "error")
    assert outcomes == {"TestIt.test_1": "error", "TestIt.test_2": "passed"}
    assert "CanonryLeakWarning: TestIt.test_1: the test leaves state behind: environment `CANON_A` was added" in said


BESIDE = f"""{HEAD}
@pytest.fixture
def anyio_backend(): return "asyncio"  # the base cases are asyncio's; trio may be installed

class TestIt(SSotAsyncTestCase):
    async def test_passes(self, tmp_path):
        await asyncio.sleep(0)
    async def test_fails(self):
        await asyncio.sleep(0)
        assert 1 == 2
    def test_sync_fails(self): assert 1 == 2
    @pytest.mark.parametrize("n", [1, 2])
    async def test_sets(self, n): assert n == 2

async def test_function():
    await asyncio.sleep(0)
    assert 1 == 2
"""
EXPECTED = {
    "TestIt.test_passes": "passed",
    "TestIt.test_fails": "failure",
    "TestIt.test_sync_fails": "failure",
    "TestIt.test_sets[1]": "failure",
    "TestIt.test_sets[2]": "passed",
    "test_it.test_function": "failure",
}


@pytest.mark.parametrize(
    "options",
    [
        ("-p", "pytest_asyncio", "-o", "asyncio_mode=auto"),
        ("-p", "pytest_asyncio", "-o", "asyncio_mode=strict"),
        ("-p", "anyio", "-o", "anyio_mode=auto"),
        ("-p", "xdist", "-n", "2"),
        ("-p", "pytest_randomly", "-p", "randomly"),
        ("-p", "pytest_timeout", "--timeout=20"),
        ("-p", "pytest_django"),
        ("-p", "pytest_mock"),
        (),
    ],
    ids=lambda options: "-".join(word.strip("-") for word in options if word != "-p") or "all",
)
def test_other_plugins_stand_beside(tmp_path: Path, options: tuple[str, ...]) -> None:
    by_name = bool(options) and "randomly" not in options
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} if by_name else {"PYTEST_ADDOPTS": ""}
    options = tuple(word for word in options if word != "randomly")
    if "pytest_randomly" in options:
        options = ("-p", "randomly", "--randomly-seed=3")
    outcomes, said = run_pytest(tmp_path, BESIDE, *COLLECTION, *options, plugins=True, variables=variables)

    assert {name.removesuffix("[asyncio]"): outcome for name, outcome in outcomes.items()} == EXPECTED, said
    assert "CanonryLeakWarning" not in said
