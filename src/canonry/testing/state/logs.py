"""Logging: levels, handlers, filters and switches of the root and of every named logger, and `logging.disable`."""

from __future__ import annotations

from operator import attrgetter

from canonry.testing.state.leak import Leak

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence
    from typing import Any

    State = tuple[int, bool, bool, list[Any], list[Any]]
    Logs = tuple[int, list[logging.Logger], list[State]]

_all_of = attrgetter("level", "propagate", "disabled", "handlers", "filters")
_known: list[object] = []
_last: Logs = (0, [], [])


def take(module: Any) -> Logs:
    """The state of the module `logging`, which is handed in because it may not be loaded.

    The same object as the last time where nothing changed, so that nothing is copied then.
    """
    global _known, _last
    manager = module.root.manager
    known = list(manager.loggerDict.values())
    if known != _known or not _last[1]:
        _known = known
        loggers = [module.root, *(each for each in known if isinstance(each, module.Logger))]
    else:
        loggers = _last[1]
    states = list(map(_all_of, loggers))
    if states != _last[2] or manager.disable != _last[0] or loggers is not _last[1]:
        _last = (manager.disable, loggers, [(*state[:3], list(state[3]), list(state[4])) for state in states])
    return _last


def untouched(module: Any) -> Logs:
    """The state of `logging` when it was just loaded, for a test that was the first to load it."""
    return 0, [module.root], [(module.WARNING, True, False, [], [])]


def compare(module: Any, before: Logs) -> list[Leak]:
    """What differs: which logger, and what of it. New loggers count with what is not their default."""
    now = take(module)
    leaks = []
    if now[0] != before[0]:
        leaks.append(Leak("logging", "logging.disable", f"is {now[0]}, not {before[0]}"))
    old = _by_logger(before)
    for logger, state in _by_logger(now).items():
        was = old.get(logger, _DEFAULT)
        leaks += _compare_switches(module, logger.name, was[:3], state[:3])
        leaks += _compare_lists(module, logger.name, "handler", was[3], state[3])
        leaks += _compare_lists(module, logger.name, "filter", was[4], state[4])
    return leaks


def put_back(module: Any, before: Logs) -> None:
    """Makes every logger what it was; a new one gets its defaults."""
    module.disable(before[0])
    old = _by_logger(before)
    for logger in _by_logger(take(module)):
        level, propagate, disabled, handlers, filters = old.get(logger, _DEFAULT)
        if logger.level != level:
            logger.setLevel(level)
        logger.propagate = propagate
        logger.disabled = disabled
        kept = handlers if logger in old else [each for each in logger.handlers if _is_silent(module, each)]
        if list(logger.handlers) != list(kept):
            logger.handlers[:] = kept
        if list(logger.filters) != list(filters):
            logger.filters[:] = filters


_DEFAULT: State = (0, True, False, [], [])


def _by_logger(logs: Logs) -> dict[logging.Logger, State]:
    return dict(zip(logs[1], logs[2], strict=True))


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


def _compare_lists(module: Any, name: str, word: str, old: Sequence[object], new: Sequence[object]) -> list[Leak]:
    added = [each for each in new if each not in old and not _is_silent(module, each)]
    removed = [each for each in old if each not in new]
    return [Leak("logging", name, f"has the {word} `{each!r}`") for each in added] + [
        Leak("logging", name, f"lost the {word} `{each!r}`") for each in removed
    ]


def _is_silent(module: Any, handler: object) -> bool:
    """Whether it is what a library puts on its own logger when it is imported, which no test can see."""
    return isinstance(handler, module.NullHandler)
