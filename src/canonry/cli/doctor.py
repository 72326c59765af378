"""`canonry doctor`."""

import sys
from pathlib import Path

import click

from canonry.cli._output import color_option, config_option, painted, quiet_option
from canonry.report.doctor import render, render_json
from canonry.run.doctor import State, examine
from canonry.run.profiles import resolve_profile
from canonry.run.project import open_project


@click.command()
@click.option("--profile", metavar="NAME", help="Examine what runs of this profile need.")
@config_option
@click.option("--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True)
@color_option
@quiet_option
def command(profile: str | None, config: Path | None, output_format: str, color: str, quiet: bool) -> int:
    """Examine whether everything that the canon names is there, before a run needs it.

    Imports each canonical symbol in a process of its own, and looks at the runner, the configuration, the services
    and the profile's environment. Exits 1 where something is missing.
    """

    with open_project(config=config) as project:
        for note in () if quiet else project.notes:
            click.echo(f"canonry: {note}", err=True)
        found = list(examine(project, resolve_profile(project.canon, profile)))
    if output_format == "json":
        render_json(found, sys.stdout)
    else:
        coloured = painted(color)
        render(found, sys.stdout, color=coloured)
    return 1 if any(each.state is State.FAILED for each in found) else 0
