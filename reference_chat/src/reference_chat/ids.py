"""Names and moments: identifiers that sort by time, timestamps of RFC 3339."""

import secrets
import time
from datetime import UTC, datetime


class _Clock:
    """Microseconds that never stand still, so that ids of one process sort in the order they were made."""

    def __init__(self) -> None:
        self._last = 0

    def tick(self) -> int:
        """A moment behind the one before."""
        self._last = max(self._last + 1, time.time_ns() // 1_000)
        return self._last


_CLOCK = _Clock()


def new_id(kind: str) -> str:
    """``kind_`` and 28 hex digits: 14 of the time in microseconds, 14 random; so rows of one run lie together."""
    return f"{kind}_{_CLOCK.tick():014x}{secrets.token_hex(7)}"


def timestamp() -> str:
    """This moment in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
