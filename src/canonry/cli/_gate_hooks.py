"""`canonry gate install-hook` and `canonry gate write-ci`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonry.cli._output import config_option, quiet_option, tell
from canonry.model.checkpoint import Period
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
@click.argument("kind", type=click.Choice(["github", "gitlab", "pre-commit", "github-scheduled", "gitlab-scheduled"]))
@click.option(
    "--period",
    type=click.Choice([each.value for each in Period]),
    default="weekly",
    show_default=True,
    help="How often the scheduled ones run.",
)
@_repo
@config_option
@quiet_option
def write_ci(*, kind: str, period: str, repo: Path, config: Path | None, quiet: bool) -> int:
    """Write what runs the gate: a GitHub workflow, a GitLab job to include, or a configuration of pre-commit.

    The scheduled ones check contracts, run flows, take the checkpoint of the period and upload it with the report. A
    file that canonry did not write stays as it is; `canonry changes rollback` takes ours back.
    """
    from canonry import __version__
    from canonry.gate import hooks, scheduled
    from canonry.gate.writing import write_files

    root, _ = _worktree(repo)
    if kind in scheduled.PLACES:
        from canonry.cli.canon import load

        write = scheduled.github_scheduled if kind == "github-scheduled" else scheduled.gitlab_scheduled
        place, made = scheduled.PLACES[kind], write(load(root, config).canon, root, __version__, Period(period))
    else:
        makers = {
            "github": hooks.github_workflow,
            "gitlab": hooks.gitlab_job,
            "pre-commit": hooks.pre_commit_config,
        }
        place, made = hooks.PLACES[kind], makers[kind](__version__)
    done = write_files(root, {place: made}, origin="gate write-ci", reason=f"runs the gate ({kind})", marked=True)
    notes = [f"wrote `{place}`" if done else f"nothing to change in `{place}`"]
    if kind.startswith("gitlab"):
        notes.append(f"include it in `.gitlab-ci.yml`: `include: {place}`")
    tell(notes, quiet=quiet)
    return 0


def _worktree(repo: Path) -> "tuple[Path, Git]":
    from canonry.source.trees.git import find_repository

    found = find_repository(repo.resolve()) if repo.exists() else None
    if found is None or found[1] is None:
        raise UserError(f"`{repo}` is in no working tree of git; name one with `--repo`")
    return found[1], found[0]
