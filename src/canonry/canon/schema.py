"""The JSON schema of the canon, for editors. It follows from the declared options."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from canonry.canon.check import canon_type
from canonry.canon.options import Canon
from canonry.canon.words import unwrap

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of canonry.toml, and of ``[tool.canonry]`` in pyproject.toml.

    It cannot say that a name has to be declared elsewhere in the file; loading does.
    """
    (root,), definitions = msgspec.json.schema_components([Canon], ref_template="#/$defs/{name}")
    for plain in _definitions(canon_type()):
        definition = definitions[plain.cls.__name__]
        if isinstance(plain, inspect.EnumType):
            definition["enum"] = [member.value for member in plain.cls]
            continue
        options = definition["properties"]
        for field in plain.fields:
            options[field.encode_name] = _option(options[field.encode_name], field)
    return {"$schema": DIALECT, "title": "canonry", **root, "$defs": definitions}


def _option(schema: dict[str, Any], field: inspect.Field) -> dict[str, Any]:
    """Return ``schema`` as TOML means it: no null, and with the default that a factory makes."""
    schema = dict(schema)
    if schema.get("default", ...) is None:
        del schema["default"]
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= kinds[0]
    elif kinds:
        schema["anyOf"] = kinds
    plain, _ = unwrap(field.type)
    if field.default_factory is not msgspec.NODEFAULT and not isinstance(plain, inspect.StructType):
        schema["default"] = field.default_factory()
    return schema


def _definitions(info: inspect.Type) -> Iterator[inspect.StructType | inspect.EnumType]:
    plain, _ = unwrap(info)
    match plain:
        case inspect.EnumType():
            yield plain
        case inspect.StructType():
            yield plain
            for field in plain.fields:
                yield from _definitions(field.type)
        case inspect.ListType():
            yield from _definitions(plain.item_type)
        case inspect.DictType():
            yield from _definitions(plain.value_type)
