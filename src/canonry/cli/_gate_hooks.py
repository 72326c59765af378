"""`canonry gate install-hook` and `canonry gate write-ci`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import quiet_option, tell
from canonry.model.errors import UserError

if TYPE_CHECKING:
    from canonry.source.trees.git import Git

_repo = click.option("--repo", type=click.Path(path_type=Path), default=".", metavar="PATH", help="The working tree.")


@click.command("install-hook")
@_repo
@quiet_option
def install_hook(*, repo: Path, quiet: bool) -> int:
    """Put git's `pre-commit` hook there, without pre-commit. A hook that canonry did not write stays as it is."""
    from canonry.changes.hook import install_hook as install
    from canonry.gate.hooks import COMMAND, HOOK, hook_script

    root, git = _worktree(repo)
    written = install(git, HOOK, hook_script(), instead=COMMAND)
    tell([f"wrote `{written}`" if written else f"the hook of `{root}` is there already"], quiet=quiet)
    return 0


@click.command("write-ci")
@click.argument("kind", type=click.Choice(["github", "gitlab", "pre-commit"]))
@_repo
@quiet_option
def write_ci(*, kind: str, repo: Path, quiet: bool) -> int:
    """Write what runs the gate: a GitHub workflow, a GitLab job to include, or a configuration of pre-commit.

    A file that canonry did not write stays as it is; `canonry changes rollback` takes ours back.
    """
    from canonry import __version__
    from canonry.gate.hooks import PLACES, github_workflow, gitlab_job, pre_commit_config
    from canonry.gate.writing import write_files

    root, _ = _worktree(repo)
    made = {"github": github_workflow, "gitlab": gitlab_job, "pre-commit": pre_commit_config}[kind](__version__)
    place = PLACES[kind]
    done = write_files(root, {place: made}, origin="gate write-ci", reason=f"runs the gate ({kind})", marked=True)
    notes = [f"wrote `{place}`" if done else f"nothing to change in `{place}`"]
    if kind == "gitlab":
        notes.append(f"include it in `.gitlab-ci.yml`: `include: {place}`")
    tell(notes, quiet=quiet)
    return 0


def _worktree(repo: Path) -> "tuple[Path, Git]":
    from canonry.source.trees.git import find_repository

    found = find_repository(repo.resolve()) if repo.exists() else None
    if found is None or found[1] is None:
        raise UserError(f"`{repo}` is in no working tree of git; name one with `--repo`")
    return found[1], found[0]
