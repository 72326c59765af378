"""docs/configuration.md and schema/canonry.schema.json, generated from the declared options.

``python -m canonry.canon.reference`` prints the page; with ``--write`` it refreshes both files of this repository.
"""

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from canonry.canon.check import canon_type
from canonry.canon.keys import KeyPath, format_key, to_toml
from canonry.canon.schema import json_schema
from canonry.canon.words import expected, unwrap

_PREFIX = "tool.canonry"
_WIDTH = 120

_INTRODUCTION = """\
<!-- Generated from src/canonry/canon/options.py by `python -m canonry.canon.reference --write`. -->

# Configuration

The canon stands in `pyproject.toml` below `[tool.canonry]`, or in `canonry.toml`, where the same keys stand without
that prefix: `[canon]`, `[categories.unit]`. Where both declare one, `canonry.toml` wins. Without a canon the defaults
below apply.

`canonry canon show` prints every value and where it came from, `canonry canon show KEY` one of them, and
`canonry canon schema` the JSON schema for editors. Unknown keys, wrong types and names that nothing declares are
errors, reported all at once with file and line (exit status 2).

Durations are a number and a unit: `300ms`, `90s`, `10m`, `2h`.
"""


def render_reference() -> str:
    """Return the page that documents every option: type, default, description and an example that loads."""
    root = _Section(canon_type(), f"[{_PREFIX}]", "", (), "The keys at the top of the canon.")
    lines = [line for section in _sections(root) for line in _render_section(section)]
    return "\n".join([_INTRODUCTION, *lines]).rstrip("\n") + "\n"


def render_schema() -> str:
    """Return the text of schema/canonry.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def generated_files() -> Mapping[str, str]:
    """Return the files of this repository that follow from the options, by path from its root."""
    return {"docs/configuration.md": render_reference(), "schema/canonry.schema.json": render_schema()}


class _Section(msgspec.Struct, frozen=True):
    """A table of the canon: its heading, how its keys begin, and where its documented examples stand."""

    info: inspect.StructType
    heading: str
    keys: str
    path: KeyPath
    description: str


def _sections(section: _Section) -> Iterator[_Section]:
    """Yield ``section`` and the tables in it, in the order of their declaration."""
    yield section
    for field in section.info.fields:
        plain, _ = unwrap(field.type)
        name = field.encode_name
        description = _metadata(field).get("description", "")
        path = (*section.path, name)
        begin = f"{section.keys}{name}"
        if isinstance(plain, inspect.DictType) and isinstance(plain.value_type, inspect.StructType):
            path = (*path, next(iter(_example(field))))
            inner = _Section(plain.value_type, f"[{_PREFIX}.{begin}.NAME]", f"{begin}.NAME.", path, description)
        elif isinstance(plain, inspect.ListType) and isinstance(plain.item_type, inspect.StructType):
            inner = _Section(plain.item_type, f"[[{_PREFIX}.{begin}]]", f"{begin}[].", (*path, 0), description)
        elif isinstance(plain, inspect.StructType):
            inner = _Section(plain, f"[{_PREFIX}.{begin}]", f"{begin}.", path, description)
        else:
            continue
        yield from _sections(inner)


def _render_section(section: _Section) -> Iterator[str]:
    yield f"## `{section.heading}`\n"
    yield f"{section.description}\n"
    nested = {inner.path[: len(section.path) + 1] for inner in _sections(section)}
    for field in section.info.fields:
        if (*section.path, field.encode_name) not in nested:
            yield from _render_option(section, field)


def _render_option(section: _Section, field: inspect.Field) -> Iterator[str]:
    example = _example(field)
    _, extra = unwrap(field.type)
    refers = _refers(field.type)
    document: dict[str, Any] = {}
    if refers is not None:
        for name in _names(example):
            _put(document, (refers, name), _required(_table_type(refers)))
    path = (*section.path[:-1], extra["named"]) if "named" in extra else section.path
    _put(document, path, _required(section.info) | extra.get("beside", {}) | {field.encode_name: example})
    yield f"### `{section.keys}{field.encode_name}`\n"
    yield textwrap.fill(_metadata(field)["description"], _WIDTH) + "\n"
    yield f"- Type: {expected(field.type)}" + (f", declared in `{refers}`" if refers else "")
    yield f"- Default: {_default(field)}\n"
    yield "```toml"
    yield "\n\n".join(_render_tables(document, _PREFIX))
    yield "```\n"


def _render_tables(table: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield ``table`` as TOML, one header with its pairs at a time."""
    pairs = {key: value for key, value in table.items() if not _holds_tables(value)}
    if pairs or not table:
        yield "\n".join([f"[{name}]", *(f"{format_key((key,))} = {to_toml(value)}" for key, value in pairs.items())])
    for key, value in table.items():
        inner = f"{name}.{format_key((key,))}"
        if isinstance(value, list) and _holds_tables(value):
            for item in value:
                yield "\n".join([f"[[{inner}]]", *(f"{key} = {to_toml(one)}" for key, one in item.items())])
        elif _holds_tables(value):
            yield from _render_tables(value, inner)


def _holds_tables(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(item, dict) for item in value))


def _put(document: dict[str, Any], path: KeyPath, table: dict[str, Any]) -> None:
    """Merge ``table`` into ``document`` at ``path``. An index makes the key before it an array of one table."""
    inner: Any = document
    for part, after in pairwise((*path, "")):
        inner = inner[part] if isinstance(part, int) else inner.setdefault(part, [{}] if after == 0 else {})
    inner.update(table)


def _required(info: inspect.StructType) -> dict[str, Any]:
    """Return the first example of every key that a table of type ``info`` cannot do without."""
    return {field.encode_name: _example(field) for field in info.fields if field.required}


def _table_type(section: str) -> inspect.StructType:
    """Return the options of one entry of the top-level table ``section``."""
    (plain,) = (unwrap(field.type)[0] for field in canon_type().fields if field.encode_name == section)
    assert isinstance(plain, inspect.DictType)
    assert isinstance(plain.value_type, inspect.StructType)
    return plain.value_type


def _names(example: Any) -> Iterator[str]:
    """The names that an example takes from another table."""
    if isinstance(example, dict):
        yield from (name for pair in example.items() for name in pair)
    elif isinstance(example, list):
        yield from example
    else:
        yield example


def _refers(info: inspect.Type) -> str | None:
    """Return the top-level table that declares the names which a value of type ``info`` holds."""
    plain, extra = unwrap(info)
    if isinstance(plain, inspect.ListType):
        return _refers(plain.item_type)
    if isinstance(plain, inspect.DictType):
        return _refers(plain.value_type)
    return extra.get("refers")


def _metadata(field: inspect.Field) -> dict[str, Any]:
    return (field.type.extra_json_schema or {}) if isinstance(field.type, inspect.Metadata) else {}


def _example(field: inspect.Field) -> Any:
    return _metadata(field)["examples"][0]


def _default(field: inspect.Field) -> str:
    if field.required:
        return "none, the key is required"
    value = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    return "none" if value is None else f"`{to_toml(value)}`"


def _write(root: Path) -> None:
    for name, text in generated_files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        _write(Path(__file__).parents[3])
    else:
        sys.stdout.write(render_reference())
