"""The history beside the recordings: read for plans, written after each run, rebuilt where it is damaged.

Where the canon declares a shared one, runs are kept there too, and reports read from there.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from canonry.canon.options import SharedHistory
from canonry.history.store import History, HistoryDamagedError, TestRow, open_history, open_shared
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
    except (UserError, OSError) as error:
        notes.append(f"durations and outcomes are unknown: {error}")
    return {}


def keep(root: Path, summary: RunSummary, shared: SharedHistory | None = None) -> str:
    """Adds a run to the history, and to the shared one of the canon; what went wrong, empty where nothing did.

    The run itself is never the worse for it.
    """
    from canonry.run.recorded import recorded_summary

    recorded = recorded_summary(summary)
    notes: list[str] = []
    try:
        try:
            with open_kept(root, notes) as history:
                history.add(recorded)
        except HistoryDamagedError:  # where only writing found it
            _rebuilt(root, notes).close()
    except (UserError, OSError) as error:
        notes.append(f"the run is not added to the history: {error}")
    if shared is not None and has_shared(shared):
        try:
            with open_declared(shared) as history:
                history.add(recorded)
        except UserError as error:
            notes.append(f"the run is not added to the shared history: {error}; `canonry report ingest` adds it later")
    return "; ".join(notes)


def has_shared(shared: SharedHistory) -> bool:
    """Whether the canon declares a shared history, and the variable that holds its address is set."""
    return shared.url_env is not None and bool(os.environ.get(shared.url_env))


def open_declared(shared: SharedHistory) -> History:
    """The shared history of the canon, whose address is set. Raises what `open_shared` raises."""
    name = shared.url_env or ""
    return open_shared(os.environ.get(name, ""), schema=shared.schema, named=f"`{name}`")


def open_for_reports(root: Path, shared: SharedHistory, notes: list[str]) -> History:
    """The history that reports read: the shared one where there is one, else that of the tree.

    What the reader should know is noted. Raises `UserError` where it cannot be read.
    """
    try:
        if has_shared(shared):
            return open_declared(shared)
        if shared.url_env is not None:
            notes.append(f"`{shared.url_env}` is not set, so that this is the history of this machine alone")
        return open_kept(root, notes)
    except OSError as error:
        raise UserError(
            f"`{history_path(root)}` cannot be opened ({(error.strerror or 'refused').lower()}); see to its folder"
        ) from error


def named_histories(
    root: Path, shared: SharedHistory, into: str | None, notes: list[str]
) -> Iterator[tuple[str, History]]:
    """The histories that a tree adds to, by the name for users, each opened as it is reached; the caller closes them.

    ``into``: a variable with the address of the only one. Raises `UserError` where one cannot be used.
    """
    if into is not None:
        if not os.environ.get(into):
            raise UserError(f"`{into}` is not set; it is to hold the address of a PostgreSQL")
        yield f"`{into}`", open_declared(SharedHistory(url_env=into, schema=shared.schema))
        return
    yield f"`{STATE}/{history_path(root).name}`", open_kept(root, notes)
    if has_shared(shared):
        yield f"`{shared.url_env}`", open_declared(shared)
    elif shared.url_env is not None:
        notes.append(f"`{shared.url_env}` is not set, so the shared history stays as it is")


def open_kept(root: Path, notes: list[str]) -> History:
    """The history of a tree; a damaged one is moved aside and rebuilt from the recordings, which is noted.

    Raises what `open_history` raises, and `OSError` where there can be no state.
    """
    path = history_path(root)
    make_state_folder(path.parent)
    with contextlib.suppress(HistoryDamagedError):
        return open_history(path)
    return _rebuilt(root, notes)


def _rebuilt(root: Path, notes: list[str]) -> History:
    """The history made anew from the recordings; the damaged one is kept beside it."""
    path = history_path(root)
    aside = path.with_name(f"{path.name}.damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    for suffix in ("", "-journal", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(f"{path.name}{suffix}").rename(aside.with_name(f"{aside.name}{suffix}"))
    history = open_history(path)
    count = history.add_all(_recorded(root)).new
    notes.append(f"the history was damaged; it has been rebuilt from {count:,} recordings (`{aside.name}` is kept)")
    return history


def _recorded(root: Path) -> "Iterator[Recorded]":
    """The runs of all recordings that can be read; those that still go on add themselves when they end."""
    from canonry.run.recorded import recorded_run

    for run in recordings(root):
        with contextlib.suppress(UserError):
            path = find_recording(root, run)
            if not is_running(path):
                yield recorded_run(path)
