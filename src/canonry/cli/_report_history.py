"""`canonry report history`."""

import contextlib
from pathlib import Path

import click

from canonry.cli._output import (
    config_option,
    output_file_option,
    quiet_option,
    tell,
    workers_option,
    write_report,
)

_FORMATS = ("full", "markdown", "json", "csv")


@click.command("history")
@click.argument("revisions", metavar="REV..REV")
@click.option(
    "--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The repository."
)
@config_option
@click.option("--commits", type=click.IntRange(min=1), metavar="N", help="Audit at most N commits, evenly spread [50].")
@click.option("--merged", is_flag=True, help="Also the commits that merges brought in, not only the branch's own.")
@click.option("--output-format", type=click.Choice(_FORMATS), default="full", show_default=True)
@output_file_option
@workers_option
@click.option("--no-keep", is_flag=True, help="Neither read from the history nor add to it.")
@quiet_option
def history(
    *,
    revisions: str,
    repo: Path,
    config: Path | None,
    commits: int | None,
    merged: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    no_keep: bool,
    quiet: bool,
) -> int:
    """Audit the commits of a range, and show how the numbers moved.

    Nothing is checked out. All commits are judged by the canon of the last one, or by that of --config. What was
    measured of a commit is kept in the history, and known the next time.
    """
    write_history(
        revisions,
        repo=repo,
        config=config,
        commits=commits,
        merged=merged,
        output_format=output_format,
        output_file=output_file,
        workers=workers,
        keeps=not no_keep,
        quiet=quiet,
    )
    return 0


def write_history(
    revisions: str,
    *,
    repo: Path,
    config: Path | None = None,
    commits: int | None = None,
    merged: bool = False,
    output_format: str = "full",
    output_file: Path | None = None,
    workers: int | None = None,
    keeps: bool = True,
    quiet: bool = False,
) -> None:
    """Audits the commits of a range and writes how the numbers moved. Raises `UserError` for what can be mended."""
    from canonry.report.commits import renderer
    from canonry.report.progress import show_progress
    from canonry.standing.commits import MOST, history_of
    from canonry.standing.place import open_for_repository

    notes: list[str] = []
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(open_for_repository(repo, config, notes)) if keeps else None
        with show_progress(quiet=quiet) as progress:
            found = history_of(
                repo,
                revisions,
                history=kept,
                config=config,
                most=commits or MOST,
                merged=merged,
                workers=workers or 0,
                progress=progress,
            )
    tell((*notes, *found.notes), quiet=quiet)
    write_report(lambda out: renderer(output_format)(found, out), output_file, terminal=output_format == "full")
