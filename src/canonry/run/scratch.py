"""Folders for copies of a tree: each is held by the process that made it, and goes once nobody holds it."""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from canonry.run.tree_copy import remove_copy

_HELD = "held"
"""A file beside the copy: it names the tree, and its lock is held as long as the process lives."""


@contextmanager
def held_scratch(root: Path, prefix: str) -> Iterator[Path]:
    """A folder for copies of the tree, which no sweeping touches while this lasts, and which goes at its end.

    ``prefix`` is how its name begins.
    """
    place = Path(tempfile.mkdtemp(prefix=prefix))
    handle = os.open(place / _HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # before it names the tree: whoever sweeps that finds it held
        os.write(handle, os.fsencode(root.resolve()))
        yield place
    finally:
        remove_copy(place)
        os.close(handle)


def sweep(root: Path, prefix: str, *, logged: Iterable[str] = ()) -> None:
    """Deletes the copies of a tree that killed processes left: those that its logs name, and those that name the tree.

    Only folders whose name begins as ours do, of this user, which hold no tree that is worked in, and which no live
    process holds.
    """
    named = {Path(each).parent for each in logged if each}
    with suppress(OSError):
        named |= {each for each in Path(tempfile.gettempdir()).glob(f"{prefix}*") if _is_of(each, root)}
    for place in sorted(named):
        if place.name.startswith(prefix) and not root.resolve().is_relative_to(place.resolve()) and _is_free(place):
            remove_copy(place)


def _is_of(place: Path, root: Path) -> bool:
    with suppress(OSError):
        return (place / _HELD).read_bytes() == os.fsencode(root.resolve())
    return False


def _is_free(place: Path) -> bool:
    """Whether it is ours and no process holds it."""
    try:
        if place.is_symlink() or place.stat().st_uid != os.geteuid():
            return False
        handle = os.open(place / _HELD, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return place.is_dir()  # it was killed before it could hold it
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
