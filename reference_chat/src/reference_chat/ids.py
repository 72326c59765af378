"""Names and moments: identifiers that sort by time, timestamps of RFC 3339."""

import functools
import secrets
import time

_PROCESS = secrets.token_hex(7)
_last = 0


def new_id(kind: str) -> str:
    """``kind_`` and 28 hex digits: 14 of the time in microseconds, 14 of this process.

    Ids of one process differ, and sort in the order they were made, so rows of one run lie together. They name things
    and prove nothing: a ticket is a secret and comes from `secrets`.
    """
    global _last
    _last = max(_last + 1, time.time_ns() // 1_000)
    return f"{kind}_{_last:014x}{_PROCESS}"


def timestamp() -> str:
    """This moment in UTC, to the microsecond."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1_000:06d}Z"


@functools.lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
