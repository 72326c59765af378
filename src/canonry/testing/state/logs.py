"""Logging: levels, handlers, filters and switches of the root and of every named logger, and what holds for all."""

from __future__ import annotations

import sys
from operator import attrgetter

from canonry.testing.state.leak import Leak

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from typing import Any

    State = tuple[int, bool, bool, list[Any], list[Any]]
    Logs = tuple[int, tuple[Any, ...], dict[int, str], list[logging.Logger], list[State]]
    """`logging.disable`, what else holds for all loggers, the names of levels, the loggers, and their states."""

_all_of = attrgetter("level", "propagate", "disabled", "handlers", "filters")
_FOR_ALL = {
    "_logRecordFactory": "logging.setLogRecordFactory",
    "_loggerClass": "logging.setLoggerClass",
    "_warnings_showwarning": "logging.captureWarnings",
    "raiseExceptions": "logging.raiseExceptions",
    "lastResort": "logging.lastResort",
}
"""What the module holds for all loggers, and what users call it."""
_for_all = attrgetter(*_FOR_ALL)
_FIRST_NAMES = {50: "CRITICAL", 40: "ERROR", 30: "WARNING", 20: "INFO", 10: "DEBUG", 0: "NOTSET"}
_known: list[object] = []
_last: Logs = (0, (), {}, [], [])


def take(module: Any) -> Logs:
    """The state of the module `logging`, which is handed in because it may not be loaded.

    The same object as the last time where nothing changed, so that nothing is copied then.
    """
    global _known, _last
    manager = module.root.manager
    known = list(manager.loggerDict.values())
    if known != _known or not _last[3]:
        _known = known
        loggers = [module.root, *(each for each in known if isinstance(each, module.Logger))]
    else:
        loggers = _last[3]
    wide, names, states = _for_all(module), module._levelToName, list(map(_all_of, loggers))
    off = manager.disable
    if states != _last[4] or wide != _last[1] or names != _last[2] or off != _last[0] or loggers is not _last[3]:
        _last = (off, wide, names.copy(), loggers, [(*state[:3], list(state[3]), list(state[4])) for state in states])
    return _last


def untouched(module: Any) -> Logs:
    """The state of `logging` when it was just loaded, for a test that was the first to load it."""
    wide = (module.LogRecord, module.Logger, None, True, module._defaultLastResort)
    return 0, wide, _FIRST_NAMES, [module.root], [(module.WARNING, True, False, [], [])]


def compare(module: Any, before: Logs) -> list[Leak]:
    """What differs: which logger, and what of it. New loggers count with what is not their default.

    A name for a level that had none is no difference: libraries give such names when they are imported.
    """
    now = take(module)
    leaks = [
        Leak("logging", word, f"is {_shown(is_)}, not {_shown(was)}")
        for word, was, is_ in zip(
            ("logging.disable", *_FOR_ALL.values()), (before[0], *before[1]), (now[0], *now[1]), strict=True
        )
        if was != is_
    ]
    leaks += [
        Leak("logging", "logging.addLevelName", f"calls level {level} `{now[2].get(level)}`, not `{name}`")
        for level, name in before[2].items()
        if now[2].get(level) != name
    ]
    old = _by_logger(before)
    for logger, state in _by_logger(now).items():
        was = old.get(logger, _DEFAULT)
        leaks += _compare_switches(module, logger.name, was[:3], state[:3])
        handlers = state[3] if logger in old else [each for each in state[3] if not _is_silent(module, logger, each)]
        leaks += _compare_lists(logger.name, "handler", was[3], handlers)
        leaks += _compare_lists(logger.name, "filter", was[4], state[4])
    return leaks


def put_back(module: Any, before: Logs) -> None:
    """Makes every logger what it was; a new one gets its defaults."""
    module.disable(before[0])
    for attribute, was in zip(_FOR_ALL, before[1], strict=True):
        setattr(module, attribute, was)
    for level, name in before[2].items():
        now = module._levelToName.get(level)
        if now != name:
            module._nameToLevel.pop(now, None)
            module.addLevelName(level, name)
    old = _by_logger(before)
    for logger in _by_logger(take(module)):
        level, propagate, disabled, handlers, filters = old.get(logger, _DEFAULT)
        if logger.level != level:
            logger.setLevel(level)
        logger.propagate = propagate
        logger.disabled = disabled
        kept = handlers if logger in old else [each for each in logger.handlers if _is_silent(module, logger, each)]
        if list(logger.handlers) != list(kept):
            logger.handlers[:] = kept
        if list(logger.filters) != list(filters):
            logger.filters[:] = filters


_DEFAULT: State = (0, True, False, [], [])


def _by_logger(logs: Logs) -> dict[logging.Logger, State]:
    return dict(zip(logs[3], logs[4], strict=True))


def _compare_switches(module: Any, name: str, old: Any, new: Any) -> list[Leak]:
    words = ("level", "propagate", "disabled")
    return [
        Leak(
            "logging",
            name,
            f"has {word} {module.getLevelName(now) if word == 'level' else now}, "
            f"not {module.getLevelName(was) if word == 'level' else was}",
        )
        for word, was, now in zip(words, old, new, strict=True)
        if was != now
    ]


def _compare_lists(name: str, word: str, old: Sequence[object], new: Sequence[object]) -> list[Leak]:
    added = [each for each in new if each not in old]
    removed = [each for each in old if each not in new]
    return [Leak("logging", name, f"has the {word} `{each!r}`") for each in added] + [
        Leak("logging", name, f"lost the {word} `{each!r}`") for each in removed
    ]


def _shown(value: object) -> str:
    return f"`{getattr(value, '__qualname__', None) or repr(value)}`" if callable(value) else str(value)


def _is_silent(module: Any, logger: logging.Logger, handler: object) -> bool:
    """Whether it is what a library puts on its own new logger when it is imported, which no test can see."""
    return isinstance(handler, module.NullHandler) and logger.name.partition(".")[0] in sys.modules
