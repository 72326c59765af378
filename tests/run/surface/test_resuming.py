"""`--resume`: goes on with the run that did not come to its own end, as that one was meant."""

import json

import pytest

from tests.workbench import SOUND, Folder, call_canonry

FAILING = "def test_total():\n    assert sum([1, 2]) == 4\n"


@pytest.fixture
def stopped(folder: Folder) -> Folder:
    """A project whose run ended after its first failure, with reports in files."""
    folder.write({"test_a.py": FAILING, "test_b.py": FAILING, "test_c.py": SOUND, "below/readme": ""})
    options = "--workers 1 --fail-fast --report junit=all.xml --output-format json --output-file all.json".split()
    assert folder.call("run", *options).returncode == 1
    assert ran(folder) == {"test_a.py::test_total"}
    return folder


def ran(folder: Folder) -> set[str]:
    """The tests that the JSON report says to have run."""
    found = json.loads((folder.root / "all.json").read_text())["tests"]
    return {each["node"] for each in found if each["outcome"] != "not-run"}


def test_the_reports_of_the_run_are_written_again(stopped: Folder) -> None:
    (stopped.root / "all.xml").unlink()
    assert stopped.call("run", "--resume").returncode == 1

    assert ran(stopped) == {"test_b.py::test_total"}
    assert "test_b" in (stopped.root / "all.xml").read_text()


def test_what_is_said_anew_wins(stopped: Folder) -> None:
    done = stopped.call("run", "--resume", "--output-file", "rest.json", "--max-failures", "9")

    assert done.returncode == 1
    assert ran(stopped) == {"test_a.py::test_total"}
    rest = json.loads((stopped.root / "rest.json").read_text())["tests"]
    assert {each["node"]: each["outcome"] for each in rest} == {
        "test_b.py::test_total": "failed",
        "test_c.py::test_total": "passed",
    }


def test_a_run_that_was_resumed_is_resumed(stopped: Folder) -> None:
    stopped.call("run", "--resume", "--retries", "0")
    assert stopped.call("run", "--resume").returncode == 0

    assert ran(stopped) == {"test_c.py::test_total"}
    assert "came to its own end" in stopped.call("run", "--resume").stderr


def test_its_paths_begin_where_it_was_called(stopped: Folder) -> None:
    done = call_canonry("run", "--resume", cwd=stopped.start().root / "below")

    assert done.returncode == 2
    assert f"was called in `{stopped.root}`; call `canonry run --resume` there" in done.stderr
