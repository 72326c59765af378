"""Starts a supervisor, tells it what to do, and asks it to end."""

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canonry.testing.services.errors import ServiceError
from canonry.testing.services.place import MARK, Account, Place, remove

_SCRIPT = Path(__file__).with_name("supervisor.py")
_FREE = 10
"""Descriptors from here on are in nobody's way while a process is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How a server is started and ended.

    ``steps`` are programs that have to succeed before it, ``signals`` ask it to end, each with the seconds that it
    gets; after them comes SIGKILL. ``whole_group`` sends them to all of its processes.
    """

    server: Sequence[str]
    url: str
    folder: Path
    steps: Sequence[Sequence[str]] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    signals: Sequence[tuple[int, float]] = ((signal.SIGTERM, 5.0),)
    death_signal: int = signal.SIGKILL
    whole_group: bool = False
    shared_memory: str = ""
    ready_url: str = ""
    """What answers first, where that is not ``url``."""


class Supervised:
    """A supervisor that this process started, and so may end."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.pid = 0
        self.was_started = False
        self._holds = -1
        self._owner = os.getpid()

    def start(self, launch: Launch, log: int) -> None:
        """Starts the supervisor; what it and the server write goes to the descriptor ``log``."""
        os.mkfifo(self.place.fifo, 0o600)
        reads = os.open(self.place.fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._holds = os.open(self.place.fifo, os.O_WRONLY | os.O_CLOEXEC)
        os.set_blocking(reads, True)
        given = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _FREE) for each in (reads, log, log, self.place.lock)]
        os.close(reads)
        try:
            self.pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-I", "-S", str(_SCRIPT)],
                {"PATH": os.environ.get("PATH", os.defpath)},
                file_actions=[(os.POSIX_SPAWN_DUP2, each, number) for number, each in enumerate(given)],
            )
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise ServiceError(f"this Python, `{sys.executable}`, cannot start its supervisor: {said}") from error
        finally:
            for each in given:
                os.close(each)
        self.was_started = True
        os.close(self.place.lock)  # the supervisor holds it from now on
        self.place.lock = -1
        self._tell(_told(self.place, launch))

    def state(self) -> dict[str, Any]:
        """What the supervisor last said of the server."""
        return read_state(self.place.directory)

    def is_gone(self) -> bool:
        """Whether the supervisor ended."""
        if self.pid and os.getpid() == self._owner:
            try:
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    self.pid = 0
            except ChildProcessError:
                self.pid = 0
        return not self.pid

    def stop(self, *, limit: float = 30.0) -> None:
        """Ends the server, also where others still use it, and waits until nothing is left of it.

        A forked copy of the owner only lets go.
        """
        if os.getpid() != self._owner:
            self.release()
            return
        if self._holds >= 0:
            with contextlib.suppress(OSError):
                os.write(self._holds, b"stop\n")
        self.release()
        deadline = time.monotonic() + limit
        while not self.is_gone() and time.monotonic() < deadline:
            time.sleep(0.002)
        remove(self.place)

    def again(self, pause: float) -> None:
        """Ends the server, and starts it again after so many seconds; returns at once."""
        if self._holds < 0 or os.getpid() != self._owner:
            raise ServiceError("it is not ours to restart")
        os.write(self._holds, f"again {pause:g}\n".encode())

    def release(self) -> None:
        """Lets go: the server ends once nobody else holds it."""
        if self._holds >= 0:
            os.close(self._holds)
            self._holds = -1
        self.is_gone()

    def _tell(self, told: Mapping[str, Any]) -> None:
        line = json.dumps(told).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            while line:
                line = line[os.write(self._holds, line) :]


def read_state(directory: Path) -> dict[str, Any]:
    """What the supervisor of a directory last said; empty before it said anything, and once all is over."""
    try:
        state: dict[str, Any] = json.loads((directory / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state


def _told(place: Place, launch: Launch) -> dict[str, Any]:
    account = launch.account

    def program(argv: Sequence[str]) -> dict[str, Any]:
        return {
            "argv": list(argv),
            "env": {**launch.env, MARK: str(place.directory)},
            "folder": str(launch.folder),
            "user": account.user if account else None,
            "group": account.group if account else None,
            "death_signal": int(launch.death_signal),
        }

    return {
        "directory": str(place.directory),
        "steps": [program(step) for step in launch.steps],
        "server": program(launch.server),
        "signals": [[int(number), patience] for number, patience in launch.signals],
        "whole_group": launch.whole_group,
        "shared_memory": launch.shared_memory,
    }
