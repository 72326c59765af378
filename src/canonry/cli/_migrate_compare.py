"""`canonry migrate compare`."""

import sys
from pathlib import Path

import click


@click.command("compare")
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- OLD ARGUMENTS]")
@click.option("--time-limit", type=click.FloatRange(min=1), default=600.0, show_default=True, metavar="SECONDS")
@click.option("--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True)
def compare(script: Path, arguments: tuple[str, ...], time_limit: float, output_format: str) -> int:
    """Run an old runner script and the wrapper that takes its place, and list tests that differ.

    Both get the same arguments and run in copies of the tree, each for SECONDS at most. Tests are compared by what
    pytest selected and by outcome, wherever below the command pytest was started. Exits 1 where they differ, 5 where
    neither ran a test.
    """
    from canonry.migrate.scripts.compare import compare_script
    from canonry.model.errors import NothingValidatedError
    from canonry.report.compared import render, render_json

    found = compare_script(script, arguments, limit=time_limit)
    (render_json if output_format == "json" else render)(found, sys.stdout)
    if not found.old.outcomes and not found.new.outcomes:
        raise NothingValidatedError("neither the script nor its wrapper ran a test, so nothing was compared")
    return 0 if found.same else 1
