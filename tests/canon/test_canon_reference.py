import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema
import pytest
from msgspec import inspect

from canonry.canon.check import canon_type
from canonry.canon.load import load_canon
from canonry.canon.reference import generated_files, render_reference
from canonry.canon.schema import json_schema
from canonry.canon.words import unwrap

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"^### `([^`]+)`$.*?^```toml\n(.*?)^```$", render_reference(), re.MULTILINE | re.DOTALL)


def options(info: inspect.Type, name: str = "") -> Iterator[tuple[str, inspect.Field]]:
    plain, _ = unwrap(info)
    match plain:
        case inspect.StructType():
            for field in plain.fields:
                key = f"{name}.{field.encode_name}".removeprefix(".")
                yield key, field
                yield from options(field.type, key)
        case inspect.ListType():
            yield from options(plain.item_type, f"{name}[]")
        case inspect.DictType():
            yield from options(plain.value_type, f"{name}.NAME")


OPTIONS = dict(options(canon_type()))


@cache
def validator() -> jsonschema.Draft202012Validator:
    """Of the whole schema, which `test_the_schema_is_valid_and_strict` says is one."""
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("name", sorted(generated_files()))
def test_a_generated_file_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == generated_files()[name], (
        "refresh it with `.venv/bin/python -m canonry.canon.reference --write`"
    )


@pytest.mark.parametrize("key", OPTIONS)
def test_every_option_is_described(key: str) -> None:
    info = OPTIONS[key].type

    assert isinstance(info, inspect.Metadata)
    assert info.extra_json_schema is not None
    assert info.extra_json_schema["description"].endswith(".")


def test_every_option_that_is_no_table_is_documented() -> None:
    tables = {key for key in OPTIONS if any(other.startswith((f"{key}.", f"{key}[]")) for other in OPTIONS)}

    assert {key for key, _ in EXAMPLES} == OPTIONS.keys() - tables
    for table in tables:
        assert re.search(rf"^## `\[+tool\.canonry\.{table}(\.NAME)?\]+`$", render_reference(), re.MULTILINE)


@pytest.mark.parametrize(("key", "example"), EXAMPLES, ids=[key for key, _ in EXAMPLES])
def test_an_example_loads_and_sets_its_option(key: str, example: str) -> None:
    loaded = load_canon({"pyproject.toml": example.encode()}.get)

    assert loaded.declared
    assert key.rpartition(".")[2] in example


@pytest.mark.parametrize(("key", "example"), EXAMPLES, ids=[key for key, _ in EXAMPLES])
def test_an_example_fits_the_schema(key: str, example: str) -> None:
    validator().validate(tomllib.loads(example)["tool"]["canonry"])


@pytest.mark.parametrize("key", [key for key, field in OPTIONS.items() if field.type.extra_json_schema.get("examples")])
def test_an_example_of_the_schema_fits_its_option(key: str) -> None:
    examples = OPTIONS[key].type.extra_json_schema["examples"]
    schema = validator().schema
    where = {"$defs": schema["$defs"], "$ref": schema["$ref"]}
    for part in re.split(r"\.|(?=\[\])", key):
        owner = where if "$ref" not in where else schema["$defs"][where["$ref"].rpartition("/")[2]]
        where = {"NAME": "additionalProperties", "[]": "items"}.get(part, part)
        where = owner[where] if part in ("NAME", "[]") else owner["properties"][part]

    for example in examples:
        jsonschema.Draft202012Validator({"$defs": schema["$defs"], **where}).validate(example)


def test_the_schema_is_valid_and_strict() -> None:
    schema = json_schema()

    assert schema == validator().schema
    assert jsonschema.validators.validator_for(schema) is jsonschema.Draft202012Validator
    jsonschema.Draft202012Validator.check_schema(schema)
    tables = [one for one in schema["$defs"].values() if one.get("type") == "object"]
    assert len(tables) == 11
    assert all(table["additionalProperties"] is False for table in tables)
    assert "null" not in json.dumps(schema)


@pytest.mark.parametrize(
    "text",
    [
        "unknown = 1",
        "tests = 'a'",
        "target-python = '2.7'",
        "[categories.x]\nmocks = 'x'",
        "[categories.x]\ntimeout = '3'",
        "[flows.x]\nreliability = 2",
        "[services.x]",
        "[[canon.symbols]]\nname = 'A'",
        "[load.x]\np95 = 'soon'",
    ],
)
def test_the_schema_refuses_what_loading_refuses(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(tomllib.loads(text))


def test_choices_stand_in_the_order_of_their_declaration() -> None:
    assert json_schema()["$defs"]["Priority"]["enum"] == ["critical", "high", "medium", "low"]


def test_defaults_that_a_factory_makes_are_in_the_schema() -> None:
    assert json_schema()["$defs"]["Canon"]["properties"]["shadow-names"]["default"] == [
        "backup",
        "archive",
        "snapshot",
        "old",
    ]
