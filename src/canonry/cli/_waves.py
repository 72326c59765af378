"""`canonry migrate plan`, `next` and `status`: a migration in waves."""

import sys
from functools import partial
from pathlib import Path
from typing import IO

import click

from canonry.audit.request import Request
from canonry.cli._output import (
    color_option,
    config_option,
    is_raw,
    painted,
    quiet_option,
    tell,
    workers_option,
    write_report,
)
from canonry.model.errors import UserError
from canonry.model.waves import Level, State, Status, WaveStatus

_FORMAT = click.option(
    "--output-format", type=click.Choice(["full", "json", "markdown"]), default="full", show_default=True
)
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="All files, tests and findings.")


def named_codemods(paths: tuple[str, ...], codemods: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths and codemods of a call; a word that names a codemod, and no file, stands for that."""
    from canonry.migrate.registry import all_codemods

    known = all_codemods()
    names = tuple(each for each in paths if each in known and not Path(each).exists())
    return tuple(each for each in paths if each not in names), (*codemods, *names)


def _issues(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[int, str]:
    found: dict[int, str] = {}
    for each in given:
        wave, separator, issue = each.partition("=")
        if not separator or not wave.isdecimal() or not issue.strip():
            raise click.BadParameter(f"`{each}` is not WAVE=NUMBER, such as `2=114`")
        found[int(wave)] = issue.strip().removeprefix("#")
    return found


@click.command("plan")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--codemod", "codemods", multiple=True, metavar="NAME", help="Only this codemod [default: all].")
@click.option("--without", multiple=True, metavar="NAME", help="All codemods but this one.")
@click.option("--review", is_flag=True, help="Plan the edits that are graded review, too.")
@click.option("--size", type=click.IntRange(min=1), default=50, show_default=True, help="Files in a wave, at most.")
@click.option("--owner", multiple=True, metavar="NAME", help="Only files of this owner in CODEOWNERS.")
@click.option("--category", multiple=True, metavar="NAME", help="Only files of this category of the canon.")
@click.option("--flow", multiple=True, metavar="NAME", help="Only tests and components of this flow of the canon.")
@click.option("--issue", "issues", multiple=True, metavar="WAVE=NUMBER", callback=_issues, help="The issue of a wave.")
@click.option(
    "--prove/--no-prove",
    default=True,
    show_default=True,
    help="Collect what rewritten commands select, and refuse those that select other tests.",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the plan to this file, too.")
@config_option
@click.option("--target-python", metavar="3.N", help="Judge syntax at this Python version.")
@workers_option
@_FORMAT
@color_option
@quiet_option
@_VERBOSE
def plan(  # one parameter per option, in the order of the help page
    paths: tuple[str, ...],
    codemods: tuple[str, ...],
    without: tuple[str, ...],
    review: bool,
    size: int,
    owner: tuple[str, ...],
    category: tuple[str, ...],
    flow: tuple[str, ...],
    issues: dict[int, str],
    prove: bool,
    output: Path | None,
    config: Path | None,
    target_python: str | None,
    workers: int | None,
    output_format: str,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Split all planned edits into waves: the canary first, then by risk, priority, owner and size.

    The plan is kept in `.canonry/migrate`; the newest one counts. No file of yours changes. `canonry migrate next`
    takes one wave after the other. Planning again keeps what landed, and leaves to a hand what an earlier wave could
    not keep.
    `--output` writes Markdown where FILE ends with `.md`, JSON where it ends with `.json`.

    Exits 1 while a wave is left to take.
    """
    from canonry.migrate.waves.remake import make_plan
    from canonry.migrate.waves.status import read_status
    from canonry.report.progress import show_progress

    form = _form_of(output) if output is not None else ""
    paths, codemods = named_codemods(paths, codemods)
    request = Request(
        paths=paths,
        config=config,
        target=target_python,
        workers=workers or 0,
        owners=owner,
        categories=category,
        flows=flow,
    )
    with show_progress(quiet=quiet) as progress:
        made, found = make_plan(
            request,
            codemods=codemods,
            without=without,
            review=review,
            size=size,
            issues=issues,
            prove=prove,
            arguments=tuple(sys.argv[1:]),
            progress=progress,
        )
    tell(found.summary.notes, quiet=quiet)
    status = read_status(found.root)
    if output is not None:
        write_report(lambda out: _render(status, out, form, color=False, verbose=verbose), output)
    write_report(lambda out: _render(status, out, output_format, color=painted(color), verbose=verbose))
    return int(bool(made.waves))


@click.command("next")
@click.argument("more", nargs=-1, metavar="")
@click.option("--write", is_flag=True, help="Take the wave: try it, prove it, write what may stay.")
@click.option("--all", "every", is_flag=True, help="Take one wave after the other, until one stops the plan.")
@click.option(
    "--level",
    type=click.Choice([each.value for each in Level]),
    default=Level.RUN.value,
    show_default=True,
    help="How far a wave is proved.",
)
@click.option(
    "--repeat-before",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    metavar="N",
    help="How often its tests run before, so that flaky ones are known.",
)
@click.option("--in-place", is_flag=True, help="Try it in the tree, under the journal, instead of in a copy.")
@click.option("--accept-unmasked", is_flag=True, help="Keep files whose tests fail and never really ran before.")
@click.option("--accept-slower", is_flag=True, help="Keep a wave whose tests take longer.")
@click.option("--go-on", is_flag=True, help="Go past a stop, without the files that caused it.")
@click.option("--profile", metavar="NAME", help="The profile of the canon under which tests run.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes that run tests.")
@click.option("--no-docker", is_flag=True, help="Refuse containers.")
@click.option("--pytest-option", "pytest_options", multiple=True, metavar="OPTION", help="Handed to pytest as it is.")
@click.option("--diff/--no-diff", default=True, show_default=True, help="Show what would change.")
@config_option
@_FORMAT
@color_option
@quiet_option
@_VERBOSE
def next_(  # one parameter per option, in the order of the help page
    more: tuple[str, ...],
    write: bool,
    every: bool,
    level: str,
    repeat_before: int,
    in_place: bool,
    accept_unmasked: bool,
    accept_slower: bool,
    go_on: bool,
    profile: str | None,
    workers: int | None,
    no_docker: bool,
    pytest_options: tuple[str, ...],
    diff: bool,
    config: Path | None,
    output_format: str,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Show the next wave; with `--write`, take it: its tests before and after, then what may stay is written.

    Accepted is only what loses no test and lets none fail that passed, tests known as flaky aside. Files that do not
    hold to that are found by bisection and left to a hand; the rest is written as one change, which `canonry changes
    rollback` undoes. A canary that is not clean, too many guilty files and slower tests stop the plan.

    Exits 1 while a wave is left in a preview, and where something of a wave could not stay.
    """
    from canonry.migrate.equivalence.observe import Conditions
    from canonry.migrate.equivalence.prove import Terms
    from canonry.migrate.waves.take import Taking

    if more:
        raise UserError(
            f"waves are taken in their order, so `next` takes no `{more[0]}`; leave it out, or add `--all`; `canonry "
            "migrate plan PATH` plans a part"
        )
    if every and not write:
        raise UserError("`--all` takes waves, so it needs `--write`; `canonry migrate status` shows all of them")
    root = _root()
    if not write:
        return _preview(
            root,
            diff=diff,
            go_on=go_on,
            output_format=output_format,
            color=painted(color),
            quiet=quiet,
            verbose=verbose,
        )
    taking = Taking(
        conditions=Conditions(
            config=config,
            profile=profile,
            workers=workers,
            containers=False if no_docker else None,
            pytest_arguments=pytest_options,
        ),
        terms=Terms(
            level=Level(level),
            repeat=repeat_before,
            accept_unmasked=accept_unmasked,
            accept_slower=accept_slower,
        ),
        in_place=in_place,
        go_on=go_on,
    )
    return _take(
        root, taking, every=every, output_format=output_format, color=painted(color), quiet=quiet, verbose=verbose
    )


@click.command("status")
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write it to this file, too.")
@_FORMAT
@color_option
@quiet_option
@_VERBOSE
def status(*, output: Path | None, output_format: str, color: str, quiet: bool, verbose: bool) -> int:
    """Show where the plan stands: what landed, what could not, what is left, and the effort that was measured.

    A change that was cut off is undone first. Exits 1 while a wave is left to take.
    """
    from canonry.migrate.waves.status import read_status

    form = _form_of(output) if output is not None else ""
    found = read_status(_root())
    tell(found.notes, quiet=quiet)
    if output is not None:
        write_report(lambda out: _render(found, out, form, color=False, verbose=verbose), output)
    write_report(lambda out: _render(found, out, output_format, color=painted(color), verbose=verbose))
    return int(bool(found.open))


def _preview(
    root: Path, *, diff: bool, go_on: bool, output_format: str, color: bool, quiet: bool, verbose: bool
) -> int:
    from canonry.changes.diff import plan_diff
    from canonry.migrate.waves.status import read_status
    from canonry.migrate.waves.take import next_wave
    from canonry.model.change_plan import ChangePlan
    from canonry.report.changes import render_diff
    from canonry.report.waves import render_wave
    from canonry.source.trees.tree import read_file

    found = read_status(root)
    tell(found.notes, quiet=quiet)
    chosen = next_wave(found, go_on=go_on)
    if chosen is None:
        tell(("all waves are done",), quiet=quiet)
        return 0
    if output_format != "full":
        one = Status(plan=found.plan, waves=(chosen,), log=found.log, notes=found.notes)
        write_report(lambda out: _render(one, out, output_format, color=color, verbose=verbose))
        return 1
    files = tuple(file.change for file in chosen.wave.files)
    change = ChangePlan(files=files, reason=chosen.wave.title, origin="migrate next")

    def render(out: IO[str]) -> None:
        if diff:
            text = plan_diff(change, lambda path: read_file(root / path))
            render_diff(text, out, color=color, raw=is_raw(out))
        render_wave(chosen.wave, out, color=color, verbose=verbose)

    write_report(render)
    return 1


def _take(
    root: Path, taking: object, *, every: bool, output_format: str, color: bool, quiet: bool, verbose: bool
) -> int:
    from canonry.migrate.waves.status import read_status
    from canonry.migrate.waves.take import Taking, Work, take_waves
    from canonry.report.waves import render_taken

    assert isinstance(taking, Taking)
    numbers: list[int] = []
    work = Work(root, taking, tell=lambda text: tell((text,), quiet=quiet))
    for taken in take_waves(work):
        numbers.append(taken.wave.number)
        tell(taken.notes, quiet=quiet or len(numbers) > 1)  # later, they would tell of the waves before
        now = _of(read_status(root), numbers[-1:])[0]
        if output_format == "full":
            write_report(partial(render_taken, now, color=color, verbose=verbose))
        if not every or now.state is State.STOPPED:
            break
    found = read_status(root)
    done = _of(found, numbers)
    if not numbers:
        tell(("all waves are done",), quiet=quiet)
    if output_format != "full":
        some = Status(plan=found.plan, waves=tuple(done), log=found.log, notes=found.notes)
        write_report(lambda out: _render(some, out, output_format, color=color, verbose=verbose))
    return int(any(each.state is not State.LANDED for each in done))


def _of(found: Status, numbers: list[int]) -> list[WaveStatus]:
    return [each for each in found.waves if each.wave.number in numbers]


def _render(found: Status, out: IO[str], output_format: str, *, color: bool, verbose: bool) -> None:
    if output_format == "json":
        from canonry.report.waves_json import render_json

        render_json(found, out)
    elif output_format == "markdown":
        from canonry.report.waves_markdown import render_markdown

        render_markdown(found, out)
    elif found.plan.waves or found.plan.by_hand:
        from canonry.report.waves import render_status

        render_status(found, out, color=color, verbose=verbose)
    else:
        out.write("nothing that a codemod answers\n")


def _root() -> Path:
    from canonry.source.trees.tree import open_reading_tree

    tree = open_reading_tree(Path())
    if tree.by_blob:
        raise UserError("a git directory holds no files; call this in a working tree")
    return tree.root


def _form_of(output: Path) -> str:
    form = {".md": "markdown", ".json": "json", ".txt": "full"}.get(output.suffix)
    if form is None:
        raise UserError(f"`{output}` names no format; let it end with `.md`, `.json` or `.txt`")
    return form
