"""Where pytest has its root directory for a call: the folder of the configuration that it takes.

Source of the order: `determine_setup` and `locate_config` of pytest 9 (`_pytest/config/findpaths.py`).
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from canonry.source.pytest_settings import read_pytest_values
from canonry.source.trees.place import is_file, is_folder
from canonry.source.trees.tree import read_file


def pytest_root(here: Path, named: Sequence[Path]) -> Path | None:
    """The root for a call in the folder ``here`` that names these paths (absolute; what does not exist is passed over).

    None where neither a configuration nor a `setup.py` says it, so that pytest falls back on where the call was made.
    """
    folders = [path if is_folder(path) else path.parent for path in named if os.path.lexists(path)]
    common = _common(folders) if folders else here
    found = _configured([common])
    if found is None:
        found = next((each for each in (common, *common.parents) if is_file(each / "setup.py")), None)
    if found is None and folders != [common]:
        found = _configured(folders or [here])
    return found


def _common(folders: Sequence[Path]) -> Path:
    return Path(os.path.commonpath(folders))


def _configured(folders: Iterable[Path]) -> Path | None:
    """The nearest folder at or above one of these with a configuration of pytest, else with a `pyproject.toml`."""
    bare: Path | None = None
    for folder in folders:
        for base in (folder, *folder.parents):
            if read_pytest_values(lambda name, base=base: read_file(base / name))[1]:  # type: ignore[misc]
                return base
            if bare is None and is_file(base / "pyproject.toml"):
                bare = base
    return bare
