"""Every way in which a test ends has its outcome, and none of it is read from a text."""

from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from canonry.model.run_event import Captured, Collected, Leaked, Uncollectable, WorkerStarted
from tests.run.execution.bench import plain_pytest, project, run

WAYS = """
import unittest
import pytest

@pytest.fixture
def broken():
    raise ValueError("no fixture")

@pytest.fixture
def breaks_later():
    yield
    raise ValueError("no teardown")

def test_passes(): print("1 failed"); assert True
def test_fails(): print("1 passed"); assert 1 == 2
def test_setup(broken): pass
def test_teardown(breaks_later): pass
def test_both(breaks_later): assert 0
@pytest.mark.skip(reason="not today")
def test_skipped(): pass
def test_skips(): pytest.skip("in the middle")
@pytest.mark.xfail(reason="known")
def test_expected(): assert 0
@pytest.mark.xfail
def test_unexpected(): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass
@pytest.mark.xfail(raises=KeyError)
def test_other_error(): raise ValueError
@pytest.mark.parametrize("value", [1, 2])
def test_values(value): assert value == 1
def test_subtests(subtests):
    for value in range(3):
        with subtests.test(value=value):
            assert value != 1
def test_good_subtests(subtests):
    with subtests.test("a"): assert True
class TestCase(unittest.TestCase):
    def test_unit(self): self.assertEqual(1, 1)
    def test_unit_fails(self): self.assertEqual(1, 2)
    def test_unit_subtests(self):
        for value in range(3):
            with self.subTest(value=value): self.assertNotEqual(value, 1)
    @unittest.expectedFailure
    def test_unit_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unit_unexpected(self): pass
    @unittest.skip("unit")
    def test_unit_skipped(self): pass
class TestSetup(unittest.TestCase):
    def setUp(self): raise ValueError("set up")
    def test_unit_setup(self): pass
"""
EXPECTED = {
    "test_passes": Outcome.PASSED,
    "test_fails": Outcome.FAILED,
    "test_setup": Outcome.SETUP_ERROR,
    "test_teardown": Outcome.TEARDOWN_ERROR,
    "test_both": Outcome.FAILED,
    "test_skipped": Outcome.SKIPPED,
    "test_skips": Outcome.SKIPPED,
    "test_expected": Outcome.EXPECTED_FAILURE,
    "test_unexpected": Outcome.UNEXPECTED_PASS,
    "test_strict": Outcome.FAILED,
    "test_other_error": Outcome.FAILED,
    "test_values[1]": Outcome.PASSED,
    "test_values[2]": Outcome.FAILED,
    "test_subtests": Outcome.FAILED,
    "test_good_subtests": Outcome.PASSED,
    "TestCase::test_unit": Outcome.PASSED,
    "TestCase::test_unit_fails": Outcome.FAILED,
    "TestCase::test_unit_subtests": Outcome.FAILED,
    "TestCase::test_unit_expected": Outcome.EXPECTED_FAILURE,
    "TestCase::test_unit_unexpected": Outcome.FAILED,
    "TestCase::test_unit_skipped": Outcome.SKIPPED,
    "TestSetup::test_unit_setup": Outcome.FAILED,
}


def test_every_way_to_end_has_its_outcome(tmp_path: Path) -> None:
    told = run(project(tmp_path, {"tests/test_ways.py": WAYS}))
    assert told.outcomes == EXPECTED
    skipped = told.ended("test_skips")
    assert (skipped.reason, skipped.path, skipped.line) == (
        "in the middle",
        "tests/test_ways.py",
        WAYS.splitlines().index('def test_skips(): pytest.skip("in the middle")') + 1,
    )
    assert told.ended("test_expected").reason == "known"
    failed = told.ended("test_fails")
    assert failed.reason == "assert 1 == 2"
    assert failed.captured == (Captured("Captured stdout call", "1 passed\n"),)
    assert "def test_fails" in failed.text


BROKEN = {
    "tests/test_syntax.py": ("def test_a(:\n    pass\n", 1, "SyntaxError: invalid syntax"),
    "tests/test_import.py": ("\nimport nothing_of_this_name\n", 2, "ModuleNotFoundError: No module named"),
    "tests/test_raises.py": ("def test_a(): pass\n\nraise RuntimeError('at import')\n", 3, "RuntimeError: at import"),
    "tests/test_exits.py": ("import sys\nsys.exit(3)\n", 2, "SystemExit while it is imported: 3"),
    "tests/test_pytest_exits.py": ("import pytest\npytest.exit('enough')\n", 2, "Exit: enough"),
    "tests/test_interrupts.py": ("\nraise KeyboardInterrupt\n", 2, "KeyboardInterrupt while it is imported"),
    "tests/test_dies.py": ("import os\nos.abort()\n", 0, "while it was imported: its process died of SIGABRT"),
    "tests/below/test_conftest.py": (
        "def test_a(): pass\n",
        0,  # the line is the conftest's
        "ModuleNotFoundError: No module named 'nowhere' (tests/below/conftest.py:1)",
    ),
}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_breaks_costs_itself(tmp_path: Path, workers: int) -> None:
    files = {path: content for path, (content, _, _) in BROKEN.items()}
    sound = {"tests/below/conftest.py": "import nowhere\n", "tests/test_a.py": "def test_a(): pass\n"}
    told = run(project(tmp_path, {**files, **sound}), workers=workers)
    uncollectable = {event.path: event for event in told.of(Uncollectable)}
    assert set(uncollectable) == set(files)
    for path, event in uncollectable.items():
        _, line, reason = BROKEN[path]
        assert event.reason.startswith(reason), path
        assert event.line == line, path
        assert told.ended(path).outcome is Outcome.UNCOLLECTABLE
    assert told.ended("test_a").outcome is Outcome.PASSED


ENDING = {
    "pytest.exit('enough')": "pytest.exit: enough",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise SystemExit(3)": "SystemExit: 3",
    "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(1)": "KeyboardInterrupt",
}


PLACES = {
    "call": ("def test_it():\n    {}\n", "test_it", Outcome.FAILED),
    "setup": ("@pytest.fixture\ndef ends():\n    {}\ndef test_it(ends): pass\n", "test_it", Outcome.SETUP_ERROR),
    "teardown": (
        "@pytest.fixture\ndef ends():\n    yield\n    {}\ndef test_it(ends): pass\n",
        "test_it",
        Outcome.TEARDOWN_ERROR,
    ),
    "unittest": (
        "import unittest\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n        {}\n",
        "TestIt::test_it",
        Outcome.FAILED,
    ),
}


@pytest.mark.parametrize("how", ENDING)
def test_a_test_that_asks_the_session_to_end_costs_itself(tmp_path: Path, how: str) -> None:
    content = "import pytest\ndef test_before(): pass\n{}\ndef test_after(): pass\n"
    files = {f"test_{where}.py": content.format(body.format(how)) for where, (body, _, _) in PLACES.items()}
    told = run(project(tmp_path, {**files, "test_z.py": "def test_z(): pass\n"}))

    expected = {"test_z.py::test_z": Outcome.PASSED}
    for where, (_, node, outcome) in PLACES.items():
        around = {f"test_{where}.py::{name}": Outcome.PASSED for name in ("test_before", "test_after")}
        expected |= {**around, f"test_{where}.py::{node}": outcome}
        assert ENDING[how].partition(":")[0] in told.attempts_by_file[f"test_{where}.py::{node}", 1].reason, where
    assert {node: ended.outcome for (node, _), ended in told.attempts_by_file.items()} == expected
    assert {attempt for _, attempt in told.attempts_by_file} == {1}
    assert len(told.of(WorkerStarted)) == 1


def test_a_broken_conftest_at_the_root_costs_every_file_and_says_why(tmp_path: Path) -> None:
    told = run(project(tmp_path, {"conftest.py": "1 / 0\n", "test_a.py": "def test_a(): pass\n"}))
    assert told.outcomes == {"test_a.py": Outcome.UNCOLLECTABLE}
    assert told.of(Uncollectable)[0].reason == "ZeroDivisionError: division by zero (conftest.py:1)"


def test_options_of_pytest_deselect_as_there(tmp_path: Path) -> None:
    content = "import pytest\n@pytest.mark.slow\ndef test_a(): pass\ndef test_b(): pass\ndef test_c(): pass\n"
    ini = {"pytest.ini": "[pytest]\nmarkers = slow\n", "test_a.py": content}
    told = run(project(tmp_path, ini), pytest_arguments=("-k", "not test_c", "-m", "not slow"))
    assert told.outcomes == {"test_b": Outcome.PASSED}
    assert [event.deselected for event in told.of(Collected)] == [2]


def test_nodes_run_in_the_order_that_the_plan_says_and_missing_ones_are_told(tmp_path: Path) -> None:
    content = "import pytest\ndef test_a(): pass\nclass TestB:\n    def test_c(self): pass\n@pytest.mark.parametrize('x', [1, 2])\ndef test_d(x): pass\n"
    told = run(
        project(tmp_path, {"test_a.py": content}), nodes={"test_a.py": ("test_d", "TestB", "test_gone", "test_a")}
    )
    passed = [node for node, outcome in told.outcomes.items() if outcome is Outcome.PASSED]
    assert passed == ["test_d[1]", "test_d[2]", "TestB::test_c", "test_a"]
    assert told.ended("test_gone").outcome is Outcome.UNCOLLECTABLE


def test_filters_of_warnings_are_those_of_pytest_s_collection(tmp_path: Path) -> None:
    warns = "import warnings\n{}\ndef test_{}():\n    warnings.warn('said')\n"
    files = {
        "pytest.ini": "[pytest]\nfilterwarnings = error::DeprecationWarning\n",
        "test_a.py": warns.format("warnings.filterwarnings('error')", "a"),
        "test_b.py": warns.format("warnings.simplefilter('error')", "b"),
        "test_c.py": warns.format("warnings.warn('old', DeprecationWarning)", "c"),
    }
    root = project(tmp_path, files)

    told = run(root, workers=1)

    assert told.outcomes == {"test_a": Outcome.PASSED, "test_b": Outcome.PASSED, "test_c.py": Outcome.UNCOLLECTABLE}
    assert told.of(Leaked) == []
    plain = plain_pytest(root, "-q", "--continue-on-collection-errors").stdout
    assert "2 passed" in plain
    assert "1 error" in plain
