"""The history that reports are of: opened, with its newest runs, or nothing to report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from canonry.cli._output import tell
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.history import KeptRun
from canonry.model.quarantine import FILE
from canonry.run.project import Project, open_project

if TYPE_CHECKING:
    from canonry.history.store import History
    from canonry.report.reliability import Population

FORMATS = ("full", "markdown", "json")


@contextmanager
def opened(config: Path | None, *, last: int, quiet: bool) -> "Iterator[tuple[Project, History, list[KeptRun]]]":
    """The project here, its history, and the newest runs. Raises `NothingValidatedError` where no run is known."""
    from canonry.history.store import HistoryDamagedError, HistoryRefusedError
    from canonry.run.keeping import open_for_reports

    notes: list[str] = []
    with open_project(config=config) as project:
        try:
            with open_for_reports(project.root, project.canon.history, notes) as history:
                tell(notes, quiet=quiet)
                runs = history.runs(last=last)
                if not runs:
                    raise NothingValidatedError("no run is known here; `canonry run` keeps each one")
                yield project, history, runs
        except (HistoryDamagedError, HistoryRefusedError) as error:
            raise UserError(f"the history cannot be read ({error})") from error


def of_runs(runs: Sequence[KeptRun], project: Project) -> "Population":
    """What a table is of."""
    from canonry.canon.quarantine import said_entries
    from canonry.report.reliability import Population

    quarantine = said_entries(project.session.tree.read(FILE) or b"")
    return Population(runs=len(runs), first=runs[0].at, last=runs[-1].at, quarantined=frozenset(quarantine))
