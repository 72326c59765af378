"""Which file a path of a plan means, and whether it may be written at all."""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from canonry.changes.git_state import ignored_paths, names
from canonry.model.errors import UserError
from canonry.model.state import STATE
from canonry.source.trees.git import Git
from canonry.source.trees.tree import is_left_out_of_folder, read_file

LeftOut = Callable[[str], str | None]
"""Why a path is none of ours (a shadow tree, `exclude`), in a few words; None for one that is."""


def nothing_left_out(_path: str) -> str | None:
    """Leaves nothing out."""
    return None


def resolve(root: Path, path: str) -> str:
    """The path of the file itself: links inside the tree are followed, so that the link stays and its target changes.

    Raises `UserError` for what is no file of the tree: a link that leads out of it, git's own and our own folders, a
    folder, a device.
    """
    parts = path.split("/")
    if not path or path.startswith("/") or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise UserError(f"`{path}` is no path below `{root}`; plans name files relative to it")
    real_root = Path(os.path.realpath(root))
    real = Path(os.path.realpath(root / path))
    if not real.is_relative_to(real_root):
        raise UserError(f"`{path}` is a link to `{real}`, outside the tree; replace it by a file, or edit that one")
    found = real.relative_to(real_root).as_posix()
    if any(part.lower() in (".git", STATE) for part in found.split("/")):  # some disks know no capitals
        raise UserError(f"`{path}` belongs to git or to canonry itself and is never changed")
    return found


def read_target(root: Path, path: str) -> tuple[bytes, int] | None:
    """The bytes and the permissions of a file that may be written, None where nothing is there.

    Raises `UserError` for one that is read-only, and for what is no regular file.
    """
    place = root / path
    try:
        status = os.lstat(place)
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        raise UserError(f"`{path}` lies below a file, so it cannot be made; plan another path") from error
    except (OSError, ValueError) as error:
        raise UserError(f"`{path}` cannot be looked at: {error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"`{path}` is no regular file; only those are changed")
    if not status.st_mode & 0o222:
        raise UserError(f"`{path}` is read-only; make it writable and run the command again")
    content = read_file(place)
    if content is None:
        raise UserError(f"`{path}` cannot be read; see to its permissions")
    return content, stat.S_IMODE(status.st_mode)


def missing_folders(root: Path, path: str) -> tuple[str, ...]:
    """The folders above a path that are not there, from the outermost inwards."""
    parts = path.split("/")[:-1]
    above = ["/".join(parts[: index + 1]) for index in range(len(parts))]
    return tuple(folder for folder in above if not os.path.lexists(root / folder))


def owner_of(path: Path) -> tuple[int, int] | None:
    """The user and group of a file, None where it is not there."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status.st_uid, status.st_gid


def refuse_left_out(root: Path, git: Git | None, paths: Sequence[str], left_out: LeftOut) -> None:
    """Raises `UserError` where a path is one that ``.gitignore`` or the caller leaves out."""
    if git is not None:
        ignored = sorted(ignored_paths(git, paths))
    else:
        ignored = sorted(path for path in paths if is_left_out_of_folder(root, path))
    if ignored:
        them = "it" if len(ignored) == 1 else "them"
        raise UserError(f"`.gitignore` leaves {names(ignored)} out, so canonry does too; leave {them} out of the plan")
    for path in paths:
        why = left_out(path)
        if why is not None:
            raise UserError(f"`{path}` is left out ({why}), so it is never changed")
