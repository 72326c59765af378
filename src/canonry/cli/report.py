"""`canonry report`."""

import click

from canonry.cli._report_flaky import flaky
from canonry.cli._report_guides import guides
from canonry.cli._report_history import history
from canonry.cli._report_ingest import ingest
from canonry.cli._report_quarantine import quarantine
from canonry.cli._report_slow import slow


@click.group("report")
def command() -> None:
    """Write documents about this repository from its own numbers."""


command.add_command(guides)
command.add_command(quarantine)
command.add_command(flaky)
command.add_command(slow)
command.add_command(history)
command.add_command(ingest)
