"""`canonry changes`: what canonry wrote, and the way back."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import any_bytes, color_option, painted
from canonry.model.errors import UserError

if TYPE_CHECKING:
    from canonry.changes.folder import ChangesFolder
    from canonry.changes.history import Change
    from canonry.changes.journal import FileRecord

_REPO = click.option(
    "--repo",
    type=click.Path(exists=True, path_type=Path),
    default=".",
    metavar="PATH",
    help="The tree: any place in it [default: the current folder].",
)
_FORMAT = click.option(
    "--output-format", type=click.Choice(["full", "json"]), default="full", show_default=True, help="How to say it."
)
_ENDED_EARLY = ("undone", "recovered", "unfinished")


@click.group("changes")
def command() -> None:
    """List what canonry wrote into this tree, show it, and roll it back."""


@command.command("list")
@_REPO
@_FORMAT
@color_option
def list_changes(*, repo: Path, output_format: str, color: str) -> int:
    """List all changes, the oldest first: number, time, state, files, reason.

    States: sealed · rolled back · partly rolled back · undone (it failed and undid itself) · recovered (its process was
    killed, and a later command undid it) · unfinished (at work now). A change that was cut off is undone first.
    """
    from canonry.changes.history import read_history
    from canonry.report.changes import render_list, render_list_json

    folder = _folder(repo)
    _recover(folder)
    changes = read_history(folder)
    out = any_bytes()
    if output_format == "json":
        render_list_json(changes, out)
    else:
        render_list(changes, out, color=painted(color))
    if not changes:
        click.echo(f"canonry: nothing was ever changed in `{folder.root}`", err=True)
    return 0


@command.command("show")
@click.argument("change", metavar="ID")
@_REPO
@_FORMAT
@color_option
def show(*, change: str, repo: Path, output_format: str, color: str) -> int:
    """Show one change: why each file was changed, how sure that was, and the difference.

    The difference comes from what is kept, so it is that of the change itself, whatever became of the files.
    """
    from canonry.changes.history import find_change, read_history
    from canonry.report.changes import render_change, render_change_json

    folder = _folder(repo)
    _recover(folder)
    found = find_change(read_history(folder), change)
    diffs = _diffs(folder, found)
    out = any_bytes()
    if output_format == "json":
        render_change_json(found, diffs, out)
    else:
        render_change(found, diffs, out, color=painted(color), raw=not out.isatty())
    return 0


@command.command("rollback")
@click.argument("change", metavar="ID")
@_REPO
@click.option("--skip-edited", is_flag=True, help="Leave files that were edited since, and roll the others back.")
@click.option("--diff", is_flag=True, help="Show what would be undone, and write nothing.")
@color_option
def rollback(*, change: str, repo: Path, skip_edited: bool, diff: bool, color: str) -> int:
    """Give every file of a change the bytes back that it had before.

    Refuses, and says which, where a file was edited since. A rollback is a change too: rolling it back makes the first
    one again. Exits 1 where files were left with `--skip-edited`, and with `--diff`.
    """
    from canonry.changes.rollback import objection, roll_back
    from canonry.report.changes import render_diff, summary

    folder = _folder(repo)
    if diff:
        found, history = _found(folder, change)
        for text in _reversed_diffs(folder, found):
            render_diff(text, any_bytes(), color=painted(color), raw=not sys.stdout.isatty())
        if refusal := objection(folder.root, history, found):
            click.echo(f"canonry: {refusal}", err=True)
        return 1
    outcome = roll_back(folder.root, change, skip_edited=skip_edited)
    for note in outcome.notes:
        click.echo(f"canonry: {note}", err=True)
    if outcome.files:
        click.echo(f"canonry: {summary(outcome.files, outcome.id, 'rolled back')}", err=True)
    return 1 if outcome.left else 0


def _folder(place: Path) -> "ChangesFolder":
    from canonry.changes.folder import ChangesFolder
    from canonry.source.trees.tree import open_reading_tree

    tree = open_reading_tree(place)
    if tree.by_blob:
        raise UserError(f"`{place}` is a git directory, which holds no files; name a working tree")
    return ChangesFolder(tree.root)


def _recover(folder: "ChangesFolder") -> None:
    """Undoes what was cut off; where that cannot be done now, it is said and the rest is shown."""
    from canonry.changes.recover import recover

    try:
        notes = recover(folder.root)
    except UserError as error:
        notes = (str(error),)
    for note in notes:
        click.echo(f"canonry: {note}", err=True)


def _diffs(folder: "ChangesFolder", change: "Change") -> "list[tuple[FileRecord, str]]":
    from canonry.changes.diff import file_diff
    from canonry.changes.store import ContentStore

    store = ContentStore(folder.store)

    def difference(record: "FileRecord") -> str:
        try:
            before, after = (None if each is None else store.get(each) for each in (record.before, record.after))
        except UserError:
            if change.state in _ENDED_EARLY:  # it may have ended before anything was kept, and nothing was written then
                return ""
            raise
        return file_diff(record.path, before, after, mode=record.mode)

    return [(record, difference(record)) for record in change.header.files]


def _found(folder: "ChangesFolder", wanted: str) -> "tuple[Change, list[Change]]":
    from canonry.changes.history import find_change, read_history

    history = read_history(folder)
    return find_change(history, wanted), history


def _reversed_diffs(folder: "ChangesFolder", change: "Change") -> list[str]:
    from canonry.changes.diff import file_diff
    from canonry.changes.store import ContentStore

    store = ContentStore(folder.store)
    return [
        file_diff(
            record.path,
            None if record.after is None else store.get(record.after),
            None if record.before is None else store.get(record.before),
            mode=record.mode,
        )
        for record in change.header.files
        if record.path in change.standing
    ]
