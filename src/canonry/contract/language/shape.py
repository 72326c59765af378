"""A document held against the types of the language: every offence at once, each at its key."""

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from msgspec import inspect

from canonry.contract.language.contract import Contract
from canonry.contract.language.marks import KeyPath, Mistake


def check_shape(document: object) -> list[Mistake]:
    """Return what is wrong with the types and keys of ``document``; when empty, it converts to `Contract`."""
    return list(_value(document, _root(), ()))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that ``name`` most likely stands for, or None."""
    spelled = {known.lower().replace("-", "_"): known for known in sorted(names, reverse=True)}
    found = difflib.get_close_matches(
        name.lower().replace("-", "_"), spelled, n=1, cutoff=0.75 if len(name) > 4 else 0.6
    )
    return spelled[found[0]] if found else None


def format_path(path: KeyPath) -> str:
    """Return a path as a reader writes it: ``scopes.run.key[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + part
    return text


@cache
def _root() -> inspect.Type:
    return inspect.type_info(Contract)


def unwrap(info: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """Return the type below its metadata, and what the metadata adds for messages."""
    extra: dict[str, Any] = {}
    while isinstance(info, inspect.Metadata):
        extra = {**(info.extra or {}), **extra}
        info = info.type
    return info, extra


def _value(value: object, info: inspect.Type, path: KeyPath) -> Iterator[Mistake]:
    plain, _ = unwrap(info)
    if isinstance(plain, inspect.UnionType):
        chosen = next((one for one in plain.types if _fits(value, unwrap(one)[0])), None)
        if chosen is None:
            yield _wrong(value, info, path)
        else:
            yield from _value(value, chosen, path)
        return
    match plain:
        case inspect.AnyType():
            return
        case inspect.StructType() if isinstance(value, dict):
            yield from _table(value, plain, path)
        case inspect.DictType() if isinstance(value, dict):
            for name, inner in value.items():
                yield from _value(inner, plain.value_type, (*path, name))
        case inspect.ListType() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _value(item, plain.item_type, (*path, index))
        case _ if not _is_scalar(value, plain):
            yield _wrong(value, info, path)


def _table(table: dict[str, Any], info: inspect.StructType, path: KeyPath) -> Iterator[Mistake]:
    fields = {one.encode_name: one for one in info.fields}
    for name, value in table.items():
        if name in fields:
            if value is None and not fields[name].required:
                continue  # a key that somebody left empty
            yield from _value(value, fields[name].type, (*path, name))
            continue
        near = nearest(name, fields)
        hint = f"did you mean `{near}`?" if near else "expected one of " + ", ".join(f"`{one}`" for one in fields)
        where = f" in `{format_path(path)}`" if path else ""
        yield Mistake((*path, name), f"unknown key `{name}`{where}; {hint}")
    for name, one in fields.items():
        if one.required and name not in table:
            where = f"`{format_path(path)}`" if path else "the contract"
            yield Mistake(path, f"{where} has no `{name}`; expected {expected(one.type)}")


def _wrong(value: object, info: inspect.Type, path: KeyPath) -> Mistake:
    where = f"`{format_path(path)}`" if path else "a contract"
    message = f"{where} expects {expected(info)}, not {described(value)}"
    plain, _ = unwrap(info)
    if isinstance(plain, inspect.EnumType) and isinstance(value, str):
        near = nearest(value, (member.value for member in plain.cls))
        message += f"; did you mean `{near}`?" if near else ""
    return Mistake(path, message)


def _fits(value: object, info: inspect.Type) -> bool:
    match info:
        case inspect.AnyType():
            return True
        case inspect.NoneType():
            return value is None
        case inspect.StructType() | inspect.DictType():
            return isinstance(value, dict)
        case inspect.ListType():
            return isinstance(value, list)
        case inspect.UnionType():
            return any(_fits(value, unwrap(one)[0]) for one in info.types)
        case _:
            return _is_scalar(value, info)


def _is_scalar(value: object, info: inspect.Type) -> bool:
    match info:
        case inspect.StrType():
            return (
                isinstance(value, str)
                and len(value) >= (info.min_length or 0)
                and (info.pattern is None or re.search(info.pattern, value) is not None)
            )
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool) and value >= (info.ge or value)
        case inspect.FloatType():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return is_number and (info.gt is None or float(value) > info.gt)  # type: ignore[arg-type]
        case inspect.EnumType():
            return isinstance(value, str) and value in {member.value for member in info.cls}
        case inspect.NoneType():
            return value is None
        case _:
            return False


def expected(info: inspect.Type) -> str:
    """Return what a value of this type is, in words."""
    plain, extra = unwrap(info)
    if "one" in extra:
        return str(extra["one"])
    match plain:
        case inspect.StrType():
            return "a text"
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number" + ("" if plain.gt is None else f" above {plain.gt:g}")
        case inspect.EnumType(cls=members):
            return "one of " + ", ".join(f"`{member.value}`" for member in members)
        case inspect.ListType():
            return "a list"
        case inspect.UnionType(types=types):
            words = [expected(one) for one in types if not isinstance(one, inspect.NoneType)]
            return " or ".join(dict.fromkeys(words))
        case inspect.AnyType():
            return "anything"
        case _:
            return "a table"


def described(value: object) -> str:
    """Return what a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f"the text `{value[:60]}`"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case _:
            return "a table"
