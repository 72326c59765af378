"""The state that a test can leave to the next: taken, compared, put back.

It is taken twice for every test, so what is fast here is fast on purpose.
"""

from __future__ import annotations

import os
import sys
import warnings

from canonry.testing.state import logs, patches, process, variables
from canonry.testing.state.logs import take as take_logs
from canonry.testing.state.process import ALL, SIGNALS, get_handler, get_locale, shown_by
from canonry.testing.state.variables import put

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from canonry.testing.state.leak import Leak, Probe

_modules = sys.modules
_probes: list[Probe] = []
_untouched: list[object] = []


class Snapshot:
    """What was there at one moment."""

    __slots__ = (
        "environ",
        "filters",
        "filters_held",
        "folder",
        "locale",
        "logs",
        "others",
        "patches",
        "put",
        "shown",
        "signals",
        "umask",
        "variables",
    )

    environ: Any
    variables: dict[bytes, bytes]
    put: dict[bytes, bytes | None]
    folder: str | None
    umask: int
    locale: str
    filters_held: Any
    filters: list[Any]
    shown: tuple[object, ...]
    signals: list[Any]
    logs: Any
    patches: list[Any]
    others: tuple[tuple[Probe, object], ...]


def snapshot() -> Snapshot:
    """The state now."""
    now = Snapshot()
    now.environ = os.environ
    now.variables = variables.held().copy()
    now.put = variables.put_past().copy()
    now.folder = process.folder()
    now.umask = process.umask()
    now.locale = get_locale(ALL) if "locale" in _modules else process.FIRST_LOCALE
    now.filters_held = warnings.filters
    now.filters = list(warnings.filters)
    now.shown = shown_by(warnings)
    now.signals = list(map(get_handler, SIGNALS))
    logging = _modules.get("logging")
    now.logs = None if logging is None else take_logs(logging)
    mock = _modules.get("unittest.mock")
    now.patches = [] if mock is None else patches.started(mock).copy()
    now.others = tuple([(probe, probe.take()) for probe in _probes]) if _probes else ()
    return now


def register(probe: Probe, *, untouched: object = None) -> None:
    """Watches one more kind of state, from the next snapshot on.

    ``untouched`` is the state of one that a test is the first to load: earlier snapshots are compared with it.
    """
    if probe not in _probes:
        _probes.append(probe)
        _untouched.append(untouched)


def _others(before: Snapshot) -> tuple[tuple[Probe, object], ...]:
    """The kinds of state that others watch, each as it was, those included that were registered since."""
    if len(before.others) == len(_probes):
        return before.others
    late = zip(_probes[len(before.others) :], _untouched[len(before.others) :], strict=True)
    return (*before.others, *((probe, state) for probe, state in late if state is not None))


def is_unchanged(before: Snapshot) -> bool:
    """Whether nothing differs; not all that does is told by `differences` (a new logger that says nothing)."""
    mask = os.umask(before.umask)  # sets what it most likely is, see `process.umask`
    if mask != before.umask:
        os.umask(mask)
        return False
    try:
        if os.getcwd() != before.folder:  # noqa: PTH109
            return False
    except OSError:  # it is gone
        return False
    logging = _modules.get("logging")
    mock = _modules.get("unittest.mock")
    return (
        os.environ is before.environ
        and not variables.differs(before.variables)
        and warnings.filters is before.filters_held
        and before.filters_held == before.filters
        and shown_by(warnings) == before.shown
        and list(map(get_handler, SIGNALS)) == before.signals
        and ("locale" not in _modules or get_locale(ALL) == before.locale)
        and (logging is None or take_logs(logging) is before.logs)
        and (mock is None or patches.started(mock) == before.patches)
        and (not put or variables.put_past() == before.put)
        and (not _probes or _are_unchanged(before))
    )


def _are_unchanged(before: Snapshot) -> bool:
    for probe, state in before.others if len(before.others) == len(_probes) else _others(before):
        if probe.take() != state:
            return False
    return True


def differences(before: Snapshot) -> tuple[Leak, ...]:
    """What differs, each thing by its name. Changes nothing."""
    if is_unchanged(before):
        return ()
    logging = sys.modules.get("logging")
    leaks = [
        *variables.compare_variables(before.variables),
        *variables.compare_put(before.put),
        *process.compare_folder(before.folder),
        *process.compare_umask(before.umask),
        *process.compare_locale(before.locale),
        *process.compare_filters(before.filters),
        *process.compare_shown(before.shown),
        *process.compare_signals(before.signals),
    ]
    if logging is not None:
        leaks += logs.compare(logging, before.logs or logs.untouched(logging))
    mock = sys.modules.get("unittest.mock")
    if mock is not None:
        leaks += patches.compare(mock, before.patches)
    for probe, state in _others(before):
        leaks += probe.compare(state)
    return tuple(leaks)


def restore(before: Snapshot) -> tuple[Leak, ...]:
    """Puts everything back; what could not be (a folder that is gone, a signal off the main thread) is returned."""
    mock = sys.modules.get("unittest.mock")
    if mock is not None:  # first: a patch may have taken the place of what is put back below
        patches.put_back(mock, before.patches)
    variables.put_back_variables(before.environ, before.variables)
    variables.put_back_put(before.put)
    process.put_back_folder(before.folder)
    process.put_back_umask(before.umask)
    process.put_back_locale(before.locale)
    process.put_back_filters(before.filters_held, before.filters)
    process.put_back_shown(before.shown)
    process.put_back_signals(before.signals)
    logging = sys.modules.get("logging")
    if logging is not None:
        logs.put_back(logging, before.logs or logs.untouched(logging))
    for probe, state in _others(before):
        probe.put_back(state)
    return differences(before)
