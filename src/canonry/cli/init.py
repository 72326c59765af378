"""`canonry init`."""

import gc
import io
import sys
import tomllib
from pathlib import Path

import click

from canonry.audit.infer.engine import propose
from canonry.audit.infer.proposal import Proposal
from canonry.audit.request import Request
from canonry.audit.session import Session, open_session
from canonry.canon.insert import insert
from canonry.changes.apply import apply_plan
from canonry.changes.splice import replace_file
from canonry.changes.transaction import Outcome
from canonry.cli._output import quiet_option
from canonry.model.change_plan import ChangePlan, Verification
from canonry.model.errors import UserError
from canonry.report.init import additions, narration, render_json, render_toml
from canonry.report.progress import show_progress
from canonry.source.trees.tree import read_file

_PROJECT = "pyproject.toml"
_STANDALONE = "canonry.toml"


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path), metavar="[PATH]")
@click.option("--repo", type=click.Path(path_type=Path), help="A repository: a working tree or a (bare) git directory.")
@click.option("--rev", help="Count in this commit, without a checkout.")
@click.option("--write", is_flag=True, help="Write the proposed keys into the file that holds the canon.")
@click.option(
    "--output-format",
    type=click.Choice(["full", "toml", "json"]),
    default="full",
    show_default=True,
    help="TOML with a comment above each key, TOML alone, or JSON with all counts.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes that read files [default: all cores]."
)
@click.option("--no-cache", is_flag=True, help="Keep no cache.")
@quiet_option
def command(
    path: Path | None,
    repo: Path | None,
    rev: str | None,
    write: bool,
    output_format: str,
    workers: int | None,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Propose a canon by counting what the code base really uses.

    PATH is any place in the tree (default: the current folder). Each key comes with the count that speaks for it; keys
    that the canon declares already are kept. Nothing is asked, run or imported, and nothing is written without
    `--write`, which adds `[tool.canonry]` to pyproject.toml, or to canonry.toml where there is one or no
    pyproject.toml. Exits 1 where something is left to write.
    """
    if path is not None and repo is not None:
        raise UserError("PATH and `--repo` both name a tree; give one of them")
    if write and rev is not None:
        raise UserError("a commit cannot be written to; leave out `--rev`, or `--write`")
    gc.disable()  # as in `audit`: many small records, and a short life
    place = repo or path or Path()
    request = Request(repository=place, revision=rev, workers=workers or 0, cache=not no_cache)
    session = open_session(request)
    try:
        if write and session.tree.by_blob:
            raise UserError(f"`{place}` is a git directory, which holds no files; name a working tree to write to")
        with show_progress(quiet=quiet) as progress:
            proposal = propose(session, progress)
        file = _file(session)
    finally:
        session.close()
    comments = output_format == "full"
    outcome = _write(session, file, proposal, comments=comments) if write and proposal.entries else None
    _show(proposal, file, output_format, written=outcome is not None, write=write)
    if not quiet:
        _narrate(session, proposal, file, outcome, write=write)
    return 1 if proposal.entries and not write else 0


def _file(session: Session) -> str:
    """The file that declares the canon, or that would."""
    if session.loaded.file is not None:
        return session.loaded.file
    return _PROJECT if session.tree.read(_PROJECT) is not None else _STANDALONE


def _prefix(file: str) -> tuple[str, ...]:
    return ("tool", "canonry") if file == _PROJECT else ()


def _show(proposal: Proposal, file: str, output_format: str, *, written: bool, write: bool) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    if output_format == "json":
        render_json(proposal, file, sys.stdout, written=written)
    elif not write:
        render_toml(proposal, _prefix(file), sys.stdout, comments=output_format == "full")


def _narrate(session: Session, proposal: Proposal, file: str, outcome: Outcome | None, *, write: bool) -> None:
    notes = (*session.loaded.notes, *session.tree.notes, *session.cache.notes, *(outcome.notes if outcome else ()))
    for line in (*dict.fromkeys(notes), *narration(proposal)):
        click.echo(f"canonry: {line}", err=True)
    keys = "1 key" if len(proposal.entries) == 1 else f"{len(proposal.entries)} keys"
    if outcome is not None:
        click.echo(f"canonry: wrote {keys} to `{file}`", err=True)
    elif not proposal.entries:
        click.echo(f"canonry: nothing to add to `{file}`", err=True)
    elif session.tree.by_blob:
        click.echo(f"canonry: a commit cannot be written to; run this in a working tree to write `{file}`", err=True)
    elif not write:
        click.echo(f"canonry: `--write` adds {'it' if keys == '1 key' else 'them'} to `{file}`", err=True)


def _write(session: Session, file: str, proposal: Proposal, *, comments: bool) -> Outcome:
    """Adds the keys to the file; every other byte stays. `UserError` where it cannot be."""
    before = read_file(session.tree.root / file)
    after = insert(before or b"", additions(proposal, _prefix(file), comments=comments), file=file)
    plan = ChangePlan(
        files=(replace_file(file, before, after, rule="init", reason="the keys that counting proposes"),),
        reason="adds the proposed canon",
        origin="init",
        verification=Verification.OWN,
    )
    return apply_plan(session.tree.root, plan, verify=_object_to_canon)


def _object_to_canon(_path: str, _before: bytes, after: bytes) -> str | None:
    """Objects to what is no TOML; that the keys are the meant ones is compared where they are inserted."""
    try:
        tomllib.loads(after.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return f"the result is no TOML: {error}"
    return None
