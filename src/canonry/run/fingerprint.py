"""What a run stood on, so that two runs in different places can be compared."""

import os
import platform
import sys
from collections.abc import Mapping
from importlib import metadata

_OURS = ("CANONRY_", "PYTEST_")


def fingerprint(
    *, services: Mapping[str, str] | None = None, variables: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Python, platform, cores, packages and services with versions, and the names (no values) of variables.

    Keys are ``python``, ``platform``, ``machine``, ``cores``, ``package:NAME``, ``service:NAME`` and ``variables``.
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
    found |= {f"package:{name}": version for name, version in packages().items()}
    found |= {f"service:{name}": version for name, version in (services or {}).items()}
    names = sorted(name for name in (os.environ if variables is None else variables) if not name.startswith(_OURS))
    return found | {"variables": " ".join(names)}


def packages() -> dict[str, str]:
    """The installed distributions with their versions, by normalised name, sorted."""
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
