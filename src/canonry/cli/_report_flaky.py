"""`canonry report flaky`."""

import time
from functools import partial
from pathlib import Path

import click

from canonry.cli._report_kept import Renderers, of_runs, opened, table_options, write_table


@click.command("flaky")
@table_options("All tests, also those that are well again.")
def flaky(
    *, last: int, config: Path | None, output_format: str, output_file: Path | None, verbose: bool, quiet: bool
) -> int:
    """Show flaky and broken tests, from what they did at one tree.

    A test that passed and failed at the same commit in the same environment is flaky; the posterior says how likely it
    does so again, and forgets half in two weeks. One that only failed at the newest tree is broken. What a lost worker
    or a service that was down did is no failure of a test.

    Exits 0; 5 where no run is known.
    """
    from canonry.history.flaky import failing_tests
    from canonry.report.reliability import flaky_json, render_flaky, render_flaky_markdown

    with opened(config, last=last, quiet=quiet) as (project, history, runs):
        found, of = failing_tests(history, runs, now=time.time()), of_runs(runs, project)
    full = partial(render_flaky, verbose=verbose)
    renderers: Renderers = {"full": full, "markdown": render_flaky_markdown, "json": flaky_json}
    write_table(renderers, found, of, output_format, output_file)
    return 0
