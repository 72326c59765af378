"""What is handed to a history: recordings of runs, reports of audits, loads and gates, the journal of changes."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from canonry.audit.measured import measured_document
from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.history.measured import measured_changes, measured_gate, measured_load
from canonry.history.store import History
from canonry.history.store.records import Recorded
from canonry.model.errors import UserError
from canonry.model.history import Measured
from canonry.run.recorded import recorded_run
from canonry.run.recording import is_running, runs_folder

Told = Callable[[str], None]


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """What became of files: runs and measurements that were new or known, results, and what is wrong with others."""

    new: int = 0
    known: int = 0
    results: int = 0
    measured: int = 0
    measured_known: int = 0
    running: int = 0
    problems: tuple[str, ...] = ()

    def __add__(self, other: "Ingested") -> "Ingested":
        """Both together."""
        fields = self.__struct_fields__
        return Ingested(**{name: getattr(self, name) + getattr(other, name) for name in fields})


def files_of_tree(root: Path) -> list[Path]:
    """The recordings of a tree, the oldest first."""
    return sorted(runs_folder(root).glob("*.jsonl"))


def files_below(paths: Iterable[Path]) -> list[Path]:
    """These files, and for a folder those in it that may be recordings or reports.

    Raises `UserError` where one does not exist.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(each for each in path.iterdir() if each.suffix in (".json", ".jsonl") and each.is_file())
        elif path.exists():
            found.append(path)
        else:
            raise UserError(f"`{path}` does not exist; name a recording, a report as JSON, or a folder of them")
    return found


def ingest_files(history: History, files: Iterable[Path], *, progress: Callable[[int], None] | None = None) -> Ingested:
    """Adds what these files hold; one that is of no use is told among the problems, and the others are added."""
    problems: list[str] = []
    measured: list[Measured] = []
    running = 0

    def recordings() -> Iterator[Recorded]:
        nonlocal running
        for number, path in enumerate(files):
            if progress is not None:
                progress(number)
            try:
                if not _is_recording(path):
                    measured.append(_measured(path))
                elif is_running(path):
                    running += 1
                else:
                    yield recorded_run(path)
            except UserError as error:
                problems.append(str(error))

    added = history.add_all(recordings())
    new = history.add_measured(*measured)
    return Ingested(
        new=added.new,
        known=added.known,
        results=added.results,
        measured=new,
        measured_known=len(measured) - new,
        running=running,
        problems=tuple(problems),
    )


def ingest_changes(history: History, root: Path) -> Ingested:
    """Adds the changes of a tree that landed."""
    try:
        measured = list(measured_changes(read_history(ChangesFolder(root))))
    except UserError as error:
        return Ingested(problems=(str(error),))
    new = history.add_measured(*measured)
    return Ingested(measured=new, measured_known=len(measured) - new)


def _is_recording(path: Path) -> bool:
    """Whether a file begins as a recording does; every other one is to be a JSON object."""
    try:
        with open(path, "rb") as file:
            return b'"run-started"' in file.readline(4096)
    except OSError as error:
        raise UserError(f"`{path}` cannot be read ({(error.strerror or 'refused').lower()}); name another") from error


class _Kind(msgspec.Struct):
    """What tells JSON reports apart."""

    tool: str = ""
    scenario: str = ""
    verdict: str = ""
    reasons: msgspec.Raw = msgspec.Raw(b"")
    base: msgspec.Raw = msgspec.Raw(b"")


def _measured(path: Path) -> Measured:
    data = path.read_bytes()
    at = os.stat(path).st_mtime  # noqa: PTH116 - of the file that was just read
    try:
        kind = msgspec.json.decode(data, type=_Kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        kind = _Kind()
    if kind.tool == "canonry":
        return measured_document(data, named=str(path), at=at)
    if kind.scenario:
        return measured_load(data, named=str(path))
    if kind.verdict and bytes(kind.base):
        return measured_gate(data, named=str(path), at=at)
    raise UserError(
        f"`{path}` is neither a recording nor a JSON report of `canonry audit`, `load` or `gate`; a file that was cut "
        "off is to be made anew"
    )
