"""Types and values in the user's words, for messages and documentation."""

import datetime as dt
from typing import Any

from msgspec import inspect

from canonry.canon.keys import to_toml

_LONGEST = 60


def expected(info: inspect.Type) -> str:
    """Return what a value of type ``info`` is, such as ``a list of strings``."""
    plain, extra = unwrap(info)
    if "one" in extra:
        return str(extra["one"])
    match plain:
        case inspect.StrType():
            return "a string"
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.IntType(ge=low, le=high):
            return "a whole number" + _bounds(low, high)
        case inspect.FloatType(ge=low, le=high):
            return "a number" + _bounds(low, high)
        case inspect.EnumType(cls=members):
            return "one of " + ", ".join(f"`{member.value}`" for member in members)
        case inspect.ListType(item_type=item):
            return f"a list of {_many(item)}"
        case inspect.DictType(value_type=inner):
            return f"a table of {_many(inner)}"
        case inspect.DateType():
            return 'a date such as `"2027-01-31"`'
        case inspect.UnionType(types=types):
            return " or ".join(expected(one) for one in types)
        case _:
            return "a table"


def described(value: object) -> str:
    """Return what ``value`` is, such as ``the string "x"`` or ``a list``."""
    match value:
        case bool():
            return f"`{to_toml(value)}`"
        case str():
            text = to_toml(value)
            return f"the string `{text}`" if len(text) <= _LONGEST else f"the string `{text[:_LONGEST]}...`"
        case int() if abs(value) >= 2**63:
            return "a number of more than 64 bits"
        case int() | float():
            return f"the number {to_toml(value)}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case dt.date() | dt.time():
            return "a date or time"
        case _:
            return f"a {type(value).__name__}"


def unwrap(info: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """Return the type below metadata and "or absent", and the metadata's ``extra`` entries."""
    extra: dict[str, Any] = {}
    while True:
        if isinstance(info, inspect.Metadata):
            extra = {**(info.extra or {}), **extra}
            info = info.type
        elif isinstance(info, inspect.UnionType):
            types = tuple(one for one in info.types if not isinstance(one, inspect.NoneType))
            if len(types) > 1:
                return inspect.UnionType(types), extra
            info = types[0]
        else:
            return info, extra


def _many(info: inspect.Type) -> str:
    plain, extra = unwrap(info)
    if "many" in extra:
        return str(extra["many"])
    match plain:
        case inspect.StrType():
            return "strings"
        case inspect.IntType() | inspect.FloatType():
            return "numbers"
        case inspect.UnionType(types=types):
            return " or ".join(map(_many, types))
        case inspect.DictType(value_type=inner):
            return f"tables of {_many(inner)}"
        case _:
            return "tables"


def _bounds(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" between {low:g} and {high:g}"
    return "" if low is None else f" of at least {low:g}"
