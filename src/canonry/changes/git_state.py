"""What git says about a tree that is about to be changed."""

import os
import subprocess
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from canonry.model.errors import UserError
from canonry.source.trees.git import Git, GitError, find_repository, git_environment, split_records

_OPERATIONS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
_NAMED = 3


def repository_of(root: Path) -> Git | None:
    """The repository whose working tree holds this root, seen from there; None outside git."""
    found = find_repository(root)
    return Git(root) if found is not None and found[1] is not None else None


def head_of(git: Git | None) -> str | None:
    """The commit that is checked out, None before the first one and outside git."""
    if git is None:
        return None
    return git.output("rev-parse", "--verify", "--quiet", "HEAD", check=False).decode().strip() or None


def refuse_conflicts(git: Git, *, but: Collection[str] = ()) -> None:
    """Raises `UserError` while paths are unmerged, but for these: their content is nobody's intention yet."""
    records = split_records(git.output("ls-files", "-u", "-z"))
    paths = sorted({os.fsdecode(record.partition(b"\t")[2]) for record in records} - set(but))
    if not paths:
        return
    what = _operation(git) or "merge"
    raise UserError(
        f"a {what} is unfinished: {names(paths)} {'has' if len(paths) == 1 else 'have'} conflicts; resolve them and "
        f"`git add` the files, or `git {what} --abort`, then run the command again"
    )


def warnings(git: Git, *, planned_at: str | None) -> list[str]:
    """What somebody should know before and after the tree is changed, a sentence each."""
    said = []
    operation = _operation(git)
    if operation:
        said.append(f"a {operation} is under way; the changes will stand beside it")
    changed = list(split_records(git.output("status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames")))
    if changed:
        paths = sorted(os.fsdecode(record[3:]) for record in changed)
        said.append(
            f"{names(paths)} {'has' if len(paths) == 1 else 'have'} changes that are not committed; commit them first "
            "to keep them apart from this one"
        )
    head = head_of(git)
    if planned_at is not None and head is not None and head != planned_at:
        said.append(f"HEAD moved from {planned_at[:10]} to {head[:10]} since; the files are what was read all the same")
    behind = git.output("rev-list", "--count", "HEAD..@{upstream}", check=False).decode().strip()
    if behind not in ("", "0"):
        said.append(f"the branch is {behind} {'commit' if behind == '1' else 'commits'} behind its upstream")
    return said


def ignored_paths(git: Git, paths: Sequence[str]) -> set[str]:
    """Those of the paths that ``.gitignore`` leaves out; tracked files never are. Raises `GitError` for submodules."""
    process = subprocess.run(
        git.command("check-ignore", "-z", "--stdin"),
        input=b"".join(os.fsencode(path) + b"\0" for path in paths),
        capture_output=True,
        check=False,
        env=git_environment(),
    )
    if process.returncode > 1:
        lines = process.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise GitError(f"git refuses to look at these files: {lines[0].removeprefix('fatal: ')}; leave them out")
    return {os.fsdecode(record) for record in split_records(process.stdout)}


def names(paths: Iterable[str]) -> str:
    """The first few paths, and how many more there are."""
    listed = list(paths)
    shown = ", ".join(f"`{path}`" for path in listed[:_NAMED])
    more = len(listed) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _operation(git: Git) -> str | None:
    place = git.output("rev-parse", "--absolute-git-dir", check=False).decode("utf-8", "surrogateescape").strip()
    return next((what for name, what in _OPERATIONS.items() if place and Path(place, name).exists()), None)
