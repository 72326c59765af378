"""Waits until a file of the tree changes."""

import time
from collections.abc import Callable

from canonry.run.project import open_project

_PERIOD = 0.5


def snapshot() -> dict[str, tuple[int, int]]:
    """Size and modification time (ns) of every Python file of the project around the current folder."""
    with open_project() as project:
        found: dict[str, tuple[int, int]] = {}
        for path in project.listing.live:
            try:
                status = (project.root / path).stat()
            except OSError:
                continue
            found[path] = (status.st_size, status.st_mtime_ns)
        return found


def wait_for_change(
    before: dict[str, tuple[int, int]], *, period: float = _PERIOD, sleep: Callable[[float], None] = time.sleep
) -> dict[str, tuple[int, int]]:
    """Returns the new snapshot once it differs from the earlier one; it looks every ``period`` seconds."""
    while True:
        sleep(period)
        now = snapshot()
        if now != before:
            return now


def changed_between(before: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]]) -> list[str]:
    """The paths that were added, changed or taken away."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
