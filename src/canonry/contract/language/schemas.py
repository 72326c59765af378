"""The part of JSON Schema (draft 2020-12) that contracts may use, as questions to values."""

import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
_SUPPORTED = frozenset(
    "$comment $defs $id $ref $schema additionalProperties allOf anyOf const default deprecated description else enum "
    "examples exclusiveMaximum exclusiveMinimum format if items maxItems maxLength maxProperties maximum minItems "
    "minLength minProperties minimum multipleOf not oneOf pattern prefixItems properties readOnly required then title "
    "type uniqueItems writeOnly".split()
)
DEEPEST = 100
"""How deep values are looked at."""


def unsupported(schema: Any) -> list[str]:
    """Return what a schema uses that is not supported, in words."""
    return sorted(set(_unsupported(schema, 0)))


def problems(schema: Any, value: Any, root: Any = None, at: str = "", depth: int = 0) -> Iterator[str]:
    """Yield where and how ``value`` differs from ``schema``."""
    root = schema if root is None else root
    where = f"`{at}` " if at else "the event "
    if depth > DEEPEST:
        return
    if isinstance(schema, bool):
        if not schema:
            yield f"{where}is not allowed"
        return
    if "$ref" in schema:
        target = resolve(root, schema["$ref"])
        if target is not None:
            yield from problems(target, value, root, at, depth + 1)
    if "type" in schema and not any(is_type(value, one) for one in listed(schema["type"])):
        yield f"{where}is no {' or '.join(listed(schema['type']))}"
        return
    if "const" in schema and not same(value, schema["const"]):
        yield f"{where}is not `{schema['const']}`"
    if "enum" in schema and not any(same(value, one) for one in schema["enum"]):
        yield f"{where}is none of {', '.join(f'`{one}`' for one in schema['enum'])}"
    if isinstance(value, dict):
        yield from _object(schema, value, root, at, depth)
    elif isinstance(value, list):
        yield from _list(schema, value, root, at, depth)
    elif isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{where}is shorter than {schema['minLength']}"
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{where}is longer than {schema['maxLength']}"
        if "pattern" in schema and re.search(schema["pattern"], value) is None:
            yield f"{where}does not match `{schema['pattern']}`"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _number(schema, value, where)
    yield from _combined(schema, value, root, at, depth, where)


def resolve(root: Any, reference: str) -> Any:
    """Return what a reference within the schema points at, None where there is nothing."""
    if not reference.startswith("#"):
        return None
    found = root
    for part in reference.removeprefix("#").strip("/").split("/") if reference != "#" else ():
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found


def listed(value: Any) -> list[Any]:
    """Return what a keyword has, be it one or several."""
    return value if isinstance(value, list) else [value]


def is_type(value: Any, name: str) -> bool:
    """Whether a value is of a type."""
    if name in ("number", "integer"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and (name == "number" or float(value).is_integer())
    return isinstance(value, _TYPES[name])


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same one of JSON."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _object(schema: dict[str, Any], value: dict[str, Any], root: Any, at: str, depth: int) -> Iterator[str]:
    where = f"`{at}` " if at else "the event "
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}has no `{name}`"
    known = schema.get("properties", {})
    for name, inner in value.items():
        here = f"{at}.{name}" if at else name
        if name in known:
            yield from problems(known[name], inner, root, here, depth + 1)
        elif "additionalProperties" in schema:
            yield from problems(schema["additionalProperties"], inner, root, here, depth + 1)
    if len(value) < schema.get("minProperties", 0) or len(value) > schema.get("maxProperties", len(value)):
        yield f"{where}has {len(value)} keys"


def _list(schema: dict[str, Any], value: list[Any], root: Any, at: str, depth: int) -> Iterator[str]:
    where = f"`{at}` " if at else "the event "
    first = schema.get("prefixItems", [])
    for index, inner in enumerate(value):
        one = first[index] if index < len(first) else schema.get("items", True)
        yield from problems(one, inner, root, f"{at}[{index}]", depth + 1)
    if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
        yield f"{where}has {len(value)} items"
    if schema.get("uniqueItems") and any(same(a, b) for i, a in enumerate(value) for b in value[:i]):
        yield f"{where}has an item twice"


def _number(schema: dict[str, Any], value: float, where: str) -> Iterator[str]:
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if value < schema.get("minimum", value) or (above is not None and value <= above):
        yield f"{where}is too small"
    if value > schema.get("maximum", value) or (below is not None and value >= below):
        yield f"{where}is too large"
    if schema.get("multipleOf") and value % schema["multipleOf"]:
        yield f"{where}is no multiple of {schema['multipleOf']}"


def _combined(schema: dict[str, Any], value: Any, root: Any, at: str, depth: int, where: str) -> Iterator[str]:
    def holds(one: Any) -> bool:
        return next(problems(one, value, root, at, depth + 1), None) is None

    for one in schema.get("allOf", ()):
        yield from problems(one, value, root, at, depth + 1)
    if "anyOf" in schema and not any(map(holds, schema["anyOf"])):
        yield f"{where}is none of the alternatives"
    if "oneOf" in schema and sum(map(holds, schema["oneOf"])) != 1:
        yield f"{where}is not exactly one of the alternatives"
    if "not" in schema and holds(schema["not"]):
        yield f"{where}is what it must not be"
    if "if" in schema:
        branch = "then" if holds(schema["if"]) else "else"
        yield from problems(schema.get(branch, True), value, root, at, depth + 1)


def _unsupported(schema: Any, depth: int, top: Any = None) -> Iterator[str]:
    top = schema if top is None else top
    if isinstance(schema, bool) or depth > DEEPEST:
        return
    if not isinstance(schema, dict):
        yield "something that is no schema"
        return
    for key, inner in schema.items():
        if key not in _SUPPORTED:
            yield f"`{key}`, which is not supported"
        elif key in ("properties", "$defs") and isinstance(inner, dict):
            for one in inner.values():
                yield from _unsupported(one, depth + 1, top)
        elif key in ("additionalProperties", "items", "not", "if", "then", "else"):
            yield from _unsupported(inner, depth + 1, top)
        elif key in ("allOf", "anyOf", "oneOf", "prefixItems"):
            for one in inner if isinstance(inner, list) else [None]:
                yield from _unsupported(one, depth + 1, top)
        elif key == "$ref" and resolve(top, str(inner)) is None:
            yield f"the reference `{inner}`, which leads nowhere"
        elif key == "pattern":
            try:
                re.compile(inner)
            except (re.error, TypeError):
                yield f"the pattern `{inner}`, which is none"
        elif key == "type" and any(one not in (*_TYPES, "number", "integer") for one in listed(inner)):
            yield f"the type `{inner}`, which is none"
