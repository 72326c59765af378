"""`canonry run`."""

from typing import Any

import click

from canonry.cli import _run_options as options
from canonry.cli._run_call import Call
from canonry.cli._run_command import AFTER, ARGUMENTS, RunCommand
from canonry.cli._run_modes import dispatch
from canonry.model.errors import UserError
from canonry.run.request import RunRequest


@click.command(cls=RunCommand)
@click.argument("words", nargs=-1, metavar="[PATH | NODE]... [-- PYTEST_OPTION...]")
@options.selection
@options.execution
@options.modes
@options.output
def command(**given: Any) -> int:
    """Run the tests: the one way, for a laptop, for CI and for staging.

    PATHs are folders, files or node ids (default: all tests). Every kind of selection that is given has to hold.
    What stands after `--` goes to pytest unchanged. Each run is recorded in `.canonry/runs`.

    Exits 0 when all passed, 1 when something failed, 2 for a mistake of the user's, 5 when no test ran to its end,
    130 when interrupted.
    """
    meta = click.get_current_context().meta
    request, values = options.split(given, after=meta[AFTER])
    return dispatch(Call(request, values, arguments=meta[ARGUMENTS], parse=parse))


def parse(arguments: list[str]) -> tuple[RunRequest, options.Values]:
    """The request and the rest that these arguments make, for a run that goes on with an earlier one."""
    try:
        context = command.make_context("run", arguments)
    except click.ClickException as error:
        raise UserError(
            f"the interrupted run was called with `{' '.join(arguments)}`, which this canonry does not know "
            f"({error.format_message()}); run it anew"
        ) from error
    return options.split(dict(context.params), after=context.meta[AFTER])
