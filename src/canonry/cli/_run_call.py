"""One call of `canonry run`: what it asks for, the plan that follows, and where its report goes."""

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import click
import msgspec

from canonry.cli._run_options import Values
from canonry.model.errors import UserError
from canonry.run.prepare import Prepared, prepare
from canonry.run.project import Project, open_project
from canonry.run.request import RunRequest

_OF_EXECUTION = (
    "workers max_failures containers retries repeat shuffle hard_limit soft_limit leaks global_leaks profile config"
).split()
_OF_REPORTS: dict[str, object] = {
    "output_format": "full",
    "output_file": None,
    "reports": (),
    "color": "auto",
    "quiet": False,
    "verbose": False,
    "profile_durations": False,
}
"""What says how a run is told, with what stands there where nothing was given."""


@dataclass(slots=True, frozen=True)
class Call:
    """One call of `canonry run`. ``parse`` reads the arguments of an earlier one."""

    request: RunRequest
    values: Values
    arguments: tuple[str, ...]
    parse: Callable[[list[str]], tuple[RunRequest, Values]]
    resumed: tuple[str, set[str]] | None = None
    """The run that this one goes on with, and the tests that it has done."""


def prepared_for(call: Call, project: Project) -> Prepared:
    """The plan of a call."""
    return prepare(project, call.request, resumed=call.resumed)


def resuming(call: Call) -> Call:
    """The call of the newest interrupted run, for what is left of it. What is given anew wins over what it said.

    Raises `UserError` where there is none, or where it was called in another folder: its paths begin there.
    """
    from canonry.run.past_runs import interrupted

    with open_project(config=call.request.config) as project:
        started, done = interrupted(project.root)
        if started.here != project.here:
            raise UserError(
                f"run `{started.run}` was called in `{project.root / started.here}`; call `canonry run --resume` there"
            )
    request, values = call.parse([each for each in started.arguments if each != "--resume"])
    given = {name: value for name in _OF_EXECUTION if (value := getattr(call.request, name)) is not None}
    told = {name: value for name, usual in _OF_REPORTS.items() if (value := getattr(call.values, name)) != usual}
    merged = Call(
        msgspec.structs.replace(request, **given, resume=True),
        msgspec.structs.replace(call.values, **{name: getattr(values, name) for name in _OF_REPORTS} | told),
        arguments=_joined(started.arguments, call.arguments),
        parse=call.parse,
        resumed=(started.run, done),
    )
    if not merged.values.quiet:
        click.echo(f"canonry: resumes run {started.run}, which has done {len(done):,} tests", err=True)
    return merged


def _joined(earlier: tuple[str, ...], now: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of both calls, so that a run that is interrupted again is resumed as the first one was meant."""
    place = earlier.index("--") if "--" in earlier else len(earlier)
    return (*earlier[:place], *(each for each in now if each != "--resume"), *earlier[place:])


@contextmanager
def opened_output(values: Values) -> Iterator[IO[str]]:
    """Where the report goes: stdout, or the file that was named."""
    try:
        if values.output_file is not None:
            with open(values.output_file, "w", encoding="utf-8", errors="surrogateescape") as out:
                yield out
            return
        if values.output_format != "full" and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename not in (None, str(values.output_file)):
            raise
        place = values.output_file or "the report"
        raise UserError(f"`{place}` cannot be written ({error.strerror}); name another with `--output-file`") from error
