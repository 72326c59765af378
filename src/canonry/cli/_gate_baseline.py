"""`canonry gate baseline` and `canonry gate merge`."""

from pathlib import Path

import click

from canonry.cli._output import config_option, quiet_option, tell, workers_option

_repo = click.option("--repo", type=click.Path(path_type=Path), default=".", metavar="PATH", help="The working tree.")


@click.command("baseline")
@click.argument("repository", required=False, type=click.Path(path_type=Path))
@_repo
@config_option
@workers_option
@quiet_option
def baseline(*, repository: Path | None, repo: Path, config: Path | None, workers: int | None, quiet: bool) -> int:
    """Write `canonry-baseline.jsonl`: the state of the working tree, as what is accepted from now on.

    One entry a line, sorted; the same tree gives the same bytes, and git may merge two of them as the union of their
    lines. Whoever reviews the change of this file sees what is accepted.
    """
    from canonry.audit.request import Request
    from canonry.gate.baseline import NAME
    from canonry.gate.files import new_baseline
    from canonry.gate.writing import write_files
    from canonry.report.progress import show_progress

    request = Request(repository=repository or repo, config=config, workers=workers or 0)
    with show_progress(quiet=quiet) as progress:
        found = new_baseline(request, progress=progress)
    done = write_files(found.root, {NAME: found.after}, origin="gate baseline", reason="writes the baseline")
    said = f"wrote `{NAME}`, {found.entries:,} entries" if done else f"`{NAME}` says what the tree is already"
    tell([said], quiet=quiet)
    return 0


@click.command("merge")
@_repo
@config_option
@workers_option
@quiet_option
def merge(*, repo: Path, config: Path | None, workers: int | None, quiet: bool) -> int:
    """Recompute `canonry-baseline.jsonl` after a merge, with or without the marks of a conflict in it.

    What both sides accepted stays as far as the merged tree still has it; nothing new is accepted. Tests that a side
    had and the merged tree lacks are told, exit 1.
    """
    from canonry.audit.request import Request
    from canonry.gate.baseline import NAME
    from canonry.gate.files import merged_baseline
    from canonry.gate.writing import write_files
    from canonry.report.progress import show_progress

    request = Request(repository=repo, config=config, workers=workers or 0)
    with show_progress(quiet=quiet) as progress:
        found = merged_baseline(request, progress=progress)
    done = write_files(
        found.root, {NAME: found.after}, origin="gate merge", reason="recomputes the baseline", resolves=(NAME,)
    )
    notes = [f"wrote `{NAME}`, {found.entries:,} entries" if done else f"nothing to change in `{NAME}`"]
    notes += [f"`{node}` was on one side, and the merged tree lacks it" for node in found.lacking[:5]]
    if len(found.lacking) > 5:
        notes.append(f"{len(found.lacking) - 5:,} more tests are lacking")
    tell(notes, quiet=quiet)
    return 1 if found.lacking else 0
