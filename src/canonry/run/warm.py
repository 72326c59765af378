"""Keeps a warm process for the next calls of `canonry run` in a folder."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from canonry.run.warm_client import FOLDER

_PATIENCE = 60.0
_SERVER = "canonry.cli._warm"


def keep_warm(root: Path) -> bool:
    """There is a warm process for this folder when it returns; whether it was started now."""
    folder = root / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if _answers(folder):
        return False
    subprocess.Popen(
        [sys.executable, "-m", _SERVER, str(root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=root,
    )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and not _answers(folder):
        time.sleep(0.02)
    return True


def _answers(folder: Path) -> bool:
    here = os.open(".", os.O_RDONLY)
    try:  # the name of a socket may have 107 bytes
        os.chdir(folder)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect("socket")
            return True
    except OSError:
        return False
    finally:
        os.fchdir(here)
        os.close(here)
