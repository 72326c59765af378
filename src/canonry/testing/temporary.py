"""A temporary folder for one test."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def make_folder(prefix: str) -> Path:
    """A new empty folder below the system's place for such."""
    return Path(tempfile.mkdtemp(prefix=f"{prefix[:40]}-")).resolve()


def remove_folder(folder: Path) -> None:
    """Removes it with all that it holds, read-only things too. It may be gone already."""

    def make_writable(remove: Callable[[str], object], path: str, _: Any) -> None:
        if not os.path.lexists(path):
            return
        os.chmod(os.path.dirname(path), stat.S_IRWXU)  # noqa: PTH101, PTH120
        if not os.path.islink(path):  # noqa: PTH114
            os.chmod(path, stat.S_IRWXU)  # noqa: PTH101
        if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
            shutil.rmtree(path)
        else:
            remove(path)

    if sys.version_info >= (3, 12):
        shutil.rmtree(folder, onexc=make_writable)
    else:
        shutil.rmtree(folder, onerror=make_writable)
