"""State of the process besides its environment: folder, umask, locale, signal handlers, warnings."""

from __future__ import annotations

import _locale
import _signal  # type: ignore[import-not-found]
import os
import warnings
from operator import attrgetter

from canonry.testing.state.leak import Leak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

get_locale: Callable[[int], str] = _locale.setlocale
ALL: int = _locale.LC_ALL
_ERROR: type[Exception] = vars(_locale)["Error"]
FIRST_LOCALE = get_locale(ALL)
"""What it was before anything of Python's could change it, unless the module `locale` was loaded already."""
SIGNALS = tuple(
    sorted(
        {
            number
            for name, number in vars(_signal).items()
            if name.startswith("SIG") and not name.startswith(("SIG_", "SIGRT")) and name not in ("SIGKILL", "SIGSTOP")
        }
    )
)
"""The numbers of the signals that can have a handler, without the real-time ones."""
get_handler: Callable[[int], object] = _signal.getsignal

_SHOWN = tuple(name for name in ("showwarning", "_showwarnmsg_impl") if hasattr(warnings, name))
shown_by = attrgetter(*_SHOWN, "__name__")
"""What shows a warning, and what `catch_warnings(record=True)` puts there; the name makes it a tuple in any Python."""

_last_umask = 0o022


def folder() -> str | None:
    """The working directory; None where it is gone."""
    try:
        return os.getcwd()  # noqa: PTH109 - it runs twice a test, and pathlib need not be loaded
    except OSError:
        return None


def umask() -> int:
    """The file mode mask. Only setting it reads it; it is set to what it most likely is, so that nothing changes."""
    global _last_umask
    now = os.umask(_last_umask)
    if now != _last_umask:
        os.umask(now)
        _last_umask = now
    return now


def compare_folder(before: str | None) -> list[Leak]:
    """The folder that was changed into."""
    now = folder()
    return [] if now == before else [Leak("cwd", now or "a folder that is gone", f"is not `{before}`")]


def compare_umask(before: int) -> list[Leak]:
    """The mask, where it differs."""
    now = umask()
    return [] if now == before else [Leak("umask", f"0o{now:03o}", f"is not `0o{before:03o}`")]


def compare_locale(before: str) -> list[Leak]:
    """The categories that differ."""
    now = get_locale(ALL)
    if now == before:
        return []
    old, new = _categories(before), _categories(now)
    return [
        Leak("locale", name, f"is `{new[name]}`, not `{old[name]}`") for name in sorted(new) if new[name] != old[name]
    ]


def compare_signals(before: Sequence[object]) -> list[Leak]:
    """The signals whose handlers differ."""
    import signal

    return [
        Leak("signal", signal.Signals(number).name, f"is handled by {_handler(now)}, not by {_handler(old)}")
        for number, old, now in zip(SIGNALS, before, map(get_handler, SIGNALS), strict=True)
        if now != old and not _is_pytests(old) and not _is_pytests(now)
    ]


def compare_filters(before: Sequence[tuple[object, ...]]) -> list[Leak]:
    """The filters of warnings that were added, removed, or moved."""
    now = list(warnings.filters)
    if now == list(before):
        return []
    added = [Leak("warnings", _filter(each), "was added") for each in now if each not in before]
    removed = [Leak("warnings", _filter(each), "was removed") for each in before if each not in now]
    return added + removed or [Leak("warnings", "filters", "are in another order")]


def compare_shown(before: tuple[object, ...]) -> list[Leak]:
    """What shows warnings, where it differs."""
    names = {"showwarning": "warnings.showwarning", "_showwarnmsg_impl": "warnings.catch_warnings"}
    return [
        Leak("warnings", names[name], f"shows them by {_handler(now)}, not by {_handler(old)}")
        for name, old, now in zip(_SHOWN, before, shown_by(warnings), strict=False)
        if now != old
    ]


def put_back_folder(before: str | None) -> None:
    """Changes back. Nothing where that folder is gone."""
    try:
        if before is not None and before != folder():
            os.chdir(before)
    except OSError:
        return


def put_back_umask(before: int) -> None:
    """Sets it back."""
    global _last_umask
    os.umask(before)
    _last_umask = before


def put_back_locale(before: str) -> None:
    """Sets it back."""
    try:
        _locale.setlocale(ALL, before)
    except _ERROR:
        return


def put_back_signals(before: Sequence[object]) -> None:
    """Sets the handlers back. Only the main thread may; a handler that is not Python's cannot be set at all."""
    for number, handler, now in zip(SIGNALS, before, list(map(get_handler, SIGNALS)), strict=True):
        if handler is not None and now != handler and not _is_pytests(handler) and not _is_pytests(now):
            try:
                _signal.signal(number, handler)
            except (ValueError, OSError):
                return


def put_back_filters(holder: list[tuple[object, ...]], before: Sequence[tuple[object, ...]]) -> None:
    """Makes `warnings.filters` the list that it was, with what it held, and forgets what was decided meanwhile."""
    if warnings.filters is not holder:
        warnings.filters = holder  # type: ignore[assignment]
    holder[:] = before
    forget = getattr(warnings, "_filters_mutated", None) or getattr(warnings, "_filters_mutated_lock_held", None)
    if forget is not None:
        forget()


def put_back_shown(before: tuple[object, ...]) -> None:
    """Makes warnings be shown as they were."""
    for name, old in zip(_SHOWN, before, strict=False):
        setattr(warnings, name, old)


def _categories(text: str) -> dict[str, str]:
    """What `setlocale(LC_ALL)` says, by category: one name for all, or ``LC_CTYPE=C.UTF-8;LC_NUMERIC=C``."""
    if "=" in text:
        return dict(part.split("=", 1) for part in text.split(";"))
    names = ("LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME")
    return dict.fromkeys(names, text)


def _is_pytests(handler: object) -> bool:
    """Whether pytest-timeout set it, which takes it away in the middle of a test that fails."""
    return getattr(handler, "__module__", None) == "pytest_timeout"


def _handler(handler: object) -> str:
    if handler is None:
        return "code outside Python"
    if handler in (_signal.SIG_DFL, _signal.SIG_IGN):
        return "`SIG_DFL`" if handler == _signal.SIG_DFL else "`SIG_IGN`"
    return f"`{getattr(handler, '__qualname__', None) or repr(handler)}`"


def _filter(each: tuple[object, ...]) -> str:
    action, message, category, module, line = each
    pattern = [str(getattr(text, "pattern", text) or "") for text in (message, module)]
    parts = [str(action), pattern[0], getattr(category, "__name__", str(category)), pattern[1], str(line or "")]
    return ":".join(parts).rstrip(":")
