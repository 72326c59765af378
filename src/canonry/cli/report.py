"""`canonry report`."""

import click

from canonry.cli._report_checkpoint import checkpoint
from canonry.cli._report_compare_env import compare_env
from canonry.cli._report_guides import guides
from canonry.cli._report_quarantine import quarantine
from canonry.cli._report_readiness import readiness


@click.group("report")
def command() -> None:
    """Write documents about this repository from its own numbers."""


command.add_command(guides)
command.add_command(quarantine)
command.add_command(checkpoint)
command.add_command(compare_env)
command.add_command(readiness)
