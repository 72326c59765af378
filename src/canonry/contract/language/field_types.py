"""What the words for types mean."""

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2,3}={0,2})?", re.ASCII)


_STANDS_FOR_NONE = ("undefined", "null", "none", "nil", "nan", "unknown", "placeholder", "string")
PLACEHOLDERS = frozenset(
    (
        *("", "NaN", "00000000-0000-0000-0000-000000000000", "0" * 32),
        *(spelt for word in _STANDS_FOR_NONE for spelt in (word, word.upper(), word.capitalize())),
    )
)
"""What programs write in the place of an id that they do not have."""
_TEMPLATE = re.compile(
    r"\s*(?:\$?\{+[^{}]*\}+|\$\([^()]*\)|<%?=?[\w .-]*%?>|%\w+%|%[({]\w+[)}]|\[[^\[\]]*\]|#\{[^{}]*\})\s*"
)
"""A place in a template that nothing was put into."""
TEMPLATE_ENDS = "})>%]" + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
"""What a blank text, or a place in a template, ends with."""


def is_id(value: Any) -> bool:
    """Whether a value names something: a text that is neither empty nor a placeholder, or a whole number."""
    if isinstance(value, str):
        if value in PLACEHOLDERS:
            return False
        return value[-1] not in TEMPLATE_ENDS or not (value.isspace() or _TEMPLATE.fullmatch(value))
    return isinstance(value, int) and not isinstance(value, bool)


def is_filled(value: Any) -> bool:
    """Whether there is something: not null, no text that is empty or blank, no empty list or object."""
    if isinstance(value, str):
        return value != "" and not value.isspace()
    return value is not None and value != [] and value != {}


ZULU = re.compile(
    r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z", re.ASCII
)
"""Nearly all times in UTC, none that is no time: the rest is looked at closely."""


def parse_time(text: Any) -> float | None:
    """Return the seconds since the epoch of an RFC 3339 time, None where it is none. A leap second is the next one."""
    match = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[index]) for index in range(1, 7))
    leap = second == 60 and minute == 59
    zone = match[8].upper()
    try:
        moment = dt.datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=dt.UTC)
        offset = 0 if zone == "Z" else int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        if offset and (int(zone[1:3]) > 23 or int(zone[4:6]) > 59):
            return None
    except ValueError:
        return None
    seconds = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds() + leap
    return seconds + float(match[7] or 0) - (offset if zone[0] == "+" else -offset if zone[0] == "-" else 0)


def is_rfc3339(value: Any) -> bool:
    """Whether a value is a time with its zone, as RFC 3339 writes it."""
    return parse_time(value) is not None


def _is_zulu(value: Any) -> bool:
    """Whether a value is a time in UTC that ends in Z."""
    if isinstance(value, str) and ZULU.fullmatch(value):
        return value[:4] != "0000"
    return is_rfc3339(value) and str(value)[-1] in "Zz"


WORDS: dict[str, Callable[[Any], bool]] = {
    "id": is_id,
    "str": lambda value: isinstance(value, str),
    "text": lambda value: isinstance(value, str) and value.strip() != "",
    "filled": is_filled,
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "bool": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "list": lambda value: isinstance(value, list),
    "any": lambda value: value is not None,
    "one": lambda value: value is not None,
    "null": lambda value: value is None,
    "rfc3339": is_rfc3339,
    "rfc3339z": _is_zulu,
    "base64": lambda value: isinstance(value, str) and _BASE64.fullmatch(value) is not None,
}
SENTENCES = {
    "id": "an id (a text that is neither empty nor a placeholder, or a whole number)",
    "str": "a text",
    "text": "a text that is not empty",
    "filled": "something that is not empty",
    "int": "a whole number",
    "number": "a number",
    "bool": "true or false",
    "object": "an object",
    "list": "a list",
    "any": "a value",
    "one": "exactly one of these",
    "null": "null",
    "rfc3339": "an RFC 3339 time with its zone",
    "rfc3339z": "an RFC 3339 time that ends in Z",
    "base64": "base64",
}


class FieldKind(msgspec.Struct, frozen=True):
    """A type of a field: words of which one holds, or values; ``optional`` fields may be absent or null."""

    words: tuple[str, ...]
    values: tuple[Any, ...] = ()
    optional: bool = False

    def holds(self, value: Any) -> bool:
        """Whether ``value`` is of this type."""
        if value is None and (self.optional or "null" in self.words):
            return True
        if self.values:
            return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in self.values)
        return any(WORDS[word](value) for word in self.words)

    def sentence(self) -> str:
        """What it expects, in words."""
        if self.values:
            return "one of " + ", ".join(f"`{one}`" for one in self.values)
        return " or ".join(SENTENCES[word] for word in self.words)


_SHAPES = {
    "text": "str",
    "id": "str int",
    "rfc3339": "str",
    "rfc3339z": "str",
    "base64": "str",
    "int": "int",
    "number": "int float",
}
_EVERY = frozenset(("str", "int", "float", "bool", "object", "list"))


def shapes(kind: FieldKind) -> frozenset[str]:
    """Return which kinds of JSON values a type lets through; null is none of them."""
    if kind.values:
        names = {str: "str", bool: "bool", int: "int", float: "float", dict: "object", list: "list"}
        return frozenset(names[type(value)] for value in kind.values if type(value) in names)
    found: set[str] = set()
    for word in kind.words:
        found |= _EVERY if word in ("any", "one", "filled") else set(_SHAPES.get(word, word).split()) & _EVERY
    return frozenset(found)


@cache
def parse_word(text: str) -> FieldKind | str:
    """Return the type that ``text`` writes, or the word in it that is none."""
    optional = text.endswith("?")
    words = tuple(word.strip() for word in text.removesuffix("?").split("|"))
    for word in words:
        if word not in WORDS:
            return word
    return FieldKind(words, (), optional)


def parse_kind(value: Any, *, optional: bool = False) -> FieldKind | str:
    """Return the type that a contract writes as a word or as a list of values; otherwise the word that is none."""
    found = FieldKind((), tuple(value)) if isinstance(value, list) else parse_word(str(value))
    return msgspec.structs.replace(found, optional=True) if optional and isinstance(found, FieldKind) else found
