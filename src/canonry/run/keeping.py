"""The history beside the recordings: read for plans, written after each run, rebuilt where it is damaged."""

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from canonry.history.store import History, HistoryDamagedError, RunRow, TestRow, open_history
from canonry.model.errors import UserError
from canonry.model.outcome import Outcome
from canonry.model.state import STATE, make_state_folder
from canonry.run.naming import of_tree
from canonry.run.recording import find_recording, is_running, read_recording, recordings
from canonry.run.summary import RunSummary


def history_path(root: Path) -> Path:
    """Where the history of a tree lies."""
    return root / STATE / "history.db"


def past(root: Path, notes: list[str]) -> Mapping[str, TestRow]:
    """The last outcome of every test, empty where there is no history; what is wrong with it is noted."""
    if not history_path(root).exists():
        return {}
    try:
        history = _open(root, notes)
        try:
            return history.tests()
        finally:
            history.close()
    except UserError as error:
        notes.append(f"durations and outcomes are unknown: {error}")
    except (OSError, sqlite3.Error, HistoryDamagedError) as error:
        notes.append(f"durations and outcomes are unknown: `{history_path(root)}` cannot be read ({error})")
    return {}


def keep(root: Path, summary: RunSummary) -> str:
    """Adds a run to the history; what went wrong, empty where nothing did. The run itself is never the worse for it."""
    notes: list[str] = []
    try:
        make_state_folder(history_path(root).parent)
        history = _open(root, notes)
        try:
            _add(history, summary)
        finally:
            history.close()
    except UserError as error:
        notes.append(f"the run is not added to the history: {error}")
    except (OSError, sqlite3.Error, HistoryDamagedError) as error:
        notes.append(f"the run is not added to the history: `{history_path(root)}` cannot be written ({error})")
    return "; ".join(notes)


def _open(root: Path, notes: list[str]) -> History:
    """The history; a damaged one is moved aside and rebuilt from the recordings, which is noted."""
    path = history_path(root)
    try:
        history = open_history(path)
        history.tests()
        return history
    except HistoryDamagedError:
        pass
    for name in (path, *(path.with_name(f"{path.name}{suffix}") for suffix in ("-journal", "-wal", "-shm"))):
        with contextlib.suppress(FileNotFoundError):
            name.rename(name.with_name(f"{name.name}.damaged"))
    history = open_history(path)
    count = 0
    for run in recordings(root):
        with contextlib.suppress(UserError):
            recording = find_recording(root, run)
            if not is_running(recording):
                _add(history, RunSummary().add_all(read_recording(recording)))
                count += 1
    notes.append(
        f"the history was damaged; it has been rebuilt from {count:,} recordings (`{path.name}.damaged` is kept)"
    )
    return history


def _add(history: History, summary: RunSummary) -> None:
    started, ended = summary.started, summary.ended
    row = RunRow(
        id=started.run,
        at=started.at,
        root=started.root,
        commit=started.commit,
        profile=started.profile,
        status=ended.status if ended is not None else summary.status(),
    )
    place = started.place
    absent = {
        result.node
        for result in summary.results.values()
        if result.outcome is Outcome.UNCOLLECTABLE and result.node != result.path
    }
    tests = (
        TestRow(
            node=of_tree(result.node, place),
            outcome=result.outcome,
            category=result.category,
            at=result.last.at,
            duration=result.last.duration,
            attempts=len(result.attempts),
            flaky=result.is_flaky,
        )
        for result in summary.results.values()
        if result.outcome not in (Outcome.BLOCKED, Outcome.NOT_RUN) and result.node not in absent
    )
    healed = summary.collected.keys() - summary.uncollectable.keys()
    history.add(row, tests, gone={of_tree(node, place) for node in absent | healed})
