"""How many connections this machine lets a process open, said before the start."""

import resource

from canonry.model.errors import UserError

RESERVE = 64
"""Descriptors that a process needs beside its connections."""


def raise_file_limit() -> int:
    """Raises the soft limit of open files to the hard one, and returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = hard if hard != resource.RLIM_INFINITY else max(soft, 1 << 20)
    if soft != most:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError):
            return soft
    return most


def require_files(users: int, processes: int, *, each: int = 2) -> None:
    """Raises UserError where a process may not open as many files as its users need, ``each`` so many."""
    most = raise_file_limit()
    need = -(-users // processes) * each + RESERVE
    if need > most:
        fits = max(0, (most - RESERVE) // each * processes)
        raise UserError(
            f"{users:,} users need {need:,} open files a process, and {most:,} are allowed; {fits:,} users fit: take "
            f"`--users {fits}`, more `--processes`, or raise `ulimit -n`"
        )
