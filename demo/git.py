"""Git without anything of this machine: no user configuration, no hooks, fixed names and dates."""

import os
import subprocess
from pathlib import Path

OPTIONS = (
    "init.defaultBranch=main",
    "commit.gpgsign=false",
    "core.hooksPath=/dev/null",
    "core.autocrlf=false",
    "gc.auto=0",
    "maintenance.auto=false",
)


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """What ``git ARGUMENTS`` in ``folder`` prints; raises ``CalledProcessError`` where it fails."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "LC_ALL": "C"}
    options = [part for option in OPTIONS for part in ("-c", option)]
    command = ["git", *options, *arguments]
    environment = inherited | quiet | variables
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def commit_all(folder: Path, message: str, *, author: str, email: str, date: str) -> None:
    """Commits the whole work tree; author and committer are the same. ``date`` is ISO 8601."""
    git(folder, "add", "--all")
    who = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": email, "GIT_AUTHOR_DATE": date}
    git(
        folder,
        "commit",
        "--quiet",
        f"--message={message}",
        GIT_COMMITTER_NAME=author,
        GIT_COMMITTER_EMAIL=email,
        GIT_COMMITTER_DATE=date,
        **who,
    )
