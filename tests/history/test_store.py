"""The history beside a tree: last outcomes, smoothed durations, several writers, migrations, damage."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.history.store import History, HistoryDamagedError, open_history
from canonry.history.store.schema import SCHEMA_VERSION
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.run_event import AttemptEnded, RunEnded, RunStarted
from canonry.run.keeping import history_path, keep, past
from canonry.run.recording import Recorder, runs_folder
from canonry.run.summary import RunSummary
from tests.history.kept import NODE, run_of


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    opened = open_history(tmp_path / "history.db")
    yield opened
    opened.close()


def test_the_last_outcome_and_a_smoothed_duration_are_kept(history: History) -> None:
    history.add(run_of("a", 1.0, {NODE: (Outcome.PASSED, 1.0)}))
    history.add(run_of("b", 2.0, {NODE: (Outcome.FAILED, 2.0)}))

    assert history.tests()[NODE].outcome is Outcome.FAILED
    assert history.tests()[NODE].run == "b"
    assert history.expected()[NODE] == pytest.approx(1.4)
    assert [each.id for each in history.runs()] == ["a", "b"]


def test_an_older_run_that_comes_late_decides_nothing(history: History) -> None:
    history.add(run_of("b", 2.0, {NODE: Outcome.FAILED}))
    history.add(run_of("a", 1.0, {NODE: Outcome.PASSED}))

    assert history.tests()[NODE].outcome is Outcome.FAILED


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.CRASHED, Outcome.SKIPPED])
def test_an_attempt_that_did_not_end_measures_nothing(history: History, outcome: Outcome) -> None:
    history.add(run_of("a", 1.0, {NODE: (Outcome.PASSED, 1.0)}))
    history.add(run_of("b", 2.0, {NODE: (outcome, 60.0)}))

    assert history.expected()[NODE] == 1.0


def test_a_run_counts_once(history: History) -> None:
    for _ in range(2):
        history.add(run_of("a", 1.0, {NODE: (Outcome.PASSED, 3.0)}))
    history.add(run_of("b", 2.0, {NODE: (Outcome.PASSED, 1.0)}))

    assert len(history.runs()) == 2
    assert history.expected()[NODE] == pytest.approx(3.0 + 0.4 * (1.0 - 3.0))


@settings(deadline=None, max_examples=25)
@given(durations=st.lists(st.floats(0.001, 1000), min_size=1, max_size=8), split=st.integers(0, 8))
def test_a_duration_is_smoothed_alike_in_one_transaction_and_in_several(
    tmp_path_factory: pytest.TempPathFactory, durations: list[float], split: int
) -> None:
    runs = [run_of(str(n), n + 1.0, {NODE: (Outcome.PASSED, duration)}) for n, duration in enumerate(durations)]
    with open_history(tmp_path_factory.mktemp("h") / "history.db") as history:
        history.add_all(runs[:split])
        history.add_all(runs[split:])
        found = history.expected()[NODE]
    smoothed = durations[0]
    for duration in durations[1:]:
        smoothed += 0.4 * (duration - smoothed)

    assert found == pytest.approx(smoothed, abs=1e-6)
    assert min(durations) - 1e-6 <= found <= max(durations) + 1e-6


def test_several_threads_may_write(tmp_path: Path, history: History) -> None:
    def write(name: str) -> None:
        with open_history(tmp_path / "history.db") as own:
            for number in range(10):
                own.add(run_of(f"{name}-{number}", float(number), {NODE: Outcome.PASSED}))

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
