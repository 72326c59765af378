"""Keeps a warm process for the next calls of `canonry run` in a tree, and ends it."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from canonry.model.state import make_state_folder
from canonry.run.waiting import Wish, leave_wish
from canonry.run.warm_client import ASK, END, FOLDER, connect, send

IDLE = 1800.0
"""Seconds without a call after which a warm process leaves."""
_PATIENCE = 20.0
_SERVER = "canonry.cli._warm"


class Kept(Enum):
    """What became of the wish for a warm process."""

    STARTED = "started"
    THERE = "there"
    REFUSED = "refused"


def keep_warm(root: Path, wish: Wish | None = None) -> Kept:
    """There is a warm process for callers like this one when it returns, unless it could not start.

    ``wish`` is what the next call would like to find there.
    """
    folder = root / FOLDER
    make_state_folder(folder)
    folder.chmod(0o700)
    answer = _said(root, ASK)
    if answer == b"yes\n":
        return Kept.THERE
    if answer:
        end_warm(root)  # it was started from another environment, and is of no use here
    if wish is not None:
        leave_wish(folder, wish)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", _SERVER, str(root), str(IDLE)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=root,
        )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        if _said(root, ASK):
            return Kept.STARTED
        time.sleep(0.02)
    return Kept.THERE if _said(root, ASK) else Kept.REFUSED  # another call may have been faster


def end_warm(root: Path) -> bool:
    """There is no warm process when it returns; whether there was one."""
    was_there = bool(_said(root, END))
    with contextlib.suppress(OSError):
        (root / FOLDER / "socket").unlink()  # who does not answer, and lives, sees this and leaves
    return was_there


def _said(root: Path, wish: str) -> bytes:
    """What the warm process answers; empty where there is none."""
    with contextlib.suppress(OSError), _inside(root), connect(FOLDER) as connection:
        connection.settimeout(_PATIENCE)
        send(connection, wish, [])
        return connection.recv(16)
    return b""


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """The current folder is this one: the name of a socket may have 107 bytes."""
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(here)
        os.close(here)
