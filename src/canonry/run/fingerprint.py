"""What a run stood on, so that two runs in different places can be compared."""

import contextlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from canonry.model.state import make_state_folder

_SETTLED = 2_000_000_000
"""Nanoseconds after which a folder is taken as it is."""
_OURS = ("CANONRY_", "PYTEST_")


def fingerprint(
    *,
    services: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    kept: Path | None = None,
) -> dict[str, str]:
    """Python, platform, cores, packages and services with versions, and the names (no values) of variables.

    Keys are ``python``, ``platform``, ``machine``, ``cores``, ``package:NAME``, ``service:NAME`` and ``variables``.
    ``kept`` is a file in which the packages are kept until one is installed or removed.
    """
    found = {
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cores": str(os.cpu_count() or 1),
        "encoding": sys.getfilesystemencoding(),
        "timezone": "/".join(_zone()),
    }
    found |= {
        f"package:{name}": version
        for name, version in (kept_packages(kept) if kept is not None else packages()).items()
    }
    found |= {f"service:{name}": version for name, version in (services or {}).items()}
    names = sorted(name for name in (os.environ if variables is None else variables) if not name.startswith(_OURS))
    return found | {"variables": " ".join(names)}


def kept_packages(place: Path) -> dict[str, str]:
    """As `packages`, from this file where nothing was installed or removed since; otherwise it is written anew."""
    key: list[tuple[str, int]] = [(each, _changed(each)) for each in sys.path]
    try:
        known = json.loads(place.read_bytes())
        if [tuple(each) for each in known["key"]] == key:
            return {str(name): str(version) for name, version in known["packages"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    found = packages()
    if max((each[1] for each in key), default=0) > time.time_ns() - _SETTLED:
        return found  # somebody may be installing at this moment
    with contextlib.suppress(OSError):  # then the next run looks again
        make_state_folder(place.parent)
        draft = place.with_name(f"{place.name}-{os.getpid()}")
        draft.write_text(json.dumps({"key": key, "packages": found}), encoding="utf-8")
        draft.replace(place)
    return found


def _changed(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 - at each run
    except OSError:
        return 0


def packages() -> dict[str, str]:
    """The installed distributions with their versions, by normalised name, sorted."""
    from importlib import metadata  # takes long, and most runs find what is kept

    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if name:
            found.setdefault(name.lower().replace("_", "-"), distribution.version)
    return dict(sorted(found.items()))


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """What differs between two fingerprints: key -> both values, empty where one has none."""
    keys = sorted({*one, *other})
    return {key: (one.get(key, ""), other.get(key, "")) for key in keys if one.get(key) != other.get(key)}


def _zone() -> tuple[str, ...]:
    import time

    return time.tzname
