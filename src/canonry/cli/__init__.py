"""The command line: one file per verb, found by its presence. The only place that wires engines to what prints."""

import errno
import io
import os
import sys
from pathlib import Path
from typing import NoReturn, TextIO

import click

from canonry import __version__
from canonry.model.errors import NothingValidatedError, UserError

_HERE = Path(__file__).parent

_REFUSALS = frozenset(
    (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
)
"""What a system says of a file that it refuses; no bug of ours."""
USER_ERROR, BUG, NOTHING, INTERRUPTED = 2, 3, 5, 130


class Verbs(click.Group):
    """Commands from the modules of this package, imported only when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs."""
        return sorted(file.stem for file in _HERE.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of this name, None where there is none."""
        if not cmd_name.isidentifier() or cmd_name not in self.list_commands(ctx):
            return None
        import importlib

        command = importlib.import_module(f"canonry.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest verb in the message for an unknown one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0] if args else "", self.list_commands(ctx), 1)
            hint = f"; did you mean `{near[0]}`?" if near else "; see `canonry --help`"
            raise UserError(f"`{args[0]}` is no command{hint}") from error


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "--version", "-V", prog_name="canonry", message="%(prog)s %(version)s")
def cli() -> None:
    """One canon for a Python code base's tests, and the proof that it is kept."""


def main() -> NoReturn:
    """Runs the command line and exits: 0 clean, 1 findings, 2 the user's error, 3 a bug, 5 nothing validated."""
    status = status_of(sys.argv[1:])
    if status == INTERRUPTED:  # the pool's own farewell would complain about the processes that we ended
        os._exit(status)
    sys.exit(status)


def status_of(arguments: list[str]) -> int:
    """Runs the command line; the status to exit with. What was printed is written."""
    _prepare_output()
    status = _run(arguments)
    sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads, or the disk is full; said already
        _discard_output()
    return status


def _prepare_output() -> None:
    """Closed streams go nowhere; a terminal that lacks a character still gets the rest."""
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _run(arguments: list[str]) -> int:
    try:
        _look_around()
        result = cli.main(arguments, prog_name="canonry", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except (UserError, NothingValidatedError) as error:
        _say(error)
        return NOTHING if isinstance(error, NothingValidatedError) else USER_ERROR
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USER_ERROR
    except click.ClickException as error:
        _say(error.format_message())
        return USER_ERROR
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; what was read so far is kept")
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return 0
    except OSError as error:
        if error.errno not in _REFUSALS or error.filename is None:
            return _bug()
        _say(f"`{os.fsdecode(error.filename)}`: {(error.strerror or 'refused').lower()}; see to it, and run this again")
        return USER_ERROR
    except Exception:  # noqa: BLE001 - the last resort: a bug is shown whole, with where to report it
        return _bug()


def _bug() -> int:
    import traceback

    traceback.print_exc()
    _say("this is a bug in canonry; please report it with the lines above and the command")
    return BUG


def _say(message: object) -> None:
    for line in str(message).splitlines():
        print(f"canonry: {line}", file=sys.stderr)


def _look_around() -> None:
    try:
        Path.cwd()
    except OSError:
        raise UserError("the current folder is gone; change into one that exists") from None


def _discard_output() -> None:
    """The reader went away (`| head`): nothing more to say, and nothing to complain about at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
