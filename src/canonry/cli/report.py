"""`canonry report`."""

import click

from canonry.cli._report_checkpoint import checkpoint
from canonry.cli._report_compare_env import compare_env
from canonry.cli._report_flaky import flaky
from canonry.cli._report_guides import guides
from canonry.cli._report_history import history
from canonry.cli._report_ingest import ingest
from canonry.cli._report_prune import prune
from canonry.cli._report_quarantine import quarantine
from canonry.cli._report_readiness import readiness
from canonry.cli._report_slow import slow
from canonry.cli._report_verify import verify
from canonry.cli._report_write import WithDefault, write


@click.group("report", cls=WithDefault)
def command() -> None:
    """Say where the suite stands, and write documents about this repository from its own numbers.

    `canonry report [PATH]` writes the report (`canonry report write --help` says all about it), `canonry report
    --verify DOC...` recomputes the figures that documents quote. `--checkpoint PERIOD` and `--compare-env ONE OTHER`
    are the commands of these names.
    """


for verb in (
    write, verify, guides, history, ingest, prune, quarantine, flaky, slow, checkpoint, compare_env, readiness,
):  # fmt: skip
    command.add_command(verb)
