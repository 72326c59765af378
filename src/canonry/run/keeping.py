"""The history beside the recordings: read for plans, written after each run, rebuilt where it is damaged."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from canonry.history.store import History, HistoryDamagedError, HistoryRefusedError, TestRow, open_history
from canonry.model.errors import UserError
from canonry.model.state import STATE, make_state_folder
from canonry.run.recording import find_recording, is_running, recordings
from canonry.run.summary import RunSummary

if TYPE_CHECKING:
    from canonry.history.store.records import Recorded


def history_path(root: Path) -> Path:
    """Where the history of a tree lies."""
    return root / STATE / "history.db"


def past(root: Path, notes: list[str]) -> Mapping[str, TestRow]:
    """The last outcome of every test, empty where there is no history; what is wrong with it is noted."""
    if not history_path(root).exists():
        return {}
    try:
        with open_kept(root, notes) as history:
            return history.tests()
    except UserError as error:
        notes.append(f"durations and outcomes are unknown: {error}")
    except (OSError, HistoryRefusedError, HistoryDamagedError) as error:
        notes.append(f"durations and outcomes are unknown: `{history_path(root)}` cannot be read ({error})")
    return {}


def keep(root: Path, summary: RunSummary) -> str:
    """Adds a run to the history; what went wrong, empty where nothing did. The run itself is never the worse for it."""
    from canonry.run.recorded import recorded_summary

    notes: list[str] = []
    try:
        with open_kept(root, notes) as history:
            history.add(recorded_summary(summary))
    except UserError as error:
        notes.append(f"the run is not added to the history: {error}")
    except (OSError, HistoryRefusedError, HistoryDamagedError) as error:
        notes.append(f"the run is not added to the history: `{history_path(root)}` cannot be written ({error})")
    return "; ".join(notes)


def open_kept(root: Path, notes: list[str]) -> History:
    """The history of a tree; a damaged one is moved aside and rebuilt from the recordings, which is noted.

    Raises what `open_history` raises, and `OSError` where there can be no state.
    """
    path = history_path(root)
    make_state_folder(path.parent)
    with contextlib.suppress(HistoryDamagedError):
        return open_history(path)
    for name in (path, *(path.with_name(f"{path.name}{suffix}") for suffix in ("-journal", "-wal", "-shm"))):
        with contextlib.suppress(FileNotFoundError):
            name.rename(name.with_name(f"{name.name}.damaged"))
    history = open_history(path)
    count = history.add_all(_recorded(root)).new
    notes.append(
        f"the history was damaged; it has been rebuilt from {count:,} recordings (`{path.name}.damaged` is kept)"
    )
    return history


def _recorded(root: Path) -> "Iterator[Recorded]":
    """The runs of all recordings that can be read; those that still go on add themselves when they end."""
    from canonry.run.recorded import recorded_run

    for run in recordings(root):
        with contextlib.suppress(UserError):
            path = find_recording(root, run)
            if not is_running(path):
                yield recorded_run(path)
