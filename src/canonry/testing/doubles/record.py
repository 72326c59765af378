"""Where each double was made, for rules and reports that count."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

_OWN = ("canonry.testing.", "unittest.mock", "contextlib")


class Made(NamedTuple):
    """A double of ``real`` (``module:qualified.name``) was made at ``path``:``line``.

    ``kind``: ``double``, ``function``, ``class``, ``module``, ``patch``, ``replacement``, ``spy``, ``registered`` or
    ``hand-written``.
    """

    real: str
    kind: str
    path: str
    line: int


_SINKS: list[Callable[[Made], None]] = []


def connect(sink: Callable[[Made], None]) -> None:
    """From now on the sink is told of every double. It knows which test runs; this does not."""
    _SINKS.append(sink)


def disconnect(sink: Callable[[Made], None]) -> None:
    """The sink is told no more."""
    if sink in _SINKS:
        _SINKS.remove(sink)


def note(kind: str, real: str) -> Made:
    """Tells the sinks of a double that the nearest frame outside canonry makes."""
    made = Made(real, kind, *caller())
    for sink in tuple(_SINKS):
        sink(made)
    return made


def caller() -> tuple[str, int]:
    """File and line of the nearest frame outside canonry."""
    frame: Any = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(_OWN):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)
