"""`canonry report guides`."""

from pathlib import Path

import click

from canonry.cli._output import config_option, quiet_option, workers_option
from canonry.model.errors import UserError

_NAME = "MIGRATION_GUIDE.md"


@click.command("guides")
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--output-file", default=_NAME, show_default=True, metavar="FILE", help="Its place, from the root.")
@click.option("--overwrite", is_flag=True, help="Replace a file that canonry did not write.")
@workers_option
@quiet_option
def guides(
    *, repo: Path, config: Path | None, output_file: str, overwrite: bool, workers: int | None, quiet: bool
) -> int:
    """Write MIGRATION_GUIDE.md: what was and what is in this repository, with before and after from its own files.

    The same tree gives the same bytes. A file of that name that canonry did not write is left alone; `canonry changes
    rollback` takes the guide back.
    """
    from canonry.audit.request import Request
    from canonry.changes.folder import ChangesFolder
    from canonry.migrate.codemod import described
    from canonry.migrate.engine import Wanted, migrate
    from canonry.migrate.registry import all_codemods
    from canonry.migrate.shown import done_places, planned_places
    from canonry.report.guides import Guide, render
    from canonry.report.progress import show_progress

    request = Request(repository=repo, config=config, workers=workers or 0)
    with show_progress(quiet=quiet) as progress:
        found = migrate(request, Wanted(review=True), progress=progress)
    if not found.on_disk:
        raise UserError("a git directory holds no files to write to; run this in a working tree")
    guide = Guide(
        canon=found.canon,
        summary=found.summary,
        pages=tuple(map(described, all_codemods().values())),
        planned=planned_places(found),
        done=done_places(ChangesFolder(found.root)),
    )
    written = _write(found.root, output_file, render(guide).encode("utf-8", "replace"), overwrite=overwrite)
    if not quiet:
        click.echo(f"canonry: {'wrote' if written else 'nothing to change in'} `{output_file}`", err=True)
    return 0


def _write(root: Path, name: str, after: bytes, *, overwrite: bool) -> bool:
    """Writes the guide as a change; False where it stands there already. Raises `UserError` for somebody's own file."""
    from canonry.changes.apply import apply_plan
    from canonry.changes.splice import replace_file
    from canonry.model.change_plan import ChangePlan, Verification
    from canonry.report.guides import MARK
    from canonry.source.trees.tree import read_file

    target = root / name
    if not target.resolve().is_relative_to(root.resolve()) or not name.endswith(".md"):
        raise UserError(f"`{name}` is no Markdown file of this tree; name one, such as `docs/{_NAME}`")
    before = read_file(target)
    if before == after:
        return False
    if before is not None and MARK.encode() not in before and not overwrite:
        raise UserError(f"`{name}` is there already and canonry did not write it; name another, or use `--overwrite`")
    change = replace_file(name, before, after, rule="report-guides", reason="what was and what is")
    plan = ChangePlan(
        files=(change,), reason="writes the migration guide", origin="report guides", verification=Verification.OWN
    )
    apply_plan(root, plan, verify=lambda _path, _before, _after: None)
    return True
