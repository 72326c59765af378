"""`canonry report slow`."""

from functools import partial
from pathlib import Path

import click

from canonry.cli._report_kept import Renderers, of_runs, opened, table_options, write_table


@click.command("slow")
@table_options("All tests that were looked at.")
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
    full = partial(render_slow, verbose=verbose)
    renderers: Renderers = {"full": full, "markdown": render_slow_markdown, "json": slow_json}
    write_table(renderers, found, of, output_format, output_file)
    return 0
