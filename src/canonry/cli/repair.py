"""`canonry repair`."""

import gc
from pathlib import Path
from typing import IO

import click

from canonry.audit.request import Request
from canonry.cli._output import (
    color_option,
    config_option,
    is_raw,
    output_file_option,
    painted,
    quiet_option,
    tell,
    workers_option,
    write_report,
)
from canonry.model.errors import UserError
from canonry.model.repair import RepairSummary, Verdict
from canonry.repair.engine import Repaired, Wanted, repair
from canonry.report.progress import show_progress

_MENDABLE = (Verdict.BROKEN, Verdict.COMMENTED_OUT)


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--repo", type=click.Path(path_type=Path), help="A repository: a working tree or a (bare) git directory.")
@click.option("--rev", help="Repair the files of this commit, without a checkout; see --output.")
@config_option
@click.option("--target-python", metavar="3.N", help="Judge syntax at this Python version.")
@click.option("--write", is_flag=True, help="Apply the proposals that are graded safe.")
@click.option("--review", is_flag=True, help="With --write: apply those graded review too.")
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write every proposal that parses below DIR."
)
@click.option("--no-history", is_flag=True, help="Ask no history: mend every file by its own lines.")
@click.option("--explain", is_flag=True, help="Show the commits that did the damage and what each broke.")
@click.option("--owner", multiple=True, metavar="NAME", help="Only files of this owner in CODEOWNERS.")
@click.option("--category", multiple=True, metavar="NAME", help="Only files of this category of the canon.")
@click.option("--flow", multiple=True, metavar="NAME", help="Only tests and components of this flow of the canon.")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help="At most N files, flows and critical categories first."
)
@click.option("--diff/--no-diff", default=True, show_default=True, help="Show what would change (full format).")
@click.option(
    "--output-format", type=click.Choice(["full", "concise", "json", "markdown"]), default="full", show_default=True
)
@output_file_option
@workers_option
@click.option("--no-cache", is_flag=True, help="Keep no cache.")
@color_option
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Every lost word, refused change and file of a commit.")
def command(  # one parameter per option, in the order of the help page
    paths: tuple[str, ...],
    repo: Path | None,
    rev: str | None,
    config: Path | None,
    target_python: str | None,
    write: bool,
    review: bool,
    output: Path | None,
    no_history: bool,
    explain: bool,
    owner: tuple[str, ...],
    category: tuple[str, ...],
    flow: tuple[str, ...],
    limit: int | None,
    diff: bool,
    output_format: str,
    output_file: Path | None,
    workers: int | None,
    no_cache: bool,
    color: str,
    quiet: bool,
    verbose: bool,
) -> int:
    """Mend files that do not parse, and test files that were commented out, from their history or by their lines.

    PATHs are files or folders (default: the repository around the current folder); a first PATH that is a git
    directory names the repository. A file that parses is never touched, nothing that was repaired is run, and nothing
    is written without `--write`, which `canonry changes rollback` undoes, or `--output`, which leaves the tree alone.

    Exits 1 while a damaged file remains.
    """
    _check(write=write, review=review, output=output, rev=rev, explain=explain)
    for path in paths if write else ():
        if Path(path).is_symlink():
            raise UserError(f"`{path}` is a link to `{Path(path).resolve()}`; name that one")
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
    wanted = Wanted(history=not no_history, limit=limit or 0, named=not write)
    with show_progress(quiet=quiet) as progress:
        found = repair(request, wanted, progress=progress)
    if write and not found.on_disk:
        raise UserError("a git directory holds no files to write to; name a folder for the proposals with `--output`")
    for note in () if quiet else found.summary.notes:
        click.echo(f"canonry: {note}", err=True)
    summary = found.summary
    if write:
        summary = _apply(found, review=review, quiet=quiet)
    if output is not None:
        _write_below(found, output, quiet=quiet)
    coloured = painted(color, output_file)
    shown = diff and output is None and not write and not explain

    def render(out: IO[str]) -> None:
        _render(found, summary, out, output_format, explain=explain, diff=shown, color=coloured, verbose=verbose)

    write_report(render, output_file, terminal=output_format not in ("json", "markdown"))
    return _status(summary, found, outside=output is not None)


def _check(*, write: bool, review: bool, output: Path | None, rev: str | None, explain: bool) -> None:
    """Raises `UserError` for options that do not go together."""
    if write and rev is not None:
        raise UserError("a commit cannot be written to; name a folder for the proposals with `--output`")
    if write and output is not None:
        raise UserError("`--write` changes the tree, `--output` leaves it alone; give one of them")
    if review and not write:
        raise UserError("`--review` says what `--write` applies; give both, or neither to see all proposals")
    if explain and (write or output is not None):
        raise UserError("`--explain` only tells who did the damage; leave out `--write` and `--output`")


def _apply(found: Repaired, *, review: bool, quiet: bool) -> RepairSummary:
    from canonry.repair.writing import write_repairs

    summary, notes = write_repairs(found, review=review)
    tell(notes, quiet=quiet)
    return summary


def _write_below(found: Repaired, folder: Path, *, quiet: bool) -> None:
    """Writes every proposal below a folder, whatever its grade."""
    from canonry.changes.export import export_files

    count = export_files(folder, found.after, tree=found.root)
    if not quiet:
        files = "1 proposal" if count == 1 else f"{count:,} proposals"
        click.echo(f"canonry: wrote {files} below `{folder}`", err=True)


def _render(
    found: Repaired,
    summary: RepairSummary,
    out: IO[str],
    output_format: str,
    *,
    explain: bool,
    diff: bool,
    color: bool,
    verbose: bool,
) -> None:
    if output_format == "json":
        from canonry.report.repair_json import render

        render(summary, out)
    elif output_format == "markdown":
        from canonry.report.repair_markdown import render as render_markdown

        render_markdown(summary, out)
    else:
        _render_text(found, summary, out, output_format, explain=explain, diff=diff, color=color, verbose=verbose)


def _render_text(
    found: Repaired,
    summary: RepairSummary,
    out: IO[str],
    output_format: str,
    *,
    explain: bool,
    diff: bool,
    color: bool,
    verbose: bool,
) -> None:
    from canonry.report.changes import render_diff
    from canonry.report.repair import render_concise, render_culprits, render_files, render_summary

    if explain:
        render_culprits(summary.culprits, out, color=color, verbose=verbose)
    elif output_format == "concise":
        render_concise(summary, out)
    else:
        if diff and found.after:
            render_diff(_diff(found), out, color=color, raw=is_raw(out))
        render_files(summary, out, color=color, verbose=verbose)
    out.write("\n")
    render_summary(summary, out, color=color, preview=diff)


def _diff(found: Repaired) -> str:
    from canonry.changes.diff import plan_diff
    from canonry.repair.plan import plan_repairs

    return plan_diff(plan_repairs(found.summary.repairs, found.before, found.after), found.before.get)


def _status(summary: RepairSummary, found: Repaired, *, outside: bool) -> int:
    """1 while a damaged file remains without what was asked for: its repair on disk, or its proposal in the folder."""
    done = set(found.after) if outside else {each.path for each in summary.repairs if each.written}
    remains = [each for each in summary.repairs if each.verdict in _MENDABLE and each.path not in done]
    return 1 if remains or summary.left_out else 0
