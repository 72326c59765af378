"""What is handed to a history: recordings, reports as JSON, the journal of changes; and what is no use."""

import json
from pathlib import Path

import pytest

from canonry.history.store import History, open_history
from canonry.model.history import Source
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEnded, RunStarted
from canonry.run.keeping import history_path
from canonry.run.recording import Recorder, runs_folder
from canonry.standing.ingest import ingest_files
from tests.workbench import Folder

FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.canonry]\ntests = ["tests"]\n',
    "tests/test_a.py": "def test_a():\n    assert 1 + 1 == 2\n",
    "tests/test_b.py": "def test_b(:\n",
}


def record(root: Path, run: str) -> Path:
    recorder = Recorder(runs_folder(root), run)
    for event in (
        RunStarted(run=run, at=5.0),
        AttemptEnded(node="tests/test_a.py::test_a", outcome=Outcome.PASSED),
        RunEnded(),
    ):
        recorder.emit(event)
    recorder.close()
    return recorder.path


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return open_history(tmp_path / "kept.db")


def test_a_tree_hands_over_its_recordings_and_changes_once(repository: Folder) -> None:
    repository.start({**FILES, "tests/test_b.py": "import os\n\ndef test_b():\n    assert os.environ['A']\n"})
    for run in ("a", "b"):
        record(repository.root, run)
    assert repository.call("report", "guides", "MIGRATION_GUIDE.md", "-q").returncode == 0
    first, again = (repository.call("report", "ingest") for _ in range(2))
    with open_history(history_path(repository.root)) as history:
        plans = history.measured(Source.PLAN)

    assert (first.returncode, first.stdout.splitlines()) == (
        0,
        [
            "`.canonry/history.db`: 2 runs added, 2 results",
            "`.canonry/history.db`: 1 measurement added",
        ],
    )
    assert again.stdout.splitlines() == [
        "`.canonry/history.db`: 0 runs added (2 were there), 0 results",
        "`.canonry/history.db`: 0 measurements added (1 were there)",
    ]
    assert [(each.values, each.basis) for each in plans] == [({"files": 1.0, "rolls-back": 0.0}, "report guides")]


def test_a_report_of_an_audit_is_kept_as_its_numbers(repository: Folder, kept: History) -> None:
    repository.start(FILES)
    report = repository.root.parent / "audit.json"
    report.write_text(json.dumps(repository.report()))
    found = ingest_files(kept, [report])
    (measured,) = kept.measured(Source.AUDIT)

    assert (found.measured, found.problems) == (1, ())
    assert measured.commit == repository.git("rev-parse", "HEAD")
    assert {name: measured.values[name] for name in ("files", "test-files", "unparsable", "compliant", "judged")} == {
        "files": 2,
        "test-files": 2,
        "unparsable": 1,
        "compliant": 1,
        "judged": 2,
    }
    assert measured.parts["rule", "SYN001"] == 1
    assert (measured.parts["folder", "tests"], measured.parts["folder-judged", "tests"]) == (1, 2)


def test_a_judgement_of_the_gate_is_kept(repository: Folder, kept: History) -> None:
    repository.start(FILES)
    repository.commit({"tests/test_a.py": "def test_a(:\n"})
    report = repository.root.parent / "gate.json"
    done = repository.call("gate", "--against", "HEAD~1", "--rev", "HEAD", "--output-format", "json")
    report.write_text(done.stdout)
    ingest_files(kept, [report])
    (measured,) = kept.measured(Source.GATE)

    assert measured.values["refused"] == 1
    assert measured.values["reasons"] >= 1


def test_what_is_no_use_is_told_and_the_rest_is_added(repository: Folder, kept: History) -> None:
    repository.start(FILES)
    good = record(repository.root, "a")
    partial = repository.report("tests")
    scoped = {**partial, "scope": {"paths": ["tests"]}}
    newer = {**partial, "schema": 99, "scope": {}}
    contents = {
        "cut.json": json.dumps(partial)[:200],
        "scoped.json": json.dumps(scoped),
        "newer.json": json.dumps(newer),
        "poor.json": '{"tool": "canonry", "schema": 1}',
        "other.json": "[1, 2]",
        "load.json": '{"scenario": "x"}',
        "gate.json": '{"verdict": "odd", "base": "x", "reasons": []}',
        "newer.jsonl": '{"event":"run-started","format":99}\n',
        "cut.jsonl": '{"event":"run-started","run":"x"',
    }
    folder = repository.root.parent / "handed"
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_text(content)
    found = ingest_files(kept, [*(folder / name for name in contents), good])

    assert (found.new, found.results, found.measured) == (1, 1, 0)
    assert [problem.partition("` ")[2].partition("; ")[0].partition(" (")[0] for problem in found.problems] == [
        "is neither a recording nor a JSON report of `canonry audit`, `load` or `gate`",
        "is an audit of a part of the tree",
        "was written by a newer canonry",
        "is no whole report of `canonry audit --output-format json`",
        "is neither a recording nor a JSON report of `canonry audit`, `load` or `gate`",
        "is no whole result of `canonry load --output-format json`",
        "is no whole judgement of `canonry gate --output-format json`",
        "was recorded by a newer canonry",
        "is no recording of a run",
    ]


def test_the_command_tells_what_is_no_use(repository: Folder) -> None:
    repository.start(FILES)
    record(repository.root, "a")
    (repository.root / ".canonry" / "runs" / "b.jsonl").write_text("no recording\n")
    done = repository.call("report", "ingest", ".canonry/runs")
    missing = repository.call("report", "ingest", "nowhere.json")
    unset = repository.call("report", "ingest", "--into", "SURELY_NOT_SET")

    assert done.returncode == 2
    assert "1 run added, 1 results" in done.stdout
    assert "b.jsonl` is neither a recording" in done.stderr
    assert (missing.returncode, missing.stderr) == (
        2,
        "canonry: `nowhere.json` does not exist; name a recording, a report as JSON, or a folder of them\n",
    )
    assert (unset.returncode, unset.stderr) == (
        2,
        "canonry: `SURELY_NOT_SET` is not set; it is to hold the address of a PostgreSQL\n",
    )


def test_a_run_that_still_goes_on_is_left_alone(repository: Folder, kept: History) -> None:
    repository.start(FILES)
    recorder = Recorder(runs_folder(repository.root), "a")
    recorder.emit(RunStarted(run="a", at=5.0))
    found = ingest_files(kept, [recorder.path])
    recorder.close()

    assert (found.running, found.new) == (1, 0)
    assert ingest_files(kept, [recorder.path]).new == 1
