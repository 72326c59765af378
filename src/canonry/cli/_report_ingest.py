"""`canonry report ingest`."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import config_option, quiet_option
from canonry.cli.canon import load, root_of

if TYPE_CHECKING:
    from canonry.standing.ingest import Ingested


@click.command("ingest")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option(
    "--into", metavar="VARIABLE", help="Only into the PostgreSQL whose address this environment variable holds."
)
@quiet_option
def ingest(*, files: tuple[Path, ...], repo: Path, config: Path | None, into: str | None, quiet: bool) -> int:
    """Add runs, audits, loads and gate results to the history; what is there already stays as it is.

    FILEs are recordings (`.canonry/runs`), JSON reports of `canonry audit`, `load` and `gate`, or folders of them.
    Without one, all recordings and changes of this tree are added. They go into the history of the tree, and into the
    shared one that the canon declares.
    """
    from canonry.report.progress import show_progress
    from canonry.run.keeping import named_histories
    from canonry.standing.ingest import files_below, files_of_tree, ingest_changes, ingest_files

    gc.disable()  # rows by the hundred thousand, none of them in a cycle
    root = root_of(repo)
    canon = load(root, config).canon
    chosen = files_below(files) if files else files_of_tree(root)
    notes: list[str] = []
    problems: dict[str, None] = {}
    with show_progress(quiet=quiet) as progress:
        for name, opened in named_histories(root, canon.history, into, notes):
            with opened as history:
                found = ingest_files(history, chosen, progress=lambda done: progress("reading", done, len(chosen)))
                if not files:
                    found += ingest_changes(history, root)
            problems.update(dict.fromkeys(found.problems))
            for line in _said(name, found):
                click.echo(line)
    for note in (*notes, *problems):
        click.echo(f"canonry: {note}", err=True)
    return 2 if problems else 0


def _said(name: str, found: "Ingested") -> Iterator[str]:
    known = f" ({found.known:,} were there)" if found.known else ""
    yield f"{name}: {found.new:,} {'run' if found.new == 1 else 'runs'} added{known}, {found.results:,} results"
    if found.measured or found.measured_known:
        known = f" ({found.measured_known:,} were there)" if found.measured_known else ""
        yield f"{name}: {found.measured:,} {'measurement' if found.measured == 1 else 'measurements'} added{known}"
    if found.running:
        yield f"{name}: {found.running:,} still run and add themselves when they end"
