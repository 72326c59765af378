"""The directory of one running service: made where its user can enter, locked while it runs, cleaned when stale."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from canonry.testing.services.errors import ServiceError
from canonry.testing.services.identity import lives, marked

PREFIX = "canonry-service-"
MARK = "CANONRY_SERVICE_DIRECTORY"
"""The environment variable by which the processes of a service are told from all others."""

_USUAL, _MEMORY = "/tmp", "/dev/shm"
_ELSEWHERE = (_USUAL, "/var/tmp", _MEMORY)
_ROOM = 2 << 30
"""Bytes that have to be free in memory for data to lie there; a container often has 64 MiB in all."""
_UNPRIVILEGED = ("postgres", "nobody")
_YOUNG = 60.0
"""Seconds during which a directory without a lock may be one that is being made."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine that a server runs as."""

    name: str
    user: int
    group: int


@dataclass(slots=True)
class Place:
    """A directory of a service. ``lock`` is the descriptor that holds its lock, -1 once it was closed."""

    directory: Path
    lock: int

    @property
    def data(self) -> Path:
        """The folder that belongs to the server."""
        return self.directory / "data"

    @property
    def fifo(self) -> Path:
        """What those who need the service hold open."""
        return self.directory / "held"


def unprivileged() -> Account | None:
    """Who runs a server that refuses root: None where we are not root. Raises ServiceError where there is nobody."""
    if os.geteuid() != 0:
        return None
    import pwd

    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServiceError("it refuses to run as root, and there is no user `postgres` or `nobody`; run as another user")


def make_place(account: Account | None) -> Place:
    """A new directory with a folder ``data`` of the account's, below TMPDIR or where the account can enter.

    Where nobody chose a TMPDIR, memory is taken if there is room: a database is hundreds of files, which a disk makes
    slowly. Stale ones, of processes that were killed, are cleaned away first. Raises ServiceError where no folder will
    do.
    """
    candidates = dict.fromkeys((*_fast(), tempfile.gettempdir(), *_ELSEWHERE))
    bases = [base for base in candidates if os.access(base, os.W_OK | os.X_OK)]
    for base in bases:
        clean(Path(base))
    for base in bases:
        place = _made(base)
        try:
            if account is None or _enters(account, place.data):
                return place
        except BaseException:  # whatever ended it, no directory stays; it is raised again
            remove(place)
            raise
        remove(place)
    who = f"user `{account.name}`" if account else "this process"
    raise ServiceError(
        f"{who} can enter none of {', '.join(f'`{base}`' for base in bases)}; set TMPDIR to a folder that it can"
    )


def remove(place: Place) -> None:
    """Deletes the directory and gives its lock back."""
    shutil.rmtree(place.directory, ignore_errors=True)
    if place.lock >= 0:
        os.close(place.lock)
        place.lock = -1


def clean(base: Path) -> list[Path]:
    """Ends what still runs for directories whose supervisor is gone, deletes these, and returns them."""
    gone = []
    for directory in base.glob(f"{PREFIX}*"):
        try:
            own = directory.lstat().st_uid == os.geteuid() and not directory.is_symlink()
        except OSError:
            continue
        if own and _is_stale(directory):
            _end_what_is_left(directory)
            shutil.rmtree(directory, ignore_errors=True)
            gone.append(directory)
    return gone


def _fast() -> list[str]:
    if tempfile.gettempdir() != _USUAL or any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP")):
        return []
    with contextlib.suppress(OSError):
        found = os.statvfs(_MEMORY)
        return [_MEMORY] if found.f_bavail * found.f_frsize >= _ROOM else []
    return []


def _made(base: str) -> Place:
    # Not by `tempfile.mkdtemp`, which who looks for leaks listens to: this directory ends with the service, not with
    # the test that was the first to ask for it.
    directory = Path(base) / f"{PREFIX}{secrets.token_hex(8)}"
    directory.mkdir(0o700)
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (directory / "data").mkdir(0o700)
    (directory / "leases").mkdir(0o700)
    return Place(directory, lock)


def _enters(account: Account, folder: Path) -> bool:
    """Whether the account can write into a folder, once it was given to it; asked by doing it."""
    folder.parent.chmod(0o711)
    os.chown(folder, account.user, account.group)
    shell = ["/bin/sh", "-c", 'cd "$1" && : > probe && rm probe', "sh", str(folder)]
    try:
        return (
            subprocess.run(
                shell,
                user=account.user,
                group=account.group,
                extra_groups=[],
                capture_output=True,
                cwd="/",
                check=False,
            ).returncode
            == 0
        )
    except (OSError, subprocess.SubprocessError):
        return False


def _is_stale(directory: Path) -> bool:
    try:
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        with contextlib.suppress(OSError):
            return time.time() - directory.stat().st_mtime > _YOUNG
        return False
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(lock)
    return True


def _end_what_is_left(directory: Path) -> None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        state = json.loads((directory / "state.json").read_text(encoding="utf-8"))
        if lives(state["pid"], state["started"]):
            os.kill(state["pid"], signal.SIGKILL)
    for pid in marked(MARK, str(directory)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
