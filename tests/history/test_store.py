"""The history: last outcomes, smoothed durations, several writers, migrations, damage."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.history.store import SCHEMA_VERSION, History, HistoryDamagedError, RunRow, TestRow, open_history
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEnded, RunStarted
from canonry.run.keeping import history_path, keep, past
from canonry.run.recording import Recorder, runs_folder
from canonry.run.summary import RunSummary

NODE = "test_a.py::test_a"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    opened = open_history(tmp_path / "history.db")
    yield opened
    opened.close()


def row(outcome: Outcome = Outcome.PASSED, duration: float = 1.0) -> TestRow:
    return TestRow(node=NODE, outcome=outcome, duration=duration)


def test_the_last_outcome_and_a_smoothed_duration_are_kept(history: History) -> None:
    history.add(RunRow(id="a", at=1.0), [row(duration=1.0)])
    history.add(RunRow(id="b", at=2.0), [row(Outcome.FAILED, duration=2.0)])

    assert history.tests()[NODE].outcome is Outcome.FAILED
    assert history.tests()[NODE].run == "b"
    assert history.durations()[NODE] == pytest.approx(1.4)
    assert [each.id for each in history.runs()] == ["a", "b"]


def test_an_older_run_that_comes_late_decides_nothing(history: History) -> None:
    history.add(RunRow(id="b", at=2.0), [row(Outcome.FAILED)])
    history.add(RunRow(id="a", at=1.0), [row(Outcome.PASSED)])

    assert history.tests()[NODE].outcome is Outcome.FAILED


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.CRASHED, Outcome.SKIPPED])
def test_an_attempt_that_did_not_end_measures_nothing(history: History, outcome: Outcome) -> None:
    history.add(RunRow(id="a", at=1.0), [row(duration=1.0)])
    history.add(RunRow(id="b", at=2.0), [row(outcome, duration=60.0)])

    assert history.durations()[NODE] == 1.0


def test_a_run_counts_once(history: History) -> None:
    for _ in range(2):
        history.add(RunRow(id="a", at=1.0), [row(duration=3.0)])
    history.add(RunRow(id="b", at=2.0), [row(duration=1.0)])

    assert len(history.runs()) == 2


@settings(deadline=None, max_examples=25)
@given(durations=st.lists(st.floats(0.001, 1000), min_size=1, max_size=8))
def test_a_duration_stays_between_those_that_were_measured(
    tmp_path_factory: pytest.TempPathFactory, durations: list[float]
) -> None:
    history = open_history(tmp_path_factory.mktemp("h") / "history.db")
    for number, duration in enumerate(durations):
        history.add(RunRow(id=str(number), at=float(number)), [row(duration=duration)])
    found = history.durations()[NODE]
    history.close()

    assert min(durations) - 1e-9 <= found <= max(durations) + 1e-9


def test_several_processes_may_write(tmp_path: Path, history: History) -> None:
    def write(name: str) -> None:
        own = open_history(tmp_path / "history.db")
        for number in range(10):
            own.add(RunRow(id=f"{name}-{number}", at=float(number)), [row()])
        own.close()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(history.runs()) == 40


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(UserError, match="written by a newer canonry"):
        open_history(path)


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"x" * 4000])
def test_a_damaged_file_is_told_as_such(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "history.db").write_bytes(content)
    with pytest.raises(HistoryDamagedError):
        open_history(tmp_path / "history.db").tests()


def recorded(root: Path, run: str, outcome: Outcome) -> RunSummary:
    """A recorded run of one test."""
    recorder, summary = Recorder(runs_folder(root), run), RunSummary()
    for event in (
        RunStarted(run=run, at=float(len(run))),
        AttemptEnded(node=NODE, outcome=outcome),
        RunEnded(status=1),
    ):
        recorder.emit(event)
        summary.add(event)
    recorder.close()
    return summary


def test_a_damaged_history_is_rebuilt_from_the_recordings(tmp_path: Path) -> None:
    recorded(tmp_path, "a", Outcome.FAILED)
    summary = recorded(tmp_path, "bb", Outcome.TIMEOUT)
    history_path(tmp_path).write_bytes(b"no database")
    said = keep(tmp_path, summary)
    notes: list[str] = []

    assert "rebuilt from 2 recordings" in said
    assert past(tmp_path, notes)[NODE].outcome is Outcome.TIMEOUT
    assert notes == []
    assert history_path(tmp_path).with_name("history.db.damaged").read_bytes() == b"no database"


def test_a_newer_history_costs_the_history_and_not_the_run(tmp_path: Path) -> None:
    summary = recorded(tmp_path, "a", Outcome.FAILED)
    with sqlite3.connect(history_path(tmp_path)) as connection:
        connection.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = history_path(tmp_path).read_bytes()

    assert "written by a newer canonry" in keep(tmp_path, summary)
    assert history_path(tmp_path).read_bytes() == before
