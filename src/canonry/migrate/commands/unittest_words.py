"""The arguments of `python -m unittest` as paths and options of the runner.

Source: docs.python.org, "unittest", command-line interface and test discovery.
"""

import re
from collections.abc import Sequence

from canonry.migrate.commands.pytest_words import VARIABLE, Arguments
from canonry.migrate.commands.terms import Terms
from canonry.migrate.commands.tokens import CannotMapError, Kept, Made, Token
from canonry.rules.invocation import Presence

_FLAGS: dict[str, tuple[Token, ...]] = {
    "-v": (Made("-v"),),
    "--verbose": (Made("-v"),),
    "-q": (Made("-q"),),
    "--quiet": (Made("-q"),),
    "-f": (Made("--fail-fast"),),
    "--failfast": (Made("--fail-fast"),),
    "-b": (),
    "--buffer": (),
    "-c": (),
    "--catch": (),
    "--locals": (),
}
"""pytest captures output and shows what it captured of failures, as ``-b`` asks; ``-c`` is its behaviour, too."""
_DISCOVERY = {
    "-s": "start",
    "--start-directory": "start",
    "-p": "pattern",
    "--pattern": "pattern",
    "-t": "top",
    "--top-level-directory": "top",
}
_WORD = re.compile(r"[\w.-]+")
_COMPUTED = re.compile(r"[$%{}]|^@\w")


def read_unittest_arguments(words: Sequence[str | None], first: int, terms: Terms) -> Arguments:
    """The arguments of unittest from an index on. Raises `CannotMapError` for what the runner cannot be told."""
    found = Arguments()
    rest = list(range(first, len(words)))
    discovers = bool(rest) and words[rest[0]] == "discover"
    rest = rest[1:] if discovers else rest
    given: dict[str, int | str] = {}
    names: list[int] = []
    while rest:
        at = rest.pop(0)
        word = words[at]
        if word is None or _COMPUTED.search(word):
            found.unknown.append(at)
        elif word in _FLAGS:
            found.own += _FLAGS[word]
        elif word == "-k" or word == "--durations":
            _valued(words, word, rest, found)
        elif word.partition("=")[0] in _DISCOVERY:
            name, equals, value = word.partition("=")
            given[_DISCOVERY[name]] = value if equals else _next(words, rest, name)
        elif word.startswith("-"):
            raise CannotMapError(f"`{word}` of unittest has no counterpart")
        else:
            names.append(at)
    if discovers or not names:
        _discover(words, given, names, found)
    else:
        for at in names:
            found.paths.append((at, _path_of(words[at] or "", terms)))
    return found


def _next(words: Sequence[str | None], rest: list[int], option: str) -> int:
    if not rest:
        raise CannotMapError(f"`{option}` has no value")
    return rest.pop(0)


def _valued(words: Sequence[str | None], option: str, rest: list[int], found: Arguments) -> None:
    at = _next(words, rest, option)
    value = words[at] or ""
    if option == "-k" and not re.fullmatch(r"\w+", value):
        raise CannotMapError(f"`-k {value}` of unittest is a pattern, that of pytest an expression")
    if option == "-k" and found.narrowed:
        raise CannotMapError("several `-k` are alternatives to unittest; write them as one expression")
    found.narrowed = found.narrowed or option == "-k"
    found.own += [Made("-k"), Kept(at)] if option == "-k" else [Made("--durations")]


def _discover(words: Sequence[str | None], given: dict[str, int | str], names: list[int], found: Arguments) -> None:
    """``discover [START [PATTERN [TOP]]]``: the files below a folder whose names meet a pattern."""
    for key, at in zip(("start", "pattern", "top"), names, strict=False):
        given.setdefault(key, at)
    texts = {key: (words[at] or "" if isinstance(at, int) else at) for key, at in given.items()}
    if texts.get("pattern", "test*.py") not in ("test*.py", "test_*.py"):
        raise CannotMapError(f"the runner selects files by pytest's patterns, not by `{texts['pattern']}`")
    if VARIABLE.search(texts.get("start", "")):
        raise CannotMapError("the folder in which unittest looks is computed")
    if "top" in texts and texts["top"] != texts.get("start"):
        found.doubt(f"tests are imported from `{texts['top']}`, which the runner does not put on the import path")
    found.doubt("pytest also collects files that unittest's discovery does not import, and functions")
    start = given.get("start")
    if isinstance(start, int) and texts["start"] not in ("", "."):
        found.paths.append((start, texts["start"]))
    elif isinstance(start, str) and start not in ("", "."):
        if not re.fullmatch(r"[\w./-]+", start):
            raise CannotMapError("the folder in which unittest looks has to be quoted")
        found.paths.append((-1, start))


def _path_of(name: str, terms: Terms) -> str:
    """The node id of a dotted name: the longest beginning that is a file or a folder."""
    if name.endswith(".py"):
        return name
    if not _WORD.fullmatch(name):
        raise CannotMapError(f"`{name}` is no dotted name")
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = "/".join(parts[:length])
        if terms.standing(f"{path}.py") is Presence.THERE:
            return "::".join([f"{path}.py", *parts[length:]])
        if length == len(parts) and terms.standing(path) is Presence.THERE:
            return path
    raise CannotMapError(f"`{name}` names no file here")
