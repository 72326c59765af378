"""A parsed canon held against the declared options: every offence at once, each at its key."""

import datetime as dt
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import inspect

from canonry.canon.keys import KeyPath, format_key, nearest
from canonry.canon.options import Canon
from canonry.canon.words import described, expected, unwrap


class Problem(msgspec.Struct, frozen=True):
    """An offence against the declared options. ``path`` starts at the canon's own root."""

    path: KeyPath
    message: str


def check(document: object, *, root: str) -> list[Problem]:
    """Return everything that is wrong with ``document``; when empty, it converts to ``Canon``.

    ``root`` is the name of the table that holds the canon, or empty when that is the whole file.
    """
    return list(_Check(document, root).problems())


@lru_cache(maxsize=1)
def canon_type() -> inspect.StructType:
    """Return the declared options of the whole canon."""
    info = inspect.type_info(Canon)
    assert isinstance(info, inspect.StructType)
    return info


class _Check:
    def __init__(self, document: object, root: str) -> None:
        self._document = document
        self._root = root
        self._edges: dict[str, dict[KeyPath, tuple[str, str]]] = {}

    def problems(self) -> Iterator[Problem]:
        yield from self._value(self._document, canon_type(), ())
        yield from self._cycles()

    def _value(self, value: object, info: inspect.Type, path: KeyPath) -> Iterator[Problem]:
        plain, extra = unwrap(info)
        match plain:
            case inspect.StructType() if isinstance(value, dict):
                yield from self._table(value, plain, path)
            case inspect.DictType() if isinstance(value, dict):
                for name, inner in value.items():
                    yield from self._value(inner, plain.value_type, (*path, name))
            case inspect.ListType() if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from self._value(item, plain.item_type, (*path, index))
                yield from self._repeated(value, plain.item_type, path)
            case inspect.UnionType():
                if not any(_is_scalar(value, unwrap(one)[0]) for one in plain.types):
                    yield self._wrong(value, info, path)
            case _ if not _is_scalar(value, plain):
                yield self._wrong(value, info, path)
            case _ if "refers" in extra:
                yield from self._reference(str(value), extra, path)

    def _table(self, table: Mapping[str, Any], info: inspect.StructType, path: KeyPath) -> Iterator[Problem]:
        fields = {field.encode_name: field for field in info.fields}
        for name, value in table.items():
            if name in fields:
                yield from self._value(value, fields[name].type, (*path, name))
            else:
                yield self._unknown(name, value, list(fields), path)
        for name, field in fields.items():
            if field.required and name not in table:
                yield Problem(path, f"`{format_key(path)}` has no `{name}`; expected {expected(field.type)}")

    def _unknown(self, name: str, value: object, known: list[str], path: KeyPath) -> Problem:
        where = format_key(path) or self._root
        message = f"unknown key `{format_key((name,))}`" + (f" in `{where}`" if where else "")
        if not path and name == "tool" and isinstance(value, dict) and "canonry" in value:
            return Problem((name,), f"{message}; in this file keys stand at the top level, not in `tool.canonry`")
        spelled = name.replace("_", "-")
        home = None if spelled in known else _fixed_homes().get(spelled)
        if home is not None:
            belongs = f"in `{home or self._root}`" if home or self._root else "at the top level"
            return Problem((*path, name), f"{message}; `{spelled}` belongs {belongs}")
        near = nearest(name, known)
        hint = f"did you mean `{near}`?" if near else "expected one of " + ", ".join(f"`{one}`" for one in known)
        return Problem((*path, name), f"{message}; {hint}")

    def _wrong(self, value: object, info: inspect.Type, path: KeyPath) -> Problem:
        key = format_key(path) or self._root
        message = f"`{key}` expects {expected(info)}, not {described(value)}"
        plain, _ = unwrap(info)
        if isinstance(plain, inspect.EnumType) and isinstance(value, str):
            near = nearest(value, (member.value for member in plain.cls))
            message += f"; did you mean `{near}`?" if near else ""
        return Problem(path, message)

    def _repeated(self, items: list[Any], info: inspect.Type, path: KeyPath) -> Iterator[Problem]:
        plain, _ = unwrap(info)
        for field in plain.fields if isinstance(plain, inspect.StructType) else ():
            if not unwrap(field.type)[1].get("unique"):
                continue
            first: dict[str, int] = {}
            for index, item in enumerate(items):
                value = item.get(field.encode_name) if isinstance(item, dict) else None
                if isinstance(value, str) and first.setdefault(value, index) != index:
                    here = (*path, index, field.encode_name)
                    there = format_key((*path, first[value]))
                    yield Problem(here, f"`{format_key(here)}` is `{value}`, which `{there}` declares already")

    def _reference(self, name: str, extra: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
        section = extra["refers"]
        document = self._document if isinstance(self._document, dict) else {}
        declared = document.get(section, {})
        if not isinstance(declared, dict):
            return
        if name in declared:
            if extra.get("acyclic"):
                self._edges.setdefault(section, {})[path] = (str(path[1]), name)
            return
        if name in extra.get("built_in", ()):
            return
        near = nearest(name, (*declared, *extra.get("built_in", ())))
        if near:
            hint = f"did you mean `{near}`?"
        elif declared:
            hint = f"it declares {', '.join(f'`{one}`' for one in declared)}"
        else:
            hint = f"nothing is declared in `{section}`"
        yield Problem(path, f"`{format_key(path)}` names `{name}`, which `{section}` does not declare; {hint}")

    def _cycles(self) -> Iterator[Problem]:
        for edges in self._edges.values():
            after: dict[str, set[str]] = {}
            for owner, target in edges.values():
                after.setdefault(owner, set()).add(target)
            for path, (owner, target) in edges.items():
                if owner in _reachable(target, after):
                    back = "itself" if owner == target else f"`{target}`, which leads back to `{owner}`"
                    yield Problem(path, f"`{format_key(path)}` names {back}; expected no cycle")


def _is_scalar(value: object, info: inspect.Type) -> bool:
    """Return whether ``value`` is of the scalar type ``info``. Tables and lists are never."""
    match info:
        case inspect.StrType():
            return (
                isinstance(value, str)
                and len(value) >= (info.min_length or 0)
                and (info.pattern is None or re.fullmatch(info.pattern, value) is not None)
            )
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and _is_within(value, info)
        case inspect.FloatType():
            return isinstance(value, int | float) and _is_within(value, info)
        case inspect.EnumType():
            return isinstance(value, str) and value in {member.value for member in info.cls}
        case inspect.DateType():
            return _is_date(value)
        case inspect.ListType():  # one of several types, so that no item has a key of its own
            return isinstance(value, list) and all(_is_scalar(item, unwrap(info.item_type)[0]) for item in value)
        case _:
            return False


def _is_date(value: object) -> bool:
    """Return whether ``value`` is a day, as a TOML date or as a string such as ``2027-01-31``."""
    if not isinstance(value, str):
        return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    try:
        return len(value) == 10 and bool(dt.date.fromisoformat(value))
    except ValueError:
        return False


def _is_within(value: float, info: inspect.IntType | inspect.FloatType) -> bool:
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) >= 2**63) or not math.isfinite(value):
        return False
    return (info.ge is None or value >= info.ge) and (info.le is None or value <= info.le)


def _reachable(start: str, after: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(after.get(name, ()))
    return seen


@lru_cache(maxsize=1)
def _fixed_homes() -> Mapping[str, str]:
    """Return the tables with a fixed name ("" for the root) by the keys that only they hold."""
    homes = {field.encode_name: "" for field in canon_type().fields}
    for field in canon_type().fields:
        plain, _ = unwrap(field.type)
        if isinstance(plain, inspect.StructType):
            homes |= {inner.encode_name: field.encode_name for inner in plain.fields}
    return homes
