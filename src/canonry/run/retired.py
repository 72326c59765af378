"""What the wrapper of a retired runner script does: its old options become arguments of `canonry run`."""

import datetime as dt
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from canonry.model.errors import UserError

VALUE = "{}"
"""Stands for an option's value in the words that the option becomes."""
_MISUSED = 2


@dataclass(slots=True, frozen=True)
class Unless:
    """Words that are there unless one of these options is given (``--name``, or ``--name=value``)."""

    words: tuple[str, ...]
    options: tuple[str, ...]


@dataclass(slots=True, frozen=True)
class Old:
    """An old option. ``becomes`` are the words for each value, under ``*`` those for any other value or for a flag.

    ``takes``: ``none``, ``one``, ``many`` or ``append``. ``refused`` says why it has no counterpart; ``unread`` that
    the old script took it and did nothing with it.
    """

    names: tuple[str, ...]
    takes: str = "none"
    becomes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refused: str = ""
    unread: bool = False

    @property
    def label(self) -> str:
        """The name under which people know it."""
        return next((name for name in self.names if name.startswith("--")), self.names[0])


@dataclass(slots=True, frozen=True)
class Retired:
    """A retired runner: the words that it always gave, those of its defaults, its options.

    ``apart`` are pairs of options that together meant something else than both alone. ``rest`` says that words which
    are no options were handed to pytest.
    """

    always: tuple[str, ...]
    options: tuple[Old, ...] = ()
    unless: tuple[Unless, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    rest: bool = False
    needed: bool = False
    """Whether it started nothing without options."""


@dataclass(slots=True)
class Mapped:
    """The arguments of `canonry run`, and what is to be said of some that were given."""

    words: list[str]
    notes: list[str]


def map_arguments(retired: Retired, given: Sequence[str]) -> Mapped:
    """The arguments of `canonry run` for an old command line. Raises `UserError` for what has no counterpart."""
    found, rest = _read(retired, given)
    notes: list[str] = []
    words, behind = _parted(retired.always)
    said = {key for old, value in found for key in (old.label, f"{old.label}={value}")}
    for one, other in retired.apart:
        if one in said and other in said:
            raise UserError(f"`{one}` and `{other}` together had a meaning of their own; call `canonry run` itself")
    for default in retired.unless:
        if not said.intersection(default.options):
            _add(words, behind, default.words)
    for old, value in found:
        if old.refused:
            raise UserError(f"`{old.label}` has no counterpart: {old.refused}")
        if old.unread:
            notes.append(f"`{old.label}` is accepted and does nothing, as before")
            continue
        new = old.becomes.get(value, old.becomes.get("*"))
        if new is None:
            named = ", ".join(f"`{each}`" for each in old.becomes)
            raise UserError(f"`{old.label} {value}` has no counterpart; it knew {named}")
        _add(words, behind, [word.replace(VALUE, value) for word in new])
    _add(words, behind, [word for word in rest if not word.startswith("-")])
    options = [word for word in rest if word.startswith("-")]
    behind += options
    if retired.needed and not (words or behind):
        raise UserError("without an option that selects tests it started none; name one")
    return Mapped([*words, *(["--", *behind] if behind else [])], notes)


def arguments_of(retired: Retired, script: str, given: Sequence[str], *, expires: str) -> list[str]:
    """The arguments of `canonry run`, with the deprecation said on stderr. Ends the process where one has none."""
    if any(word in ("-h", "--help") for word in given):
        print(_help(retired, script, expires))
        raise SystemExit(0)
    try:
        mapped = map_arguments(retired, given)
    except UserError as error:
        print(f"{script}: {error}", file=sys.stderr)
        raise SystemExit(_MISUSED) from None
    past = dt.datetime.now(dt.UTC).date().isoformat() > expires
    when = f"was to go on {expires}" if past else f"goes on {expires}"
    print(
        f"{script}: deprecated, {when}; call `{shlex.join(['canonry', 'run', *mapped.words])}` instead", file=sys.stderr
    )
    for note in mapped.notes:
        print(f"{script}: {note}", file=sys.stderr)
    return mapped.words


def _help(retired: Retired, script: str, expires: str) -> str:
    lines = [f"{script}: a retired test runner, which goes on {expires}; `canonry run` runs its tests.", ""]
    for old in retired.options:
        value = "" if old.takes == "none" else " VALUE"
        for key, words in old.becomes.items():
            name = f"{', '.join(old.names)}{value if key == '*' else f' {key}'}"
            lines.append(f"  {name}: {shlex.join(words) or 'what it does without'}")
        if old.refused:
            lines.append(f"  {', '.join(old.names)}{value}: has no counterpart ({old.refused})")
        elif old.unread:
            lines.append(f"  {', '.join(old.names)}{value}: does nothing, as before")
    return "\n".join(lines)


def _read(retired: Retired, given: Sequence[str]) -> tuple[list[tuple[Old, str]], list[str]]:
    """The options of an old command line with their values, and the words that are none."""
    positional = [old for old in retired.options if not old.names[0].startswith("-")]
    found: list[tuple[Old, str]] = []
    rest: list[str] = []
    waiting = list(given)
    while waiting:
        word = waiting.pop(0)
        if not word.startswith("-") or word == "-":
            if positional:
                found.append((positional[0], word))
                if positional[0].takes == "one":
                    positional.pop(0)
            else:
                rest.append(word)
            continue
        old, value = _option(retired, word, waiting)
        if old is None:
            rest.append(word)
            continue
        if old.takes == "none":
            found.append((old, "*"))
            continue
        if value is None:
            if not waiting:
                raise UserError(f"`{old.label}` has no value")
            value = waiting.pop(0)
        found.append((old, value))
        while old.takes == "many" and waiting and not waiting[0].startswith("-"):
            found.append((old, waiting.pop(0)))
    if rest and not retired.rest:
        known = ", ".join(f"`{old.label}`" for old in retired.options) or "none"
        raise UserError(f"`{rest[0]}` is no argument of this script; its options are {known}")
    return _last_wins(found), rest


def _last_wins(found: list[tuple[Old, str]]) -> list[tuple[Old, str]]:
    """Each option once, with its last value, but for those that take several."""
    last = {old.label: number for number, (old, _) in enumerate(found)}
    return [
        (old, value)
        for number, (old, value) in enumerate(found)
        if old.takes in ("many", "append") or last[old.label] == number
    ]


def _option(retired: Retired, word: str, waiting: list[str]) -> tuple[Old | None, str | None]:
    """The option that a word names, and the value in it; of a cluster of short flags the others go back."""
    by_name = {name: old for old in retired.options for name in old.names}
    if word in by_name:
        return by_name[word], None
    name, equals, value = word.partition("=")
    if name in by_name and equals:
        return by_name[name], value
    if word.startswith("--"):
        near = {id(old): old for known, old in by_name.items() if known.startswith(name)}
        if len(near) == 1:  # as argparse and optparse take it
            return next(iter(near.values())), value if equals else None
        return None, None
    old = by_name.get(word[:2])
    if old is None or len(word) < 3:
        return None, None
    if old.takes != "none":
        return old, word[2:]
    waiting.insert(0, f"-{word[2:]}")
    return old, None


def _parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Words in front of ``--``, and those behind it."""
    at = words.index("--") if "--" in words else len(words)
    return list(words[:at]), list(words[at + 1 :])


def _add(words: list[str], behind: list[str], more: Sequence[str]) -> None:
    front, back = _parted(more)
    words += front
    behind += back
