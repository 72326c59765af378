"""The few calls that touch a user's file. Nothing outside this package may import them; a contract says so.

A file takes another's place in one step (``rename``), so that nobody ever sees half of it. What is written is on the
disk (``fsync``) before anything relies on it.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from canonry.changes.splice import digest_of
from canonry.source.trees.tree import read_file

_MANY, _AT_ONCE = 8, 8


def write_new(path: Path, content: bytes, *, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Writes a file of ours that nobody reads yet, with these permissions. It is on the disk after `sync_files`."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]
        if owner is not None and owner != (os.fstat(handle).st_uid, os.fstat(handle).st_gid):
            with contextlib.suppress(OSError):  # only root may give files away; the content is what counts
                os.fchown(handle, *owner)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)


def put_in_place(staged: Path, target: Path, *, aside: str) -> None:
    """Moves a staged file onto its target in one step; across file systems through ``aside``, a name beside it."""
    try:
        staged.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        status = staged.stat()
        beside = target.with_name(aside)
        owner = (status.st_uid, status.st_gid)
        write_new(beside, staged.read_bytes(), mode=stat.S_IMODE(status.st_mode), owner=owner)
        sync_files([beside])
        beside.replace(target)
        staged.unlink()


def keep_original(target: Path, kept: Path) -> None:
    """Gives the file that stands at the target a second name, by which it can return as it is; else does nothing."""
    with contextlib.suppress(OSError):  # another file system, or one without hard links: the store has its bytes
        os.link(target, kept, follow_symlinks=False)


def take_away(path: Path) -> None:
    """Removes a file, if it is there."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        path.unlink()


def make_folders(root: Path, folders: Iterable[str]) -> None:
    """Makes folders below the root, given from the outermost inwards."""
    for folder in folders:
        (root / folder).mkdir(exist_ok=True)


def remove_empty(root: Path, folders: Iterable[str]) -> None:
    """Removes those folders that are there and empty, given from the outermost inwards."""
    for folder in reversed(list(folders)):
        with contextlib.suppress(OSError):
            (root / folder).rmdir()


def sync_files(paths: Sequence[Path]) -> None:
    """Brings the bytes of files down to the disk, many at once: file systems commit what waits together as one."""
    if len(paths) < _MANY:
        for path in paths:
            _sync(path)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(_sync, paths):
            pass


def sync_folders(folders: Iterable[Path]) -> None:
    """Brings the names in these folders down to the disk; those that are gone are passed over."""
    sync_files([folder for folder in dict.fromkeys(folders) if folder.is_dir()])


def digest_on_disk(path: Path) -> str | None:
    """The digest of the regular file at a path; None where there is none, ``unreadable`` where it cannot be read."""
    content = read_file(path)
    if content is not None:
        return digest_of(content)
    return "unreadable" if os.path.lexists(path) else None


def new_file_mode() -> int:
    """The permissions that this process gives to new files."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
