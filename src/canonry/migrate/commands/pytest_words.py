"""The arguments of pytest, told apart: paths, options that the runner has of its own, everything else."""

import re
from collections.abc import Sequence

import msgspec

from canonry.migrate.commands.pytest_options import (
    COLLECTING,
    FLAGS,
    OPTIONAL,
    OWN_FLAGS,
    OWN_SHORT,
    OWN_VALUED,
    REPORTS,
    REVIEWED,
    SHORT_FLAGS,
    SHORT_VALUED,
    SPREADING,
    VALUED,
)
from canonry.migrate.commands.tokens import CannotMapError, Changed, Doubt, Kept, Made, Token
from canonry.model.edit import Grade

VARIABLE = re.compile(r"[$%{}]|^@\w|\*|\?|^<[\w-]+>$")
"""What a word holds that is not fixed: variables of shells and templates, globs."""
_ALONE = re.compile(
    r"\$\w+|\$[@*#]|\$\{(?:[^{}]|\{[^{}]*\})*\}|\$\(.*\)|%\w+%|%\*|%\d|@\w+|\{\{.*\}\}|\{posargs.*\}|\{env:.*\}|`.*`|\{\s*replace\s*=.*\}"
    r"|\$\{\{.*\}\}|<[\w-]+>",
    re.DOTALL,
)
"""A word that is a variable and nothing else: a path, an option, or several words, nobody knows."""


class Arguments(msgspec.Struct, kw_only=True):
    """What was found: ``own`` options and ``passed`` ones as they are to be written, ``paths`` by index and text."""

    own: list[Token] = msgspec.field(default_factory=list)
    passed: list[Token] = msgspec.field(default_factory=list)
    paths: list[tuple[int, str]] = msgspec.field(default_factory=list)
    unknown: list[int] = msgspec.field(default_factory=list)
    """Words that are computed as a whole."""
    marker: tuple[str, int] | None = None
    """The text of a fixed ``-m``, and where its tokens begin in ``own``."""
    narrowed: bool = False
    """Whether options narrow the selection beyond paths and ``-m``."""
    doubts: list[Doubt] = msgspec.field(default_factory=list)

    def doubt(self, reason: str, grade: Grade = Grade.REVIEW) -> None:
        """Adds a reason for which the result is not safe."""
        self.doubts.append(Doubt(grade, reason))


def read_pytest_arguments(words: Sequence[str | None], first: int) -> Arguments:
    """The arguments of pytest from an index on. Raises `CannotMapError` for what the runner cannot be told."""
    found = Arguments()
    at = first
    while at < len(words):
        word = words[at]
        if word is None:
            found.unknown.append(at)
            at += 1
        elif word == "--":
            found.paths += [(index, words[index] or "") for index in range(at + 1, len(words))]
            break
        elif word.startswith("--"):
            at = _long(words, at, found)
        elif word.startswith("-") and len(word) > 1:
            at = _short(words, at, found)
        else:
            _positional(word, at, found)
            at += 1
    return found


def _positional(word: str, at: int, found: Arguments) -> None:
    if _ALONE.fullmatch(word):
        found.unknown.append(at)
    else:
        found.paths.append((at, word))


def _long(words: Sequence[str | None], at: int, found: Arguments) -> int:
    """Reads an option that begins with two dashes; the index behind it and its value."""
    word = words[at] or ""
    name, equals, value = word.partition("=")
    _notice(name, found)
    if name in COLLECTING:
        found.own.append(Made("--collect", at))
        found.doubt(f"`{name}` prints node ids, `--collect` a share, and ends with 1 where a file cannot be collected")
        return at + 1
    if name in FLAGS or (name in OPTIONAL and (equals or not _is_value(words, at + 1))):
        if name in ("--last-failed", "--lf"):
            found.narrowed = True
            found.own.append(Made("--failed", at))
            found.doubt(f"`{name}` goes by pytest's own cache, `--failed` by the runner's recordings")
        elif name in OWN_FLAGS and not equals:
            found.own.append(Made(OWN_FLAGS[name], at))
        else:
            found.passed.append(Kept(at))
        return at + 1
    if name in VALUED or name in OPTIONAL:
        if not equals and at + 1 >= len(words):
            raise CannotMapError(f"`{name}` has no value")
        behind = at + 1 if equals else at + 2
        _valued(name, value if equals else words[at + 1], at, equals != "", found)
        return behind
    if equals:
        found.passed.append(Kept(at))
        return at + 1
    found.passed.append(Kept(at))
    if _is_value(words, at + 1):
        raise CannotMapError(f"nothing says whether `{name}` takes `{words[at + 1] or '...'}` as its value")
    return at + 1


def _valued(name: str, value: str | None, at: int, joined: bool, found: Arguments) -> None:
    """Adds an option with a value, which stands in the same word (``joined``) or in the next."""
    known = value is not None and not VARIABLE.search(value)
    if name in REPORTS:
        found.own.append(Made("--report", at))
        found.own.append(Changed(at, f"{name}=", "junit=") if joined else Changed(at + 1, "", "junit="))
    elif name in OWN_VALUED:
        if known and re.fullmatch(r"0+(?:\.0*)?", value or ""):
            return  # no limit, which is what the runner does when nothing is said
        if known and name == "--maxfail" and not (value or "").isdigit():
            raise CannotMapError(f"`{name}` is given `{value}`, which is no number")
        new = OWN_VALUED[name]
        found.own += [Changed(at, name, new)] if joined else [Made(new, at), Kept(at + 1)]
        if not known:
            found.doubt(f"the value of `{name}` is computed; where it is 0, the runner wants the option left out")
    elif name == "--numprocesses":
        _workers(value, at, joined, found)
    elif name == "--durations":
        found.own.append(Made("--durations", at))
    elif name in SPREADING:
        found.doubt(f"`{name}` is left out: the runner spreads tests over its workers itself")
    elif name in ("--session-timeout", "--timeout-method", "--timeout_method"):
        found.doubt(f"`{name}` is left out: the runner has limits of its own")
    else:
        if name in ("--deselect", "--ignore", "--ignore-glob"):
            found.narrowed = True
        found.passed += [Kept(at)] if joined else [Kept(at), Kept(at + 1)]


def _short(words: Sequence[str | None], at: int, found: Arguments) -> int:
    """Reads a word of one dash: flags, of which the last may take a value; the index behind it and its value."""
    word = words[at] or ""
    own: list[Token] = []
    left: list[str] = []
    for place, letter in enumerate(word[1:], 1):
        if letter in OWN_SHORT:
            if letter in "vq" and word.count(letter) > 1:
                left.append(letter)
            else:
                own.append(Made(OWN_SHORT[letter], at))
        elif letter in SHORT_FLAGS:
            left.append(letter)
        elif letter in SHORT_VALUED:
            found.own += own
            if left:
                found.passed.append(Made(f"-{''.join(left)}", at))
            return _short_valued(words, at, place, found)
        else:
            raise CannotMapError(f"`{word}` is no option that is known here")
    if own and left:
        found.own += own
        found.passed.append(Made(f"-{''.join(left)}", at))
    elif own:
        found.own += own
    else:
        found.passed.append(Kept(at))
    return at + 1


def _short_valued(words: Sequence[str | None], at: int, place: int, found: Arguments) -> int:
    word = words[at] or ""
    letter, glued = word[place], word[place + 1 :]
    _notice(f"-{letter}", found)
    if not glued and at + 1 >= len(words):
        raise CannotMapError(f"`-{letter}` has no value")
    value = glued.removeprefix("=") if glued else words[at + 1]
    behind = at + 1 if glued else at + 2
    tokens: list[Token] = (
        [Changed(at, word[: place + 1], f"-{letter}")] if glued else [Made(f"-{letter}", at), Kept(at + 1)]
    )
    if glued and place == 1:
        tokens = [Changed(at, f"-{letter}=", f"-{letter}")] if glued.startswith("=") else [Kept(at)]
    if letter == "n":
        _workers(value, at, bool(glued), found)
    elif letter == "k":
        found.narrowed = True
        found.own += tokens
    elif letter == "m":
        if value is not None and not VARIABLE.search(value):
            found.marker = value, len(found.own)
        found.own += tokens
    else:
        found.passed += [Kept(at), Kept(at + 1)] if not glued and place == 1 else tokens
    return behind


def _workers(value: str | None, at: int, joined: bool, found: Arguments) -> None:
    """``-n N``: as many workers; ``auto`` and ``logical`` are what the runner does by itself, 0 is one process."""
    if value in ("auto", "logical"):
        return
    if value is None or VARIABLE.search(value):
        raise CannotMapError("the number of workers is computed; `--workers` takes a number only")
    if not value.isdigit():
        raise CannotMapError(f"`{value}` is no number of workers")
    found.own += [Made("--workers", at), Made("1" if int(value) == 0 else value)]


def _is_value(words: Sequence[str | None], at: int) -> bool:
    """Whether a word stands there that an option may take."""
    if at >= len(words):
        return False
    word = words[at]
    return word is None or not word.startswith("-")


def _notice(name: str, found: Arguments) -> None:
    if name in REVIEWED:
        found.doubt(REVIEWED[name])
