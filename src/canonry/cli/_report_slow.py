"""`canonry report slow`."""

from pathlib import Path

import click

from canonry.cli._output import config_option, output_file_option, quiet_option, write_report
from canonry.cli._report_kept import FORMATS, of_runs, opened

_RUNS = 500


@click.command("slow")
@click.option("--last", type=click.IntRange(min=1), default=_RUNS, show_default=True, help="Of so many runs.")
@config_option
@click.option("--output-format", type=click.Choice(FORMATS), default="full", show_default=True)
@output_file_option
@click.option("-v", "--verbose", is_flag=True, help="All tests that were looked at.")
@quiet_option
def slow(
    *, last: int, config: Path | None, output_format: str, output_file: Path | None, verbose: bool, quiet: bool
) -> int:
    """Show what tests take, and since which commit some take longer or less.

    Each test is held against its own past, on the machine and Python of the newest run; a change counts where it is
    beyond 1.3 times and its runs, four at least, are hardly so by chance. `canonry run --compare REF` measures two
    commits in turn.

    Exits 0; 5 where no run is known.
    """
    from canonry.history.slow import alike_runs, slow_tests
    from canonry.report.reliability import render_slow, render_slow_markdown, slow_json

    with opened(config, last=last, quiet=quiet) as (project, history, runs):
        alike = alike_runs(runs)
        found, of = slow_tests(history, alike), of_runs(alike, project)
    if output_format == "full":
        write_report(lambda out: render_slow(found, of, out, verbose=verbose), output_file)
    else:
        render = slow_json if output_format == "json" else render_slow_markdown
        write_report(lambda out: render(found, of, out), output_file, terminal=False)
    return 0
