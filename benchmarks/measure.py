"""What a command costs: CPU seconds and wall time of it and its children, and the memory of its process tree."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SAMPLE_SECONDS = 0.05


class CommandError(Exception):
    """A measured command failed; what it said is part of the message."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one run: user and system time of the command with all children that it waited for, and wall time."""

    cpu: float
    wall: float


def run_measured(command: Sequence[str], folder: Path) -> Cost:
    """The cost of one run in a folder; output goes nowhere. Raises `CommandError` where it fails."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = _start(command, folder, said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        _check(process, command, said)
    return Cost(usage.ru_utime + usage.ru_stime, wall)


def peak_memory(command: Sequence[str], folder: Path) -> float:
    """The highest sum of proportional set sizes over the process tree, in MB (10**6 bytes), sampled every 50 ms."""
    peak = 0
    with tempfile.TemporaryFile() as said:
        process = _start(command, folder, said)
        while process.poll() is None:
            peak = max(peak, sum(_proportional_size(pid) for pid in _tree(process.pid)))
            time.sleep(SAMPLE_SECONDS)
        _check(process, command, said)
    return peak / 1e6


def clean_environment() -> dict[str, str]:
    """The environment without what would redirect git or ruff, or colour the output."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "RUFF_", "PYTHON", "FORCE_"))
    }


def _start(command: Sequence[str], folder: Path, said: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=said,
    )


def _check(process: "subprocess.Popen[bytes]", command: Sequence[str], said: IO[bytes]) -> None:
    if process.returncode:
        said.seek(0)
        words = said.read().decode("utf-8", "replace").strip()
        raise CommandError(f"`{' '.join(command)}` exits with {process.returncode}:\n{words}")


def _tree(pid: int) -> Iterator[int]:
    """A process and its descendants; those that end meanwhile are left out."""
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text(encoding="ascii")
        except OSError:
            continue
        for child in children.split():
            yield from _tree(int(child))


def _proportional_size(pid: int) -> int:
    """Bytes of memory, what is shared divided by those who share it. Source: proc(5), ``smaps_rollup``."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except OSError:
        return 0
    found = rollup.find(b"\nPss:")
    return int(rollup[found + 5 :].split(None, 1)[0]) * 1024 if found >= 0 else 0
