"""Where a suite stands as the versioned JSON report (schema 1): the whole value, as `canonry.model.standing` says."""

from typing import IO

import msgspec

from canonry.model.standing import Standing

SCHEMA = 1


def render(standing: Standing, out: IO[str]) -> None:
    """Writes one JSON object."""
    head = {"schema": SCHEMA, "tool": "canonry"}
    body = msgspec.to_builtins(standing)
    out.write(msgspec.json.format(msgspec.json.encode(_legible({**head, **body})), indent=1).decode() + "\n")


def _legible(data: object) -> object:
    """The same without lone surrogates (from file names that are no UTF-8), which JSON cannot hold."""
    match data:
        case str():
            return data if data.isascii() else data.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_legible(key): _legible(value) for key, value in data.items()}
        case list() | tuple():
            return [_legible(each) for each in data]
    return data
