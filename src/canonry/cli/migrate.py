"""`canonry migrate`."""

import gc
import sys
from pathlib import Path
from typing import IO

import click

from canonry.audit.request import Request
from canonry.cli import _waves
from canonry.cli._migrate_compare import compare
from canonry.cli._output import (
    color_option,
    config_option,
    is_raw,
    output_file_option,
    painted,
    quiet_option,
    show,
    workers_option,
)
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.model.errors import UserError
from canonry.model.migration import MigrationSummary
from canonry.report.progress import show_progress


class _WithDefault(click.Group):
    """A group whose first word may be a path: then the first command is meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with the name of the default command put before what is none."""
        if args and args[0] not in self.commands and not Path(args[0]).exists():
            args = _named(args)
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["files", *args]
        return super().parse_args(ctx, args)


def _named(args: list[str]) -> list[str]:
    """The arguments with a codemod's name in front written as an option; `--compare SCRIPT` as the command."""
    from canonry.migrate.registry import all_codemods

    if args[0] not in all_codemods():
        return args
    if args[0] == "runner-scripts" and "--compare" in args[1:]:
        rest = args[1:]
        rest.remove("--compare")
        return ["compare", *rest]
    return ["files", "--codemod", args[0], *args[1:]]


@click.group("migrate", cls=_WithDefault)
def command() -> None:
    """Move files to the canon: `canonry migrate [PATH]...` previews, `--write` writes.

    `canonry migrate files --help` says all about it. Thousands of files go in waves, each proved by its tests: `plan`,
    then `next` until `status` says that nothing is left.
    """


command.add_command(_waves.plan)
command.add_command(_waves.next_)
command.add_command(_waves.status)


@command.command("files")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--codemod", "codemods", multiple=True, metavar="NAME", help="Only this codemod [default: all].")
@click.option("--repo", type=click.Path(path_type=Path), help="A repository: a working tree or a (bare) git directory.")
@click.option("--rev", help="Migrate the files of this commit, without a checkout; see --output.")
@config_option
@click.option("--target-python", metavar="3.N", help="Judge syntax at this Python version.")
@click.option("--write", is_flag=True, help="Apply the edits that are graded safe.")
@click.option("--review", is_flag=True, help="Plan (and with --write apply) those graded review, too.")
@click.option(
    "--prove/--no-prove",
    default=None,
    help="Collect what rewritten commands select, and refuse those that select other tests [default: with --write].",
)
@click.option("--output", type=click.Path(path_type=Path), metavar="DIR", help="Write the results below DIR.")
@click.option("--owner", multiple=True, metavar="NAME", help="Only files of this owner in CODEOWNERS.")
@click.option("--category", multiple=True, metavar="NAME", help="Only files of this category of the canon.")
@click.option("--flow", multiple=True, metavar="NAME", help="Only tests and components of this flow of the canon.")
@click.option("--diff/--no-diff", default=True, show_default=True, help="Show what would change (full format).")
@click.option(
    "--output-format", type=click.Choice(["full", "concise", "json", "markdown"]), default="full", show_default=True
)
@output_file_option
@workers_option
@click.option("--no-cache", is_flag=True, help="Keep no cache.")
@color_option
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Every finding, safe ones included.")
def files(  # one parameter per option, in the order of the help page
    paths: tuple[str, ...],
    codemods: tuple[str, ...],
    repo: Path | None,
    rev: str | None,
    config: Path | None,
    target_python: str | None,
    write: bool,
    review: bool,
    prove: bool | None,
    output: Path | None,
    owner: tuple[str, ...],
    category: tuple[str, ...],
    flow: tuple[str, ...],
    diff: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    no_cache: bool,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Move files to the canon with codemods, each of which answers the findings of some rules.

    PATHs are files or folders (default: the repository around the current folder); a first PATH that is a git
    directory names the repository. Every result parses, keeps its tests and assertions, and is left alone by a second
    run; where that cannot be had the finding is listed with the reason. Nothing is written without `--write`, which
    `canonry changes rollback` undoes, or `--output`, which leaves the tree alone.

    Exits 1 while edits are left to apply.
    """
    _check(write=write, output=output, rev=rev)
    paths, codemods = _waves.named_codemods(paths, codemods)
    gc.disable()
    request = Request(
        paths=paths,
        repository=repo,
        revision=rev,
        config=config,
        target=target_python,
        workers=workers or 0,
        cache=not no_cache,
        owners=owner,
        categories=category,
        flows=flow,
    )
    wanted = Wanted(codemods=codemods, review=review, proved=write if prove is None else prove)
    with show_progress(quiet=quiet) as progress:
        found = migrate(request, wanted, progress=progress)
    return finish(
        found,
        write=write,
        review=review,
        output=output,
        diff=diff,
        output_format=output_format,
        output_file=output_file,
        color=color,
        quiet=quiet,
        verbose=verbose,
    )


command.add_command(compare)


@command.command("list")
@color_option
def list_codemods(*, color: str) -> int:
    """List all codemods: name, what each does, the rules whose findings it answers."""
    from canonry.migrate.codemod import described
    from canonry.migrate.registry import all_codemods
    from canonry.report.migration import render_codemods

    coloured = painted(color)
    render_codemods(map(described, all_codemods().values()), sys.stdout, color=coloured)
    return 0


def finish(
    found: Migrated,
    *,
    write: bool,
    review: bool,
    output: Path | None,
    diff: bool,
    output_format: str,
    output_file: Path | None,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Writes what is to be written, reports, and gives the exit status: 1 while planned edits are not on disk."""
    if write and not found.on_disk:
        raise UserError("a git directory holds no files to write to; name a folder for the results with `--output`")
    summary = found.summary
    notes = list(summary.notes)
    if write:
        from canonry.migrate.writing import write_migration

        summary, said = write_migration(found)
        notes += said
    if output is not None:
        notes.append(_write_below(found, output))
    shown = diff and not write and output is None

    def render(out: IO[str], coloured: bool) -> None:
        _render(found, summary, out, output_format, diff=shown, review=review, color=coloured, verbose=verbose)

    show(render, notes, output_file, color=color, quiet=quiet, terminal=output_format not in ("json", "markdown"))
    return 0 if output is not None else int(any(item.planned and not item.written for item in summary.items))


def _check(*, write: bool, output: Path | None, rev: str | None) -> None:
    """Raises `UserError` for options that do not go together."""
    if write and rev is not None:
        raise UserError("a commit cannot be written to; name a folder for the results with `--output`")
    if write and output is not None:
        raise UserError("`--write` changes the tree, `--output` leaves it alone; give one of them")


def _write_below(found: Migrated, folder: Path) -> str:
    from canonry.migrate.outputs import write_beside

    count = write_beside(found, folder)
    return f"wrote {count:,} {'file' if count == 1 else 'files'} below `{folder}`"


def _render(
    found: Migrated,
    summary: MigrationSummary,
    out: IO[str],
    output_format: str,
    *,
    diff: bool,
    review: bool,
    color: bool,
    verbose: bool,
) -> None:
    if output_format == "json":
        from canonry.report.migration_data import render_json

        render_json(summary, out)
        return
    if output_format == "markdown":
        from canonry.report.migration_data import render_markdown

        render_markdown(summary, out)
        return
    from canonry.report.changes import render_diff
    from canonry.report.migration import render_concise, render_items, render_summary

    if output_format == "concise":
        render_concise(summary, out)
    else:
        if diff and found.plan.files:
            from canonry.changes.diff import plan_diff

            text = plan_diff(found.plan, found.before.get)
            render_diff(text, out, color=color, raw=is_raw(out))
        render_items(summary, out, color=color, verbose=verbose)
    out.write("\n")
    render_summary(summary, out, color=color, review=review)
