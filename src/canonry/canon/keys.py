"""Keys of a TOML document as paths, in text and back, and values in TOML's own notation."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands: keys of tables, and indexes from 0 of arrays."""

_SEGMENT = r"""
      \[(?P<index>[0-9]+)\]
    | \.? (?: (?P<quoted> "(?:[^"\\]|\\.)*" | '[^']*' ) | (?P<bare> [^.\[\]"']+ ) )
"""


def format_key(path: KeyPath) -> str:
    """Return ``path`` as a user writes it, such as ``canon.symbols[0].name`` or ``categories."a b".timeout``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _format_name(part)
    return text


def parse_key(text: str) -> KeyPath | None:
    """Return the path that ``text`` names, or None when it is not a key."""
    segment = re.compile(_SEGMENT, re.VERBOSE)
    path: list[str | int] = []
    at = 0
    while at < len(text):
        match = segment.match(text, at)
        if match is None or (text[at] == ".") != bool(path and match["index"] is None):
            return None
        if match["index"] is not None:
            path.append(int(match["index"]))
        elif match["quoted"] is not None:
            name = unquote(match["quoted"])
            if name is None:
                return None
            path.append(name)
        else:
            path.append(match["bare"].strip())
        at = match.end()
    return tuple(path) or None


def unquote(text: str) -> str | None:
    """Return the string that a quoted TOML string or key stands for, or None when it is malformed."""
    try:
        value = tomllib.loads(f"v={text}")["v"]
    except tomllib.TOMLDecodeError:
        return None
    return value if isinstance(value, str) else None


def flatten(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Yield every leaf below ``value`` with its path: scalars, lists of scalars, and tables without a key."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from flatten(inner, (*path, name))
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from flatten(item, (*path, index))
    else:
        yield path, value


def to_toml(value: object) -> str:
    """Return ``value`` on one line in TOML's notation."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # JSON escapes what TOML escapes, except for DEL.
            return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
        case Mapping():
            pairs = ", ".join(f"{_format_name(name)} = {to_toml(inner)}" for name, inner in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case list() | tuple():
            return f"[{', '.join(map(to_toml, value))}]"
        case _:
            return str(value)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that ``name`` most likely stands for, or None when none is near."""
    # Only needed once something is wrong already.
    import difflib

    spelled = {known.lower().replace("_", "-"): known for known in sorted(names, reverse=True)}
    found = difflib.get_close_matches(name.lower().replace("_", "-"), spelled, n=1)
    return spelled[found[0]] if found else None


def _format_name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else to_toml(name)
