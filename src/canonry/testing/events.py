"""Where a test's events go: to the runner in this process, to the file it named, or beside the project.

The types stand in `model.run_event`; they are loaded with the first event that is really written.
"""

from __future__ import annotations

import math
import os
import time

from canonry.testing import context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from canonry.model.run_event import RunEvent

    Sink = Callable[[RunEvent], None]

_sink: Sink | None = None
_plain: tuple[int, str] | None = None
"""The process that opened a file of its own, and the file."""
_is_broken = False
MARKS = ("pyproject.toml", "canonry.toml", ".git")
"""What lies at the root of a project."""


def set_sink(sink: Sink | None) -> None:
    """For the runner's half inside the process: every event goes there from now on. None goes back to files."""
    global _sink
    _sink = sink


def is_listening() -> bool:
    """Whether somebody asked for events: those that tell of no wish of the test's are made only then."""
    return _sink is not None or bool(context.EVENTS)


def emit(event: RunEvent) -> None:
    """Hands an event on. Where its file cannot be written, one warning says so, and the test goes on."""
    global _is_broken
    if _sink is not None:
        _sink(event)
        return
    from canonry.model.run_event import encode

    path = ""
    try:
        path = os.path.join(context.START, context.EVENTS) if context.EVENTS else _own_file()  # noqa: PTH118
        _append(path, encode(event))
    except OSError as error:
        if not _is_broken:
            _is_broken = True
            import warnings

            warnings.warn(
                f"events of tests are lost: `{path or 'their file'}` cannot be written ({error.strerror}); "
                "set CANONRY_EVENTS to a file that can",
                stacklevel=2,
            )


def metric(node: str, name: str, value: float, unit: str) -> None:
    """Emits a metric. Raises `TypeError` for what is no number, `ValueError` for what no report can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"the metric `{name}` has to be a number, not `{type(value).__name__}`")
    if not name or not math.isfinite(value):
        raise ValueError(f"the metric `{name}` has to have a name and a finite number, not `{value}`")
    from canonry.model.run_event import Metric

    worker = context.current(node).worker
    emit(Metric(at=time.time(), worker=worker, node=node, name=name, value=float(value), unit=unit))


def leaked(node: str, kind: str, name: str, detail: str, *, restored: bool) -> None:
    """Emits a leak, where somebody listens."""
    if is_listening():
        from canonry.model.run_event import Leaked

        worker = context.current(node).worker
        emit(Leaked(at=time.time(), worker=worker, node=node, kind=kind, name=name, detail=detail, restored=restored))


def project_root(start: str) -> str:
    """The nearest folder, upward, that looks like the root of a project; ``start`` where none does."""
    folder = start
    while True:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in MARKS):  # noqa: PTH110, PTH118
            return folder
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return start
        folder = above


def _own_file() -> str:
    """A file of this process below the project's state, which it opens as a recording of its own."""
    global _plain
    pid = os.getpid()
    if _plain is None or _plain[0] != pid:  # a fork writes another
        from pathlib import Path

        from canonry.model.run_event import RunStarted, encode
        from canonry.model.state import STATE, make_state_folder

        root = project_root(context.START)
        folder = Path(root, STATE, "runs", "plain")
        make_state_folder(folder)
        run = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{pid}"
        path = str(folder / f"{run}.jsonl")
        _append(path, encode(RunStarted(at=time.time(), run=run, root=root)))
        _plain = (pid, path)
    return _plain[1]


def _append(path: str, line: bytes) -> None:
    """Appends a line in one write, so that lines of several processes do not mix."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
