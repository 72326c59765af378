"""Where a verb's report and its narration go, and whether they are coloured; the same for every verb."""

import io
import os
import sys
from collections.abc import Callable, Iterable
from functools import reduce
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from canonry.model.errors import UserError

color_option = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No narration on stderr.")
config_option = click.option("--config", type=click.Path(path_type=Path), help="Take the canon from this file.")
output_file_option = click.option(
    "--output-file", type=click.Path(path_type=Path), help="Write the report here instead of stdout."
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes that work [default: all cores]."
)

_Function = TypeVar("_Function", bound=Callable[..., Any])
_HINT = "name a file with `--output-file`"


def report_options(*formats: str, workers: bool = False) -> Callable[[_Function], _Function]:
    """The options that say how a report looks and where it goes, the first format by default."""
    options = (
        click.option("--output-format", type=click.Choice(formats), default=formats[0], show_default=True),
        output_file_option,
        *((workers_option,) if workers else ()),
        color_option,
        quiet_option,
    )
    return lambda function: reduce(lambda wrapped, option: option(wrapped), reversed(options), function)


def show(
    render: Callable[[IO[str], bool], None],
    notes: Iterable[str],
    output_file: Path | None,
    *,
    color: str,
    quiet: bool,
    terminal: bool = True,
) -> None:
    """Narrates the notes and writes the report; ``render`` is given where to, and whether coloured."""
    tell(notes, quiet=quiet)
    coloured = painted(color, output_file)
    write_report(lambda out: render(out, coloured), output_file, terminal=terminal)


def painted(color: str, output_file: Path | None = None) -> bool:
    """Whether a report is coloured: where it is asked for, or on a terminal that does not refuse it."""
    if color != "auto":
        return color == "always"
    return output_file is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def is_raw(out: IO[str]) -> bool:
    """Whether what is written there is kept byte for byte, because no terminal shows it."""
    return out is not sys.stdout or not sys.stdout.isatty()


def tell(notes: Iterable[str], *, quiet: bool) -> None:
    """Narrates on stderr, one line for each note."""
    for note in () if quiet else notes:
        click.echo(f"canonry: {note}", err=True)


def any_bytes(*, terminal: bool = True) -> IO[str]:
    """Standard output for any name and any byte; a terminal gets what it can show, unless ``terminal`` is off."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not (terminal and sys.stdout.isatty()):
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    return sys.stdout


def write_report(render: Callable[[IO[str]], None], output_file: Path | None = None, *, terminal: bool = True) -> None:
    """Renders into a file or to stdout. ``terminal`` is off for formats that are UTF-8 wherever they go.

    Raises `UserError` where that cannot be written.
    """
    try:
        if output_file is not None:
            with open(output_file, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as out:
                render(out)
            return
        render(any_bytes(terminal=terminal))
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        where, hint = (f"`{output_file}`", "name another file") if output_file else ("the report", _HINT)
        raise UserError(f"{where} cannot be written ({error.strerror}); {hint}") from error
