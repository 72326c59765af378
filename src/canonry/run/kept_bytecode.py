"""The byte code that workers keep of test files: what belongs to files that are gone goes, too."""

import contextlib
import os
import time
from pathlib import Path

from canonry.model.state import STATE

_EACH = 86_400.0
"""Seconds between two looks: looking at every file takes longer than a short run may."""


def prune_bytecode(root: Path, *, now: float | None = None) -> int:
    """Deletes what is kept of files that no longer exist, once a day at most; how many that were."""
    place = root / STATE / "bytecode"
    at = time.time() if now is None else now
    gone = 0
    with contextlib.suppress(OSError):
        stamp = place / "looked"
        if not place.is_dir() or (stamp.exists() and at - stamp.stat().st_mtime < _EACH):
            return 0
        for folder, _, names in os.walk(place):
            sources = Path("/") / Path(folder).relative_to(place)
            for name in names:
                if name.endswith(".pyc") and not (sources / f"{name.partition('.')[0]}.py").exists():
                    (Path(folder) / name).unlink(missing_ok=True)
                    gone += 1
        stamp.touch()
    return gone
