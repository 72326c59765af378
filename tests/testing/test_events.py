"""Metrics, leaks and the context of a test reach whoever asked for them."""

# canonry: ignore-file[ENV002] plants leaks, which the base cases have to put back
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from canonry.model.run_event import Leaked, Metric, RunEvent, RunStarted, decode
from canonry.testing import SSotAsyncTestCase, SSotBaseTestCase, context, events
from tests.testing.running import COLLECTION, run_class, run_pytest, run_unittest
from tests.workbench import environment

CODE = """
import os
from canonry.testing import SSotBaseTestCase

class TestIt(SSotBaseTestCase):
    def test_speed(self):
        self.record_metric("latency", 0.25, "s")

    def test_leak(self):
        os.environ["CANON_A"] = "1"
"""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunEvent]]:
    found: list[RunEvent] = []
    events.set_sink(found.append)
    yield found
    events.set_sink(None)


def read(path: Path) -> list[RunEvent]:
    return [decode(line) for line in path.read_bytes().splitlines()]


# where events go ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("base", [SSotBaseTestCase, SSotAsyncTestCase])
def test_a_sink_in_the_process_hears_them(base: Any, heard: list[RunEvent]) -> None:
    class Case(base):  # type: ignore[misc]
        def test_1(self) -> None:
            self.record_metric("count", 3)
            os.environ["CANON_A"] = "1"

    run_class(Case)
    metric, leaked = heard

    assert isinstance(metric, Metric)
    assert (metric.name, metric.value, metric.unit) == ("count", 3.0, "")
    assert isinstance(leaked, Leaked)
    assert (leaked.kind, leaked.name, leaked.detail, leaked.restored) == ("environment", "CANON_A", "was added", True)
    assert metric.node == leaked.node
    assert metric.node.startswith("tests/testing/test_events.py::")
    assert metric.node.endswith("Case::test_1")
    assert metric.at > 0


@pytest.mark.parametrize("way", ["pytest", "pytest with fixtures"])
def test_the_file_that_the_runner_names_holds_them(tmp_path: Path, way: str) -> None:
    options = COLLECTION if way.endswith("fixtures") else ()
    outcomes, _ = run_pytest(
        tmp_path, CODE, *options, variables={"CANONRY_EVENTS": "events.jsonl", "CANONRY_WORKER": "3"}
    )
    metric, leaked = sorted(read(tmp_path / "events.jsonl"), key=lambda each: type(each).__name__, reverse=True)

    assert set(outcomes.values()) == {"passed"}
    assert (metric.node, metric.worker) == ("test_it.py::TestIt::test_speed", 3)  # type: ignore[union-attr]
    assert (leaked.node, leaked.name) == ("test_it.py::TestIt::test_leak", "CANON_A")  # type: ignore[union-attr]
    assert not (tmp_path / ".canonry").exists()


def test_without_a_runner_they_lie_beside_the_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    folder = tmp_path / "tests" / "unit"
    folder.mkdir(parents=True)
    status, said = run_unittest(folder, CODE)
    (recording,) = (tmp_path / ".canonry" / "runs" / "plain").iterdir()
    started, metric = read(recording)

    assert status == 0, said
    assert isinstance(started, RunStarted)
    assert (started.run, started.root) == (recording.stem, str(tmp_path))
    assert isinstance(metric, Metric)
    assert metric.node == "test_it.py::TestIt::test_speed"
    assert (tmp_path / ".canonry" / ".gitignore").read_text() == "*\n"


def test_nothing_is_written_where_nothing_is_told(tmp_path: Path) -> None:
    run_unittest(tmp_path, CODE.replace("self.record_metric", "print"))
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["test_it.py"]


def test_a_place_that_cannot_be_written_costs_one_warning_and_no_test(tmp_path: Path) -> None:
    code = CODE.replace('0.25, "s")', '0.25, "s")\n        self.record_metric("again", 1)')
    outcomes, said = run_pytest(tmp_path, code, variables={"CANONRY_EVENTS": "/nowhere/events.jsonl"})

    assert outcomes["TestIt.test_speed"] == "passed"
    assert said.count("`/nowhere/events.jsonl` cannot be written (No such file or directory)") == 1


def test_a_test_may_move_and_clear_everything(tmp_path: Path) -> None:
    code = CODE.replace("self.record", "os.chdir('/')\n        os.environ.clear()\n        self.record")
    run_pytest(tmp_path, code, variables={"CANONRY_EVENTS": "events.jsonl"})

    assert [type(each).__name__ for each in read(tmp_path / "events.jsonl")].count("Metric") == 1


def test_forks_write_recordings_of_their_own(tmp_path: Path) -> None:
    code = (
        "import os\nfrom canonry.testing import events\n"
        "events.metric('a', 'parent', 1, '')\npid = os.fork()\n"
        "events.metric('a', 'child' if pid == 0 else 'parent', 2, '')\n"
        "pid == 0 and os._exit(0)\nos.waitpid(pid, 0)\n"
    )
    (tmp_path / "canonry.toml").write_text("")
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment(), check=True)
    told = [read(path) for path in (tmp_path / ".canonry" / "runs" / "plain").iterdir()]

    assert sorted(len(each) for each in told) == [2, 3]
    assert all(isinstance(each[0], RunStarted) for each in told)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("a", "1", TypeError),
        ("a", True, TypeError),
        ("a", None, TypeError),
        ("a", float("nan"), ValueError),
        ("", 1, ValueError),
    ],
)
def test_what_is_no_number_is_refused(name: str, value: Any, error: type[Exception], heard: list[RunEvent]) -> None:
    with pytest.raises(error, match=f"the metric `{name}` has to "):
        SSotBaseTestCase().record_metric(name, value)
    assert heard == []


# the context ----------------------------------------------------------------------------------------------------------


def test_a_test_knows_what_the_runner_said(tmp_path: Path) -> None:
    code = """
from canonry.testing import SSotBaseTestCase

class TestIt(SSotBaseTestCase):
    def test_1(self):
        found = self.test_context
        assert found.node == "test_it.py::TestIt::test_1"
        assert (found.category, found.attempt, found.worker) == ("mission_critical", 2, 4)

def test_function(test_context, record_metric, isolated_environment):
    assert (test_context.node, test_context.attempt) == ("test_it.py::test_function", 2)
    record_metric("a", 1)
    isolated_environment["A"] = "1"
"""
    variables = {"CANONRY_CATEGORY": "mission_critical", "CANONRY_ATTEMPT": "2", "CANONRY_WORKER": "4"}
    options = (*COLLECTION, "-p", "canonry.testing.fixtures")
    outcomes, said = run_pytest(tmp_path, code, *options, variables=variables | {"CANONRY_EVENTS": "e"})

    assert list(outcomes.values()) == ["passed", "passed"], said
    (metric,) = read(tmp_path / "e")
    assert (metric.node, metric.name) == ("test_it.py::test_function", "a")  # type: ignore[union-attr]


def test_the_runner_in_the_process_may_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_provided", dict(context._provided))
    seen: list[tuple[str, int]] = []

    class Case(SSotBaseTestCase):
        def test_1(self) -> None:
            seen.append((self.test_context.category, self.test_context.attempt))
            os.environ["CANON_A"] = "1"

    context.provide(category="unit", attempt=3, leaks="fail")
    assert run_class(Case).outcomes == {"test_1": "failed"}
    context.provide(attempt=4, leaks="warn")
    assert run_class(Case).outcomes == {"test_1": "passed"}
    assert seen == [("unit", 3), ("unit", 4)]


@pytest.mark.parametrize("text", ["", "x", "-1", "²"])
def test_a_bad_number_from_outside_is_the_least(text: str) -> None:
    code = "from canonry.testing import context; print(context.current('n'))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(CANONRY_ATTEMPT=text), capture_output=True, text=True, check=True
    )
    assert "attempt=1" in done.stdout
