"""Which reader reads which path, and a content read by one."""

import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import msgspec

from canonry.source.documents import PassedOver, Reading
from canonry.source.facts import Site, Suppression
from canonry.source.suppressions import MARK
from canonry.source.text import EncodingError, SourceText, decode_source

_HERE = Path(__file__).parent
_OTHER = frozenset(("__init__", "registry"))
_LARGEST_BYTES = 2_000_000


@cache
def readers() -> dict[str, tuple[str, ...]]:
    """The patterns of every reader, by its name."""
    names = sorted(file.stem for file in _HERE.glob("*.py") if file.stem not in _OTHER and file.stem[0] != "_")
    return {name: tuple(_module(name).PATTERNS) for name in names}


def reader_of(path: str) -> str:
    """The name of the reader that reads a path (from the root, with ``/``), empty where none does."""
    reader = _endings().get(path.rpartition("/")[2].rpartition(".")[2])
    if reader is not None:
        return reader
    match = _pattern().fullmatch(path)
    return match.lastgroup or "" if match else ""


def pathspecs() -> tuple[str, ...]:
    """git pathspecs that take every path which some reader reads, and few others."""
    found: dict[str, None] = {}
    for patterns in readers().values():
        for pattern in patterns:
            if "/" in pattern:
                found[f":(glob){pattern}"] = None
            else:
                found[f":(glob)**/{pattern}"] = None
    return tuple(found)


def read_document(reader: str, content: bytes) -> Reading:
    """What a reader finds in a content. Raises for no input: what cannot be read is passed over with the reason."""
    whole = Site(1, 1, 1, 1, 0, "<file>")
    if len(content) > _LARGEST_BYTES:
        return Reading((), (PassedOver(whole, f"larger than {_LARGEST_BYTES:,} bytes"),))
    if b"\0" in content:
        return Reading((), (PassedOver(whole, "not text"),))
    try:
        text = SourceText(decode_source(content))
    except EncodingError:
        text = SourceText(content.decode("latin-1").encode())
    try:
        found: Reading = _module(reader).read(text)
        suppressions = _suppressions(text.content.decode("utf-8", "replace"), reader, found)
    except RecursionError:
        return Reading((), (PassedOver(whole, "nested deeper than can be followed"),))
    return msgspec.structs.replace(found, suppressions=suppressions) if suppressions else found


def _suppressions(text: str, reader: str, reading: Reading) -> tuple[Suppression, ...]:
    if MARK.decode() not in text:
        return ()
    from canonry.source.comments import suppressions_of_document

    return suppressions_of_document(text, _module(reader).PATTERNS, reading)


@cache
def _module(name: str) -> ModuleType:
    return importlib.import_module(f"canonry.source.readers.{name}")


@cache
def _endings() -> dict[str, str]:
    """The name endings that decide alone: one reader takes every file of that ending, no other one names the ending."""
    claims: dict[str, set[str]] = {}
    whole: dict[str, str] = {}
    for name, patterns in readers().items():
        for pattern in patterns:
            ending = pattern.rpartition(".")[2]
            claims.setdefault(ending, set()).add(name)
            if pattern == f"*.{ending}" and not set("*?/") & set(ending):
                whole[ending] = name
    return {ending: name for ending, name in whole.items() if claims[ending] == {name}}


@cache
def _pattern() -> re.Pattern[str]:
    alternatives = [
        f"(?P<{name}>{'|'.join(map(_expression, patterns))})" for name, patterns in readers().items() if patterns
    ]
    return re.compile("|".join(alternatives) or r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    """A pattern as a regular expression for the whole path."""
    anywhere = "/" not in pattern
    parts = [
        "(?:.*/)?" if part == "**/" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
        for part in re.findall(r"\*\*/|\*|\?|[^*?]+", pattern)
    ]
    return ("(?:.*/)?" if anywhere else "") + "".join(parts)
