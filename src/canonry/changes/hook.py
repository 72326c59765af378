"""git's own hooks: the one place inside a git directory where a file is made, and only where none of another's is."""

import os
from pathlib import Path

from canonry.changes.files import digest_on_disk, make_folders, put_in_place, take_away, write_new
from canonry.model.errors import UserError
from canonry.source.trees.git import Git

MARK = b"written by `canonry gate install-hook`"


def install_hook(git: Git, name: str, content: bytes, *, instead: str) -> Path | None:
    """The hook that was written; None where it stands there already.

    Raises `UserError` where somebody else's hook is there; ``instead`` is the line that it could call.
    """
    folder = Path(os.fsdecode(git.output("rev-parse", "--git-path", "hooks").strip()))
    target = (git.directory / folder) / name
    found = digest_on_disk(target)
    if found is not None or target.is_symlink():
        there = target.read_bytes() if target.is_file() else b""
        if there == content and os.access(target, os.X_OK):
            return None
        if MARK not in there:
            raise UserError(f"`{target}` is somebody else's hook and stays as it is; add the line `{instead}` to it")
    staged = target.with_name(f".{name}.canonry-{os.getpid()}")
    try:
        make_folders(target.parent.parent, [target.parent.name])
        write_new(staged, content, mode=0o755)
        put_in_place(staged, target, aside=f".{name}.canonry-{os.getpid()}~")
    except OSError as error:
        take_away(staged)
        raise UserError(
            f"`{target}` cannot be written ({(error.strerror or '').lower()}); see to its folder"
        ) from error
    return target
