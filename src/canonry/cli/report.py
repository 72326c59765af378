"""`canonry report`."""

import click

from canonry.cli._report_checkpoint import checkpoint
from canonry.cli._report_compare_env import compare_env
from canonry.cli._report_flaky import flaky
from canonry.cli._report_guides import guides
from canonry.cli._report_history import history
from canonry.cli._report_ingest import ingest
from canonry.cli._report_quarantine import quarantine
from canonry.cli._report_readiness import readiness
from canonry.cli._report_slow import slow
from canonry.cli._report_verify import verify
from canonry.cli._report_write import WithDefault, write


@click.group("report", cls=WithDefault)
def command() -> None:
    """Say where the suite stands, and write documents about this repository from its own numbers.

    `canonry report [PATH]` writes the report (`canonry report write --help` says all about it), `canonry report
    --verify DOC...` recomputes the figures that documents quote.
    """


command.add_command(write)
command.add_command(verify)
command.add_command(guides)
command.add_command(history)
command.add_command(ingest)
command.add_command(quarantine)
command.add_command(flaky)
command.add_command(slow)
command.add_command(checkpoint)
command.add_command(compare_env)
command.add_command(readiness)
