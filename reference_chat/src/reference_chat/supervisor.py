"""Several worker processes at one port: started, replaced when they die, ended together."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from reference_chat.settings import Settings

_PAUSE = 0.1


@dataclass(slots=True)
class Supervisor:
    """One process per worker; a worker that starts again has the name of the one that died, and ends its runs."""

    settings: Settings
    port: int
    family: str = field(default_factory=lambda: secrets.token_hex(4))
    lifeline: tuple[int, int] = field(default_factory=os.pipe)
    """Its second end is open in this process alone: when it is gone, workers read the end of the first."""
    folder: Path = field(init=False)
    """Where each worker writes its address when it listens."""
    stopping: bool = False

    def run(self, announce: Callable[[], None]) -> int:
        """Until SIGTERM or SIGINT; returns the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        with tempfile.TemporaryDirectory(prefix="reference-chat-") as folder:
            self.folder = Path(folder)
            return self._run(announce)

    def _run(self, announce: Callable[[], None]) -> int:
        workers = [self._start(slot) for slot in range(self.settings.workers)]
        announced = False
        while not self.stopping:
            time.sleep(_PAUSE)
            for slot, worker in enumerate(workers):
                if worker.poll() is None:
                    continue
                if not announced:
                    self.stopping = True  # what fails at the start would fail again
                    break
                workers[slot] = self._start(slot)
            if not announced and not self.stopping and self._all_ready():
                announce()
                announced = True
        for worker in workers:
            if worker.poll() is None:
                worker.terminate()
        statuses = [worker.wait() for worker in workers]
        return 0 if announced else max(1, *statuses)

    def _start(self, slot: int) -> "subprocess.Popen[bytes]":
        settings = self.settings
        environment = {
            **os.environ,
            "CHAT_HOST": settings.host,
            "CHAT_PORT": str(self.port),
            "CHAT_PORT_FILE": str(self.folder / str(slot)),
            "CHAT_WORKERS": "1",
            "CHAT_WORKER": f"{self.family}-{slot}",
            "CHAT_SECRET_KEY": settings.secret_key,
            "CHAT_SHARED_PORT": "1",
            "CHAT_LIFELINE": str(self.lifeline[0]),
        }
        return subprocess.Popen([sys.executable, "-m", "reference_chat"], env=environment, pass_fds=[self.lifeline[0]])

    def _all_ready(self) -> bool:
        """Whether every worker listens. Each says so in a file: what answers at the port may be one of them alone."""
        return all((self.folder / str(slot)).exists() for slot in range(self.settings.workers))

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True
