"""The generated half of docs/contracts.md, and schema/contract.schema.json.

``python -m canonry.contract.language.reference --write`` renews both.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import inspect

from canonry.contract.language.contract import Contract
from canonry.contract.language.schema import json_schema
from canonry.contract.language.shape import expected, unwrap

MARKER = "<!-- Below here: generated from src/canonry/contract/language by `python docs/refresh.py`. -->"
_MANY = {
    "a text": "texts",
    "a whole number": "whole numbers",
    "a whole number or a text": "numbers or texts",
    "anything": "anything",
}
_ROOT = Path(__file__).resolve().parents[4]


def render_schema() -> str:
    """Return the text of schema/contract.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def render_page(old: str) -> str:
    """Return docs/contracts.md with its reference made anew."""
    return old.partition(MARKER)[0] + MARKER + "\n\n" + render_reference()


def generated_files() -> dict[str, str]:
    """Return the files of this repository that follow from the types, by path from its root."""
    page = (_ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
    return {"docs/contracts.md": render_page(page), "schema/contract.schema.json": render_schema()}


def render_reference() -> str:
    """Return a table for every part of the language."""
    lines = ["## Every key", ""]
    for info in _structs(inspect.type_info(Contract), []):
        lines += [f"### {_title(info)}", "", _first_paragraph(info.cls.__doc__ or ""), ""]
        lines += ["| key | expects | meaning |", "| -- | -- | -- |"]
        for field in info.fields:
            lines.append(f"| `{field.encode_name}` | {_cell(field.type)} | {_described(field)} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _title(info: inspect.StructType) -> str:
    name = info.cls.__name__
    return "The contract" if name == "Contract" else name


def _described(field: inspect.Field) -> str:
    found = ""
    info = field.type
    while isinstance(info, inspect.Metadata):
        found = found or str((info.extra_json_schema or {}).get("description", ""))
        info = info.type
    return ("**required.** " if field.required else "") + found.replace("|", "\\|")


def _cell(info: inspect.Type) -> str:
    plain, _ = unwrap(info)
    match plain:
        case inspect.StructType():
            return plain.cls.__name__
        case inspect.ListType(item_type=inner):
            return f"list of {_MANY.get(_cell(inner), _cell(inner))}"
        case inspect.DictType(value_type=inner):
            return f"name -> {_cell(inner)}"
        case inspect.UnionType(types=types):
            return " or ".join(_cell(one) for one in types if not isinstance(one, inspect.NoneType))
        case _:
            return expected(info).replace("|", "\\|")


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split()).replace("``", "`")


def _structs(info: inspect.Type, seen: list[type]) -> Iterator[inspect.StructType]:
    plain, _ = unwrap(info)
    match plain:
        case inspect.StructType() if plain.cls not in seen:
            seen.append(plain.cls)
            yield plain
            for field in plain.fields:
                yield from _structs(field.type, seen)
        case inspect.ListType(item_type=inner) | inspect.DictType(value_type=inner):
            yield from _structs(inner, seen)
        case inspect.UnionType(types=types):
            for one in types:
                yield from _structs(one, seen)


def main(arguments: list[str]) -> int:
    """Write the generated files, or with ``--check`` name the stale ones and return 1."""
    stale = [name for name, text in generated_files().items() if not _is(name, text)]
    for name in stale:
        print(f"{name} is stale; `make docs` renews it" if "--check" in arguments else f"renewed {name}")
        if "--write" in arguments:
            (_ROOT / name).write_text(generated_files()[name], encoding="utf-8")
    return 1 if stale and "--check" in arguments else 0


def _is(name: str, text: str) -> bool:
    file = _ROOT / name
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
