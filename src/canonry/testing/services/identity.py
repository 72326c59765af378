"""Which process a number stands for: numbers come again, a number with its start does not."""

import os
import subprocess
from pathlib import Path

_HAS_PROC = Path("/proc/self/stat").exists()


def started(pid: int) -> str:
    """When a process began, in its system's own words; empty where it is gone or only waits to be reaped.

    Linux: field 22 of ``/proc/PID/stat`` (proc(5), clock ticks since boot); elsewhere what ``ps`` says.
    """
    if _HAS_PROC:
        try:
            # The name of the program may hold spaces and parentheses; the fields begin behind its last one.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in (b"Z", b"X") else fields[19].decode()
    asked = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, rest = asked.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else rest.strip()


def lives(pid: int, since: str) -> bool:
    """Whether the process that had this number and began then is still there."""
    return pid > 0 and bool(since) and started(pid) == since


def marked(variable: str, value: str) -> list[int]:
    """The processes whose environment holds ``variable=value``, as far as the system tells us (Linux, proc(5))."""
    if not _HAS_PROC:
        return []
    wanted, found = f"{variable}={value}".encode(), []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                held = Path(entry.path, "environ").read_bytes()
            except OSError:
                continue
            if wanted in held.split(b"\0"):
                found.append(int(entry.name))
    return found
