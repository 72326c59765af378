"""What lies at a path, asked where the system may refuse to say: a sentence for the user, or a plain no."""

import errno
import os
import stat
from pathlib import Path

from canonry.model.errors import UserError

_ABSENT = frozenset((errno.ENOENT, errno.ENOTDIR))


def refuse_closed(path: Path) -> None:
    """Raises `UserError` where the system does not let us look at what a user named. What is absent is not refused."""
    try:
        if stat.S_ISDIR(path.stat().st_mode) and not os.access(path, os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        if error.errno in _ABSENT:
            return
        shown = "the current folder" if path == Path() else f"`{path}`"
        then = "shorten it" if error.errno == errno.ENAMETOOLONG else "see to its permissions"
        raise UserError(f"{shown} cannot be read ({_reason(error)}); {then}, or name another place") from error


def read_present(path: Path, *, shown: str) -> bytes | None:
    """The bytes of a file, None only where nothing is there. Raises `UserError` for anything that cannot be read."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(f"`{shown}` cannot be read (it is no regular file); move it away, or put a file there")
        return path.read_bytes()
    except OSError as error:
        if error.errno in _ABSENT and not is_link(path):
            return None
        raise UserError(f"`{shown}` cannot be read ({_reason(error)}); mend that, or move it away") from error


def is_file(path: Path) -> bool:
    """Whether a regular file is there, as far as the system says."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether a folder is there, as far as the system says."""
    return stat.S_ISDIR(_mode(path))


def is_link(path: Path) -> bool:
    """Whether a link is there, as far as the system says."""
    return stat.S_ISLNK(_mode(path, follow=False))


def _mode(path: Path, *, follow: bool = True) -> int:
    try:
        return path.stat(follow_symlinks=follow).st_mode
    except (OSError, ValueError):
        return 0


def _reason(error: OSError) -> str:
    return (error.strerror or "unreadable").lower()
