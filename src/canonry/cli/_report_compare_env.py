"""`canonry report compare-env`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import (
    color_option,
    config_option,
    output_file_option,
    painted,
    quiet_option,
    tell,
    write_report,
)
from canonry.model.errors import NothingValidatedError
from canonry.report.environments import FORMATS, render

if TYPE_CHECKING:
    from canonry.history.store import History
    from canonry.model.environments import ComparedRuns


@click.command("compare-env")
@click.argument("one")
@click.argument("other")
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@output_file_option
@color_option
@quiet_option
def compare_env(
    *,
    one: str,
    other: str,
    repo: Path,
    config: Path | None,
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
) -> int:
    """Compare what two recorded runs stood on, and the tests that ended differently in them.

    ONE and OTHER are ids of runs (or how they begin, or `last`), files of recordings, or runs that the history keeps,
    such as one of CI in a shared history. For each test that ended differently it is said what could explain it.

    Exits 0 where all tests that are in both ended alike, however the environments differ; 1 where one did not; 5 where
    they have no test in common.
    """
    found, notes = compared(one, other, repo=repo, config=config)
    tell(notes, quiet=quiet)
    coloured = painted(color, output_file)
    write_report(lambda out: render(found, out, output_format=output_format, color=coloured), output_file)
    if not found.compared:
        raise NothingValidatedError("the two runs have no test in common, so no outcome was compared")
    return 1 if found.differing else 0


def compared(one: str, other: str, *, repo: Path, config: Path | None) -> "tuple[ComparedRuns, list[str]]":
    """Two runs side by side, and sentences for the user. Raises `UserError` for what is no run."""
    from canonry.cli.canon import root_of
    from canonry.run.environments import compare_runs, recording_of

    root, notes = root_of(repo), list[str]()
    with _history(root, config, notes) as history:
        return compare_runs(recording_of(root, one, history), recording_of(root, other, history)), notes


@contextlib.contextmanager
def _history(root: Path, config: Path | None, notes: list[str]) -> "Iterator[History | None]":
    """The history that reports read; none where nothing is kept."""
    from canonry.cli.canon import load
    from canonry.run.keeping import has_shared, history_path, open_for_reports

    shared = load(root, config).canon.history
    if not history_path(root).exists() and not has_shared(shared):
        yield None
        return
    history = open_for_reports(root, shared, notes)
    try:
        yield history
    finally:
        history.close()
