"""`canonry where`."""

import gc
import io
import sys
from pathlib import Path

import click

from canonry.audit.request import Request
from canonry.cli._output import color_option, config_option, painted, quiet_option, tell
from canonry.model.errors import UserError
from canonry.report.progress import show_progress


@click.command()
@click.argument("name")
@click.option("--repo", type=click.Path(path_type=Path), help="A repository: a working tree or a (bare) git directory.")
@click.option("--rev", help="Look at this commit, without a checkout.")
@click.option("--staged", is_flag=True, help="Look at the tree as the index holds it, not as it is on disk.")
@config_option
@click.option("--output-format", type=click.Choice(["full", "concise", "json"]), default="full", show_default=True)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes that read files [default: all cores]."
)
@click.option("--no-cache", is_flag=True, help="Keep no cache.")
@color_option
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="All places and importers, not the first few.")
def command(  # one parameter per option, in the order of the help page
    name: str,
    repo: Path | None,
    rev: str | None,
    staged: bool,
    config: Path | None,
    output_format: str,
    workers: int | None,
    no_cache: bool,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Say where NAME is at home, what rivals it has, and who imports which.

    NAME is a class, a function or a value at the top of a module: `Name`, `module.Name`, `module:Name` or
    `Class.method`. Exits 0 when it is found, whatever rivals it has.
    """
    if staged and rev:
        raise UserError("`--staged` and `--rev` name two trees; give one of them")
    if not name.strip(".:"):
        raise UserError("NAME is empty; give a name such as `Order` or `shop.orders:Order`")
    from canonry.audit.where import where

    gc.disable()  # a short life with many small records
    request = Request(
        repository=repo, revision=rev, staged=staged, config=config, workers=workers or 0, cache=not no_cache
    )
    with show_progress(quiet=quiet) as progress:
        found = where(name.strip(), request, progress=progress)
    tell(found.notes, quiet=quiet)
    from canonry.report.where import render_concise, render_full, render_json

    if output_format == "json":
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        render_json(found, sys.stdout)
    elif output_format == "concise":
        render_concise(found, sys.stdout)
    else:
        coloured = painted(color)
        render_full(found, sys.stdout, verbose=verbose, color=coloured)
    return 0
