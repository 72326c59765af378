"""`canonry report readiness`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import IO

import click

from canonry.cli._output import config_option, report_options, show
from canonry.model.readiness import Readiness, ReadinessState
from canonry.report.readiness import FORMATS, render


@click.command("readiness")
@click.option(
    "--profile", "names", multiple=True, metavar="NAME", help="Judge this profile [default: all that matter]."
)
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--probe/--no-probe", default=True, show_default=True, help="Ask services whether they answer.")
@report_options(*FORMATS, workers=True)
def readiness(
    *,
    names: tuple[str, ...],
    repo: Path,
    config: Path | None,
    probe: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    color: str,
    quiet: bool,
) -> int:
    """Say whether each profile is ready, not ready, or not known well enough, with its P0 blockers and what to do next.

    Judged are the commit that is checked out and the runs that are recorded of it, each in its own profile: the one
    that applies by default, `ci`, and those that the canon declares.

    Exits 0 where all of them are ready, 1 where one is not, 5 where data is lacking.
    """
    from canonry.cli._history_of import audited, history_of
    from canonry.standing.readiness import readiness_of, refusals

    with audited(repo, config, workers, quiet=quiet) as (project, result), history_of(project) as kept:
        refused = refusals(project, config)
        found = readiness_of(project, result, kept, refused=refused, names=names, probe=probe)
        notes = list(project.notes)
    show(partial(_render, found, output_format), notes, output_file, color=color, quiet=quiet)
    states = {each.state for each in found}
    return 1 if ReadinessState.NOT_READY in states else 5 if ReadinessState.NOT_ENOUGH in states else 0


def _render(found: Sequence[Readiness], output_format: str, out: IO[str], color: bool) -> None:
    render(found, out, output_format=output_format, color=color)
