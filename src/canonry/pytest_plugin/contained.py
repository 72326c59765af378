"""What asks a whole session to end costs the test that asks."""

import contextlib
from collections.abc import Iterator

import pytest


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """`pytest.exit` and KeyboardInterrupt fail the phase that raises them.

    Nobody interrupts a worker: it has a session of its own, and is told by its controller when to end.
    """
    try:
        yield
    except (KeyboardInterrupt, pytest.exit.Exception) as error:
        raise EndsSession(f"{_name(error)}: {error}".rstrip(": ")) from error


class EndsSession(Exception):  # noqa: N818 - pytest shows the name
    """The test called `pytest.exit`, or raised KeyboardInterrupt."""


def _name(error: BaseException) -> str:
    return "pytest.exit" if isinstance(error, pytest.exit.Exception) else type(error).__name__
