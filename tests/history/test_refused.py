"""What a history is that cannot be used: locked, full, read-only, damaged, newer, away. Nothing is lost, nothing is a bug."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.canon.options import SharedHistory
from canonry.history.store import HistoryRefusedError, open_history, open_shared
from canonry.history.store.schema import MIGRATIONS
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEnded, RunStarted
from canonry.run.keeping import history_path, keep, open_for_reports
from canonry.run.recorded import recorded_run
from canonry.run.recording import Recorder, runs_folder
from canonry.run.summary import RunSummary
from tests.history.kept import NODE, run_of
from tests.workbench import ROOT, call_canonry, environment

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("begin exclusive" if sys.argv[2] == "all" else "begin immediate")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A history with one run."""
    with open_history(tmp_path / "history.db") as history:
        history.add(run_of("first", 1.0, {NODE: Outcome.FAILED}))
    return tmp_path / "history.db"


def runs_in(place: Path) -> list[str]:
    with open_history(place) as history:
        return [run.id for run in history.runs()]


@pytest.mark.parametrize("holds", ["writing", "all"])
def test_another_process_holds_it(place: Path, holds: str) -> None:
    command = [sys.executable, "-c", HOLDER, str(place), holds]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HistoryRefusedError, match="another process holds it; run this again when that has ended"):
            open_history(place, patience=0.05).add(run_of("second", 2.0))
        holder.communicate()

    assert runs_in(place) == ["first"]


@pytest.mark.parametrize(
    ("pragma", "said"),
    [("max_page_count = 1", "the disk is full; make room"), ("query_only = on", "it may not be written to")],
)
def test_it_cannot_be_written(place: Path, pragma: str, said: str) -> None:
    with open_history(place) as history:
        history._engine.run(f"pragma {pragma}")
        with pytest.raises(HistoryRefusedError, match=said):
            history.add(run_of("second", 2.0, {f"test_{n}.py::test": Outcome.FAILED for n in range(500)}))
        found = [run.id for run in history.runs()]

    assert found == runs_in(place) == ["first"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "history.db").mkdir()
    with pytest.raises(HistoryRefusedError, match="see to the permissions of its folder"):
        open_history(tmp_path / "history.db")


def test_a_half_written_run_is_none(place: Path) -> None:
    broken = run_of("second", 2.0, {NODE: Outcome.PASSED})
    flow = {"covered": object()}
    with open_history(place) as history, pytest.raises(AttributeError):
        history.add(type(broken)(run=broken.run, attempts=broken.attempts, flows=[flow]))  # type: ignore[list-item]

    assert runs_in(place) == ["first"]


def recorded(root: Path, run: str, outcome: Outcome) -> RunSummary:
    recorder, summary = Recorder(runs_folder(root), run), RunSummary()
    for event in (RunStarted(run=run, at=5.0), AttemptEnded(node=NODE, outcome=outcome), RunEnded(status=1)):
        recorder.emit(event)
        summary.add(event)
    recorder.close()
    return summary


def test_pages_that_are_damaged_are_found_when_they_are_written_and_all_is_made_anew(tmp_path: Path) -> None:
    for number in range(3):
        summary = recorded(tmp_path, f"run-{number}", Outcome.FAILED)
        assert keep(tmp_path, summary) == ""
    path = history_path(tmp_path)
    content = bytearray(path.read_bytes())
    with sqlite3.connect(path) as connection:
        page = connection.execute("select rootpage from sqlite_master where name = 'results'").fetchone()[0]
        size = connection.execute("pragma page_size").fetchone()[0]
    connection.close()
    content[(page - 1) * size : page * size] = b"\xff" * size
    path.write_bytes(content)
    said = keep(tmp_path, recorded(tmp_path, "run-3", Outcome.PASSED))
    with open_history(path) as history:
        found = [each.run for each in history.attempts()]

    assert "rebuilt from 4 recordings (`history.db.damaged` is kept)" in said
    assert sorted(found) == ["run-0", "run-1", "run-2", "run-3"]
    assert path.with_name("history.db.damaged").read_bytes() == content


def test_a_second_damaged_history_does_not_replace_the_first(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        runs_folder(tmp_path).mkdir(parents=True, exist_ok=True)
        history_path(tmp_path).write_bytes(content)
        keep(tmp_path, recorded(tmp_path, content.decode(), Outcome.FAILED))

    assert history_path(tmp_path).with_name("history.db.damaged").read_bytes() == b"one"
    assert history_path(tmp_path).with_name("history.db.damaged-2").read_bytes() == b"two"


def test_a_file_of_the_first_version_goes_on(tmp_path: Path) -> None:
    summary = recorded(tmp_path, "old", Outcome.FAILED)
    with sqlite3.connect(history_path(tmp_path)) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("insert into runs values ('old', 5.0, '/there', 'c0ffee', 'ci', 1)")
        connection.execute("insert into runs values ('older', 4.0, '/there', null, 'local', 0)")
        connection.execute("insert into tests values (?, 'unit', 'failed', 5.5, 'old', 0.25, 2, 1)", (NODE,))
        connection.execute("insert into tests values ('test_b.py::x', '', 'never-heard-of', 5.5, 'old', 0.5, 1, 0)")
        connection.execute("pragma user_version = 1")
    connection.close()
    with open_history(history_path(tmp_path)) as history:
        before = history.runs(), history.tests(), history.expected()
    assert keep(tmp_path, summary) == ""
    with open_history(history_path(tmp_path)) as history:
        after, attempts, expected = history.runs(), list(history.attempts()), history.expected()

    assert [(run.id, run.commit, run.profile, run.status, run.root) for run in before[0]] == [
        ("older", None, "local", 0, "/there"),
        ("old", "c0ffee", "ci", 1, "/there"),
    ]
    assert not any(run.whole for run in before[0])
    kept = before[1][NODE]
    assert (kept.outcome, kept.category, kept.at, kept.run, kept.duration) == (Outcome.FAILED, "unit", 5.5, "old", 0.25)
    assert (kept.attempts, kept.flaky) == (2, True)
    assert before[2] == expected == {NODE: 0.25, "test_b.py::x": 0.5}
    assert [run.whole for run in after] == [False, True]
    assert [each.node for each in attempts] == [NODE]


WRITER = """
import sys
from pathlib import Path
from canonry.history.store import open_history, open_shared
from canonry.run.recorded import recorded_run
where, *recordings = sys.argv[1:]
history = open_shared(where) if where.startswith("postgres") else open_history(Path(where))
print("ready", flush=True)
sys.stdin.readline()
for recording in recordings:
    history.add(recorded_run(Path(recording)))
"""


def write_at_once(where: str, root: Path) -> None:
    """Two processes open a place that is empty and add recordings to it, half of which the other one adds too."""
    names = [f"run-{number:02}" for number in range(12)]
    for name in names:
        recorded(root, name, Outcome.FAILED)
    files = [str(runs_folder(root) / f"{name}.jsonl") for name in names]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, where, *some],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(PYTHONPATH=str(ROOT / "src")),
        )
        for some in (files[:8], files[:3:-1])
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.communicate("go\n")

    assert [process.returncode for process in processes] == [0, 0]


def test_two_processes_write_to_one_file(tmp_path: Path) -> None:
    write_at_once(str(tmp_path / "history.db"), tmp_path)
    with open_history(tmp_path / "history.db") as history:
        assert len(history.runs()) == 12
        assert len(list(history.attempts())) == 12
        assert history.tests()[NODE].outcome is Outcome.FAILED


@pytest.mark.requires("postgres")
def test_two_machines_write_to_one_server(tmp_path: Path, url: str) -> None:
    write_at_once(url, tmp_path)
    with open_shared(url) as history:
        assert len(history.runs()) == 12
        assert len(list(history.attempts())) == 12
        assert history.tests()[NODE].outcome is Outcome.FAILED


@pytest.mark.requires("postgres")
def test_repositories_share_a_server_by_schemas(url: str) -> None:
    with open_shared(url, schema="one") as one, open_shared(url, schema="two") as two:
        one.add(run_of("a", 1.0, {NODE: Outcome.FAILED}))

        assert two.runs() == []
        assert len(one.runs()) == 1


@pytest.mark.requires("postgres")
def test_a_newer_server_is_refused(url: str) -> None:
    with open_shared(url) as history:
        history._engine.run("update version set number = 99")
    with pytest.raises(UserError, match=r"behind `SHARED` was written by a newer canonry \(version 99"):
        open_shared(url, named="`SHARED`")


@pytest.mark.requires("postgres")
def test_a_server_that_goes_away_loses_no_run(url: str) -> None:
    with open_shared(url) as history, open_shared(url) as other:
        history.add(run_of("a", 1.0, {NODE: Outcome.FAILED}))
        pid = history._engine.rows("select pg_backend_pid()")[0][0]
        other._engine.rows("select pg_terminate_backend(?)", (pid,))
        with pytest.raises(HistoryRefusedError, match="see to it, and run this again"):
            history.add(run_of("b", 2.0, {NODE: Outcome.FAILED}))

        assert [run.id for run in other.runs()] == ["a"]


SECRET = "hunter2+%"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@127.0.0.1:1/name",
        f"postgresql://user:{SECRET}@host name:5/x y=z",
        f"postgresql//user:{SECRET}@127.0.0.1",
        f"mysql://user:{SECRET}@127.0.0.1",
        "",
    ],
)
def test_an_address_that_does_not_answer_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UserError, match="`SHARED`") as caught:
        open_shared(url, named="`SHARED`")

    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.requires("postgres")
def test_a_wrong_password_is_told_without_it(url: str) -> None:
    wrong = url.replace(url.split(":")[2].split("@")[0], "hunter2")
    with pytest.raises(HistoryRefusedError, match="password authentication failed") as caught:
        open_shared(wrong, named="`SHARED`")

    assert "hunter2" not in str(caught.value)


def test_without_psycopg_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')\n")
    script = "from canonry.history.store import open_shared\nopen_shared('postgresql://x')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT / "src")))),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "UserError: a history in PostgreSQL needs psycopg, which is not installed" in done.stderr


@pytest.mark.requires("postgres")
def test_a_run_goes_into_both_histories(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = SharedHistory(url_env="SHARED")
    monkeypatch.setenv("SHARED", url)
    assert keep(tmp_path, recorded(tmp_path, "a", Outcome.FAILED), shared) == ""
    notes: list[str] = []

    assert runs_in(history_path(tmp_path)) == ["a"]
    with open_for_reports(tmp_path, shared, notes) as history:
        assert [run.id for run in history.runs()] == ["a"]
    assert notes == []


def test_a_shared_history_that_is_away_costs_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = SharedHistory(url_env="SHARED")
    monkeypatch.setenv("SHARED", "postgresql://user:hunter2@127.0.0.1:1/name")
    said = keep(tmp_path, recorded(tmp_path, "a", Outcome.FAILED), shared)

    assert "the run is not added to the shared history: the history behind `SHARED` cannot be used" in said
    assert "`canonry report ingest` adds it later" in said
    assert "hunter2" not in said
    assert runs_in(history_path(tmp_path)) == ["a"]


def test_an_address_that_is_not_set_is_told_to_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHARED", raising=False)
    notes: list[str] = []
    open_for_reports(tmp_path, SharedHistory(url_env="SHARED"), notes).close()

    assert notes == ["`SHARED` is not set, so that this is the history of this machine alone"]


def test_a_recording_that_is_written_again_with_spaces_is_the_same(tmp_path: Path) -> None:
    recorded(tmp_path, "a", Outcome.FAILED)
    path = runs_folder(tmp_path) / "a.jsonl"
    again = tmp_path / "again.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    again.write_text("".join(f"{json.dumps(dict(sorted(line.items())))}\n" for line in lines))

    assert recorded_run(again) == recorded_run(path)


@pytest.mark.parametrize(("asked", "status"), [("90d", 1), ("1", 0), ("0d", 2), ("some", 2), ("-1", 2)])
def test_pruning_counts_first_and_takes_days_or_runs(tmp_path: Path, asked: str, status: int) -> None:
    place = history_path(tmp_path)
    place.parent.mkdir()
    with open_history(place) as history:
        history.add(run_of("old", 1000.0, {NODE: Outcome.PASSED}))

    done = call_canonry("report", "prune", f"--keep={asked}", cwd=tmp_path)
    assert done.returncode == status
    with open_history(place) as history:
        assert len(history.runs()) == 1
    assert call_canonry("report", "prune", "--keep", "90d", "--write", cwd=tmp_path).returncode == 0
    with open_history(place) as history:
        assert history.runs() == []


def test_pruning_where_no_history_is_begins_none(tmp_path: Path) -> None:
    done = call_canonry("report", "prune", "--keep", "5", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert not history_path(tmp_path).exists()
