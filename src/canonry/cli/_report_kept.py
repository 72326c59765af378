"""The history that reports are of: opened, with its newest runs, or nothing to report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from canonry.cli._output import config_option, output_file_option, quiet_option, tell, write_report
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.history import KeptRun
from canonry.model.quarantine import FILE
from canonry.run.project import Project, open_project

if TYPE_CHECKING:
    from canonry.history.store import History
    from canonry.report.reliability import Population

FORMATS = ("full", "markdown", "json")
_RUNS = 500
Renderers = Mapping[str, Callable[[Any, Any, IO[str]], None]]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def table_options(all_of_them: str) -> Callable[[_Function], _Function]:
    """The options of a table of tests; ``all_of_them`` says what `-v` adds."""
    options = (
        click.option("--last", type=click.IntRange(min=1), default=_RUNS, show_default=True, help="Of so many runs."),
        config_option,
        click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True),
        output_file_option,
        click.option("-v", "--verbose", is_flag=True, help=all_of_them),
        quiet_option,
    )
    return lambda function: reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def write_table(
    renderers: Renderers,
    found: object,
    of: "Population",
    output_format: str,
    output_file: Path | None,
) -> None:
    """Renders a table in its format, one renderer for each of `FORMATS`."""
    render = renderers[output_format]
    write_report(lambda out: render(found, of, out), output_file, terminal=output_format == "full")


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
