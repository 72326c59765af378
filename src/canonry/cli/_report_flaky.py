"""`canonry report flaky`."""

import time
from pathlib import Path

import click

from canonry.cli._output import config_option, output_file_option, quiet_option, write_report
from canonry.cli._report_kept import FORMATS, of_runs, opened

_RUNS = 500


@click.command("flaky")
@click.option("--last", type=click.IntRange(min=1), default=_RUNS, show_default=True, help="Of so many runs.")
@config_option
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@output_file_option
@click.option("-v", "--verbose", is_flag=True, help="All tests, also those that are well again.")
@quiet_option
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
    if output_format == "full":
        write_report(lambda out: render_flaky(found, of, out, verbose=verbose), output_file)
    else:
        render = flaky_json if output_format == "json" else render_flaky_markdown
        write_report(lambda out: render(found, of, out), output_file, terminal=False)
    return 0
