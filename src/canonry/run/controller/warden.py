"""A process that ends the workers of a controller which cannot do it any more."""

import contextlib
import subprocess
import sys
from pathlib import Path

from canonry.run import warden_process
from canonry.run.processes import Process


class Warden:
    """Watches over the workers of one run. Where it cannot be started the run goes on without it."""

    def __init__(self, folder: Path) -> None:
        script = Path(warden_process.__file__)
        self._popen: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(script), str(script.parents[2]), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def watch(self, process: Process | None, mark: str) -> None:
        """This one is to be ended, with all that carries the mark, when the controller dies."""
        if process is not None:
            self._tell(f"{process.pid} {process.started} {mark}\n")

    def close(self) -> None:
        """The run has come to its end."""
        self._tell("end\n")
        if self._popen is not None and self._popen.stdin is not None:
            with contextlib.suppress(OSError):
                self._popen.stdin.close()
            self._popen.wait()

    def _tell(self, line: str) -> None:
        if self._popen is not None and self._popen.stdin is not None:
            with contextlib.suppress(OSError):
                self._popen.stdin.write(line.encode())
                self._popen.stdin.flush()
