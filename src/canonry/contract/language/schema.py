"""The JSON schema of contracts, for editors. It follows from the types of the language."""

from typing import Any

import msgspec

from canonry.contract.language.contract import Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a contract.

    It cannot say that a name has to be declared elsewhere in the file; loading does.
    """
    (root,), definitions = msgspec.json.schema_components([Contract], ref_template="#/$defs/{name}")
    return {"$schema": DIALECT, "title": "canonry event contract", **root, "$defs": _plain(definitions)}


def _plain(value: Any) -> Any:
    """The schema without defaults that are null: a key that is left out."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if not (name == "default" and inner is None)}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
