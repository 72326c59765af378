"""The environment of the process: `os.environ`, and what `os.putenv` and `os.unsetenv` did past it.

What the C library holds cannot be read in plain Python; so the two functions are watched. `os.environ` calls them too,
with the values that it then holds itself: what differs from those was put there directly. They are watched
from the import of this module on; who took them before, and code in C, is not seen.
"""

from __future__ import annotations

import os

from canonry.testing.state.leak import Leak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

put: dict[bytes, bytes | None] = {}
"""What the watched functions put last, by name; only what may differ from `os.environ`."""
PYTEST_OWN = b"PYTEST_CURRENT_TEST"
"""What pytest itself writes in every phase of a test; no test's doing."""
_putenv = os.putenv
_unsetenv = os.unsetenv


def held() -> dict[bytes, bytes]:
    """What `os.environ` holds, as it stores it (bytes, on POSIX); not a copy."""
    try:
        data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
    except AttributeError:  # a test put a plain mapping in its place
        return {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}
    return data


def differs(before: dict[bytes, bytes]) -> bool:
    """Whether `os.environ` holds something else. What pytest itself wrote is taken over into ``before``."""
    now = held()
    if now == before:
        return False
    _take_over(now, before)
    return now != before


def _take_over(now: dict[bytes, bytes], before: dict[bytes, bytes]) -> None:
    value = now.get(PYTEST_OWN)
    if value is None:
        before.pop(PYTEST_OWN, None)
    else:
        before[PYTEST_OWN] = value


def put_past() -> dict[bytes, bytes | None]:
    """What was put past `os.environ` and still differs from it. Not a copy."""
    if put:
        data = held()
        for name in [name for name, value in put.items() if data.get(name) == value]:
            del put[name]
    return put


def compare_variables(before: dict[bytes, bytes]) -> list[Leak]:
    """The variables of `os.environ` that differ. Values are never told: they may be secrets."""
    now = held()
    _take_over(now, before)
    leaks = []
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if old != new:
            what = "was added" if old is None else "was removed" if new is None else "was changed"
            leaks.append(Leak("environment", os.fsdecode(name), what))
    return leaks


def compare_put(before: dict[bytes, bytes | None]) -> list[Leak]:
    """The variables that were put past `os.environ` since then."""
    return [
        Leak(
            "environment",
            os.fsdecode(name),
            "was set by `os.putenv`, past `os.environ`"
            if value is not None
            else "was removed by `os.unsetenv`, past `os.environ`",
        )
        for name, value in sorted(put_past().items())
        if before.get(name, b"") != value or name not in before
    ]


def put_back_variables(environ: MutableMapping[str, str], before: dict[bytes, bytes]) -> None:
    """Makes `os.environ` the object that it was, with what it held."""
    if os.environ is not environ:
        os.environ = environ  # type: ignore[assignment]  # noqa: B003 - it is the very object
    now = held()
    _take_over(now, before)
    for name in [name for name in now if name not in before]:
        del os.environ[os.fsdecode(name)]
    for name, value in before.items():
        if now.get(name) != value:
            os.environ[os.fsdecode(name)] = os.fsdecode(value)


def put_back_put(before: dict[bytes, bytes | None]) -> None:
    """Makes the C library hold what `os.environ` holds, and what had been put past it before."""
    data = held()
    for name in list(put_past()):
        if name in before:
            value = before[name]
            put[name] = value
        else:
            value = data.get(name)
            del put[name]
        if value is None:
            _unsetenv(name)
        else:
            _putenv(name, value)


def _watched_putenv(name: Any, value: Any, /) -> None:
    _putenv(name, value)
    put[os.fsencode(name)] = os.fsencode(value)


def _watched_unsetenv(name: Any, /) -> None:
    _unsetenv(name)
    put[os.fsencode(name)] = None


os.putenv = _watched_putenv
os.unsetenv = _watched_unsetenv
