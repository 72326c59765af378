"""Ends process trees: only processes that this run started, found by parent, session and a mark they inherit."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

MARK = "CANONRY_WORKER_MARK"
"""An environment variable that only processes of one worker carry."""


class Process(NamedTuple):
    """A process that cannot be mistaken for a later one with its number."""

    pid: int
    started: int
    """Clock ticks since the machine started; 0 where nothing says it."""


def identify(pid: int) -> Process | None:
    """The process with this number, None where there is none."""
    stat = _stat(pid)
    if stat is None:
        return None if Path("/proc/self/stat").exists() or not _exists(pid) else Process(pid, 0)
    return Process(pid, int(stat[19]))


def tree(root: Process, mark: str = "") -> list[Process]:
    """The process and everything below it: children, its session, and what left both but carries the mark."""
    children: dict[int, list[int]] = {}
    known: dict[int, Process] = {}
    found: dict[int, Process] = {root.pid: root}
    now = _stat(root.pid)
    if now is not None and int(now[19]) != root.started:  # it is gone, and its number is somebody else's
        return []
    for pid in _pids():
        stat = _stat(pid)
        if stat is None:
            continue
        known[pid] = Process(pid, int(stat[19]))
        children.setdefault(int(stat[1]), []).append(pid)
        is_member = root.pid in (int(stat[2]), int(stat[3]))  # group, session
        if is_member or (mark and known[pid].started >= root.started and _carries(pid, mark)):
            found[pid] = known[pid]
    queue = list(found)
    while queue:
        for child in children.get(queue.pop(), ()):
            if child not in found:
                found[child] = known[child]
                queue.append(child)
    found.pop(os.getpid(), None)
    return list(found.values())


def kill_tree(root: Process, mark: str = "") -> None:
    """All of them are dead or dying; new children that appear meanwhile too."""
    for _ in range(5):
        members = tree(root, mark)
        alive = [process for process in members if _kill(process)]
        if not alive or (len(alive) == 1 and alive[0] == root):
            break
        time.sleep(0.002)
    if not Path("/proc/self/stat").exists():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(root.pid, signal.SIGKILL)


def _kill(process: Process) -> bool:
    """Sends SIGKILL to this very process; whether it was there and no zombie."""
    stat = _stat(process.pid)
    if stat is not None and (int(stat[19]) != process.started or stat[0] == "Z"):
        return False
    try:
        os.kill(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return stat is not None


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    except OSError:
        return []


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat behind the name: state, parent, group, session, ..., start time (19)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def _carries(pid: int, mark: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return f"{MARK}={mark}".encode() in file.read().split(b"\0")
    except OSError:
        return False


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
