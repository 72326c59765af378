"""`canonry report prune`."""

import re
from pathlib import Path

import click

from canonry.cli._output import config_option, quiet_option, tell
from canonry.cli.canon import load, root_of
from canonry.model.errors import UserError

_KEEP = re.compile(r"([1-9]\d{0,6})(d|days?|runs?)?")


@click.command("prune")
@click.option(
    "--keep", required=True, metavar="90d|500", help="Runs of the last 90 days, or the newest 500 runs, stay."
)
@click.option("--repo", type=click.Path(exists=True, path_type=Path), default=".", metavar="PATH", help="The tree.")
@config_option
@click.option("--into", metavar="VARIABLE", help="Only the PostgreSQL whose address this environment variable holds.")
@click.option("--write", is_flag=True, help="Take them away; without it they are only counted.")
@quiet_option
def prune(*, keep: str, repo: Path, config: Path | None, into: str | None, write: bool, quiet: bool) -> int:
    """Take old runs out of the history: of the tree, and the shared one that the canon declares.

    Nothing leaves a history by itself. Results, what failures said and coverage of a run go with it; how each test last
    ended and what it takes stays, and so do the numbers of audits and checkpoints. Recordings are apart (`run.keep`):
    `canonry report ingest` adds again what they still hold. Exit 1 where runs would go and `--write` is not given.
    """
    from canonry.history.store.pruning import Keep
    from canonry.run.keeping import has_shared, history_path, named_histories

    found = _KEEP.fullmatch(keep)
    if found is None:
        raise UserError(f"`--keep {keep}` says neither days nor runs; give `90d` for days, or `500` for runs")
    number, unit = int(found[1]), found[2] or "runs"
    wanted = Keep(days=number) if unit.startswith("d") else Keep(runs=number)
    root = root_of(repo)
    declared = load(root, config).canon.history
    if into is None and not history_path(root).exists():
        tell(["no history is kept here, so nothing can go; `canonry run` begins one"], quiet=quiet)
        if not has_shared(declared):
            return 0  # looking begins none
    notes: list[str] = []
    open_ones = 0
    for name, opened in named_histories(root, declared, into, notes):
        with opened as history:
            gone = history.prune(wanted, write=write)
        open_ones += 0 if write else gone.runs
        verb = ("went" if write else "would go") if gone.runs else "have to go"
        runs = f"{gone.runs:,} {'run' if gone.runs == 1 else 'runs'}" if gone.runs else "no runs"
        with_results = f" with {gone.results:,} results" if gone.runs else ""
        click.echo(f"{name}: {runs}{with_results} {verb}, {gone.left:,} stay")
    if open_ones:
        notes.append("nothing is taken away yet; `--write` does")
    tell(notes, quiet=quiet)
    return 1 if open_ones else 0
