"""`canonry report readiness`."""

from pathlib import Path

import click

from canonry.cli._output import (
    color_option,
    config_option,
    output_file_option,
    painted,
    quiet_option,
    tell,
    workers_option,
    write_report,
)
from canonry.model.readiness import ReadinessState
from canonry.report.readiness import FORMATS, render


@click.command("readiness")
@click.option(
    "--profile", "names", multiple=True, metavar="NAME", help="Judge this profile [default: all that matter]."
)
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--probe/--no-probe", default=True, show_default=True, help="Ask services whether they answer.")
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@output_file_option
@workers_option
@color_option
@quiet_option
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
    tell(notes, quiet=quiet)
    coloured = painted(color, output_file)
    write_report(lambda out: render(found, out, output_format=output_format, color=coloured), output_file)
    states = {each.state for each in found}
    return 1 if ReadinessState.NOT_READY in states else 5 if ReadinessState.NOT_ENOUGH in states else 0
