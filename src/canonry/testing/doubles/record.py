"""Where each double was made, for rules and reports that count."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from canonry.testing import context, events

_OWN = ("canonry.testing.", "unittest.mock", "contextlib")


class Made(NamedTuple):
    """A double of ``real`` (``module:qualified.name``) was made at ``path``:``line``.

    ``kind``: ``double``, ``function``, ``class``, ``module``, ``patch``, ``replacement``, ``spy``, ``registered``,
    ``hand-written`` or ``unchecked`` (of which ``real`` is the mock of `unittest.mock`).
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
    """Tells of a double that the nearest frame outside canonry makes: the sinks, and the run where one listens."""
    made = Made(real, kind, *caller())
    for sink in tuple(_SINKS):
        sink(made)
    if events.is_listening():
        _emit(made)
    return made


def caller() -> tuple[str, int]:
    """File and line of the nearest frame outside canonry."""
    frame = _outer_frame()
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


def is_called_by_import() -> bool:
    """Whether the nearest frame outside canonry is the body of a module, which runs once."""
    frame = _outer_frame()
    return frame is not None and frame.f_code.co_name == "<module>"


def _outer_frame() -> Any:
    frame: Any = sys._getframe(2)
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(_OWN):
        frame = frame.f_back
    return frame


def _emit(made: Made) -> None:
    from canonry.model.run_event import DoubleMade

    now = context.current()
    inside = os.path.join(context.START, "")  # noqa: PTH118  a prefix
    path = made.path.removeprefix(inside).replace(os.sep, "/")
    event = DoubleMade(
        at=time.time(), worker=now.worker, node=now.node, real=made.real, kind=made.kind, path=path, line=made.line
    )
    events.emit(event)
