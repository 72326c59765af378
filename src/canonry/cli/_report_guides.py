"""`canonry report guides`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import config_option, quiet_option, tell, workers_option
from canonry.model.errors import NothingValidatedError, UserError

if TYPE_CHECKING:
    from canonry.report.guides.marks import Block
    from canonry.report.guides.subject import Migration, Subject

_NEXT = "`--append` adds the generated part at its end, `--overwrite` replaces it, `--folder` writes elsewhere"


@click.command("guides")
@click.argument("names", nargs=-1, metavar="[GUIDE]...")
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@click.option("--folder", default=".", metavar="FOLDER", help="Where they stand, from the root [default: the root].")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 where a guide is stale, and say which.")
@click.option("--append", is_flag=True, help="Add the generated part at the end of a file without marks.")
@click.option("--overwrite", is_flag=True, help="Replace a file without marks.")
@config_option
@workers_option
@quiet_option
def guides(
    *,
    names: tuple[str, ...],
    repo: Path,
    folder: str,
    check: bool,
    append: bool,
    overwrite: bool,
    config: Path | None,
    workers: int | None,
    quiet: bool,
) -> int:
    """Write the guides of this repository from its canon: how to run tests, to migrate, to test events, what is done.

    GUIDEs are names of files such as TEST_EXECUTION_GUIDE.md [default: all six]. A file that is there changes only
    between its marked lines; one without them is left alone. The same tree gives the same bytes; `canonry changes
    rollback` takes them back.
    """
    from canonry.cli.canon import root_of
    from canonry.report.guides.pages import PAGES, blocks

    chosen = _chosen(names, list(PAGES))
    if check and (append or overwrite):
        raise UserError("`--check` writes nothing; leave out `--append` and `--overwrite`")
    root = root_of(repo)
    place = _inside(root, folder)
    subject = _subject(root, config, migration=_migration(root, config, chosen, workers, quiet=quiet))
    made = {str(place / name): blocks(name, subject) for name in chosen}
    if check:
        return _check(root, made, quiet=quiet)
    return _write(root, made, append=append, overwrite=overwrite, quiet=quiet)


def _chosen(names: tuple[str, ...], known: list[str]) -> list[str]:
    from canonry.canon.keys import nearest

    for name in names:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{each}`' for each in known)}"
            raise UserError(f"there is no guide `{name}`; {hint}")
    return [name for name in known if name in names] if names else known


def _inside(root: Path, folder: str) -> Path:
    """The folder from the root of the tree. Raises `UserError` where it is outside."""
    target = (root / folder).resolve()
    if not target.is_relative_to(root.resolve()) or (target.exists() and not target.is_dir()):
        raise UserError(f"`{folder}` is no folder of this tree; name one, such as `docs/testing`")
    return target.relative_to(root.resolve())


def _migration(
    root: Path, config: Path | None, chosen: list[str], workers: int | None, *, quiet: bool
) -> "Migration | None":
    """What codemods find, where the guide about them is wanted."""
    from canonry.report.guides.pages import MIGRATION

    if MIGRATION not in chosen:
        return None
    from canonry.audit.request import Request
    from canonry.changes.folder import ChangesFolder
    from canonry.migrate.engine import Wanted, migrate
    from canonry.migrate.shown import done_places, planned_places
    from canonry.report.guides.subject import Migration
    from canonry.report.progress import show_progress

    request = Request(repository=root, config=config, workers=workers or 0)
    with show_progress(quiet=quiet) as progress:
        found = migrate(request, Wanted(review=True), progress=progress)
    if not found.on_disk:
        raise UserError("a git directory holds no files to write to; run this in a working tree")
    done = done_places(ChangesFolder(found.root))
    return Migration(summary=found.summary, planned=planned_places(found), done=done)


def _subject(root: Path, config: Path | None, *, migration: "Migration | None") -> "Subject":
    from canonry.cli.canon import load
    from canonry.migrate.codemod import described
    from canonry.migrate.registry import all_codemods
    from canonry.report.guides.contracts import contracts_of
    from canonry.report.guides.subject import Subject
    from canonry.run.script import is_wrapper

    loaded = load(root, config)
    words = loaded.canon.canon.runner.split()
    return Subject(
        canon=loaded.canon,
        file=loaded.file or "pyproject.toml",
        wrapper=any(is_wrapper(root, each) for each in words if each.endswith(".py")),
        contracts=contracts_of(loaded.canon, root),
        pages=tuple(map(described, all_codemods().values())),
        migration=migration,
    )


def _check(root: Path, made: "dict[str, tuple[Block, ...]]", *, quiet: bool) -> int:
    from canonry.report.guides.marks import Found, look, renewed
    from canonry.source.trees.tree import read_file

    stale, judged, notes = [], 0, []
    for path, parts in made.items():
        before = read_file(root / path)
        match look(before, parts):
            case Found.MISSING:
                stale.append(f"`{path}` is not there")
            case Found.FOREIGN:
                notes.append(f"`{path}` has no marks of canonry, so nothing in it was checked")
            case Found.DAMAGED:
                stale.append(f"`{path}` has marks that do not pair")
            case Found.MARKED:
                judged += 1
                if before is not None and renewed(before, parts, judged_only=True) != before:
                    stale.append(f"`{path}` does not say what the tree and its canon say")
    tell(notes, quiet=quiet)
    if not stale and not judged:
        raise NothingValidatedError("no guide has a generated part; `canonry report guides --append` adds them")
    for each in stale:
        click.echo(f"stale: {each}; run `canonry report guides`")
    if not stale:
        tell([f"{judged} {'guide says' if judged == 1 else 'guides say'} what the tree and its canon say"], quiet=quiet)
    return 1 if stale else 0


def _write(root: Path, made: "dict[str, tuple[Block, ...]]", *, append: bool, overwrite: bool, quiet: bool) -> int:
    """Writes what changes as one change. Raises `UserError` at the end for files that were left alone."""
    from canonry.changes.apply import apply_plan
    from canonry.changes.splice import replace_file
    from canonry.model.change_plan import ChangePlan, Verification
    from canonry.report.guides.marks import Found, appended, fresh, look, renewed
    from canonry.source.trees.tree import read_file

    changes, left = [], []
    for path, parts in made.items():
        before = read_file(root / path)
        found = look(before, parts)
        if found is Found.MARKED and before is not None:
            after = renewed(before, parts)
        elif before is None or overwrite:
            after = fresh(parts)
        elif found is Found.FOREIGN and append:
            after = appended(before, parts)
        else:
            why = "has marks that do not pair" if found is Found.DAMAGED else "is there already and has no marks"
            left.append(f"`{path}` {why}: canonry did not write it, and leaves it alone")
            continue
        if after != before:
            changes.append(replace_file(path, before, after, rule="report-guides", reason="what the canon says"))
    if changes:
        plan = ChangePlan(
            files=tuple(changes), reason="writes guides", origin="report guides", verification=Verification.OWN
        )
        apply_plan(root, plan, verify=lambda _path, _before, _after: None)
    written = [f"wrote `{change.path}`" for change in changes]
    tell(written or ([] if left else ["nothing to change: the guides say what the canon says"]), quiet=quiet)
    if left:
        raise UserError(f"{'; '.join(left)}; {_NEXT}")
    return 0
