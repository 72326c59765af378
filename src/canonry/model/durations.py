"""How long a duration such as ``10m`` is."""

import re

PATTERN = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"
"""How users write a duration: a number and a unit."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(duration: str) -> float:
    """Return the length of ``duration`` in seconds. Raises ValueError when it is not a duration."""
    match = re.fullmatch(PATTERN, duration)
    if match is None:
        raise ValueError(f"`{duration}` is not a duration")
    return float(duration[: match.start(2)]) * _SECONDS[match[2]]
