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
from canonry.run.project import Project
from canonry.run.request import RunRequest

_OF_EXECUTION = (
    "workers max_failures containers retries repeat shuffle hard_limit soft_limit leaks global_leaks profile config"
).split()


@dataclass(slots=True, frozen=True)
class Call:
    """One call of `canonry run`. ``parse`` reads the arguments of an earlier one."""

    request: RunRequest
    values: Values
    arguments: tuple[str, ...]
    parse: Callable[[list[str]], RunRequest]


def prepared_for(call: Call, project: Project) -> Prepared:
    """The plan of a call, of one that resumes another, too."""
    request = call.request
    if not request.resume:
        return prepare(project, request)
    from canonry.run.past_runs import interrupted

    run, arguments, done = interrupted(project.root)
    earlier = call.parse([each for each in arguments if each != "--resume"])
    given = {name: value for name in _OF_EXECUTION if (value := getattr(request, name)) is not None}
    merged = msgspec.structs.replace(earlier, **given, resume=True)
    if not call.values.quiet:
        click.echo(f"canonry: resumes run {run}, which has done {len(done):,} tests", err=True)
    return prepare(project, merged, resumed=(run, done))


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
