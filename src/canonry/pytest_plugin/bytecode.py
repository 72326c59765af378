"""Test files with pytest's asserts, compiled once, where Python may write no byte code beside them.

With `PYTHONDONTWRITEBYTECODE` set pytest rewrites the asserts of every test file on every run, which costs more than
the tests of many a suite. Here it keeps the results in canonry's own folder, and nowhere else; what tests see of
`sys.dont_write_bytecode` stays as it is. pytest itself says by time and size whether a result is still its file's.
"""

import sys
import sysconfig
from pathlib import Path
from typing import Any

from _pytest.assertion import rewrite

from canonry.model.state import STATE

_NAMES = ("sys", "get_cache_dir", "try_makedirs")
"""What pytest's module asks where to write, and whether."""


def keep_bytecode(root: Path) -> bool:
    """Lets pytest keep what it compiles below ``root``, and of plugins; whether it does.

    Nothing changes where Python may write beside the sources, where there is no state folder, or in a pytest that asks
    other questions.
    """
    ours = root / STATE
    if not sys.dont_write_bytecode or not ours.is_dir() or not all(hasattr(rewrite, name) for name in _NAMES):
        return False
    module: Any = rewrite
    place, beside, make = ours / "bytecode", module.get_cache_dir, module.try_makedirs
    homes = (root, Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib")))

    def get_cache_dir(path: Path) -> Path:
        if any(path.is_relative_to(home) for home in homes):
            return place.joinpath(*path.parts[1:-1])
        return Path(beside(path))

    def try_makedirs(folder: Path) -> bool:
        return folder.is_relative_to(place) and bool(make(folder))

    module.get_cache_dir, module.try_makedirs, module.sys = get_cache_dir, try_makedirs, _MayWrite()
    return True


class _MayWrite:
    """The module `sys` as pytest's rewriting sees it."""

    dont_write_bytecode = False

    def __getattr__(self, name: str) -> object:
        return getattr(sys, name)
