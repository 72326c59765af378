"""Which reader reads which path, and a content read by one."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import msgspec

from canonry.source.documents.fragment import Document, decode_document
from canonry.source.documents.reading import Reading, encode_reading, unread
from canonry.source.suppressions import MARK

_HERE = Path(__file__).parent
_OTHER = frozenset(("__init__", "registry"))
_DECLARATION = re.compile(r"^(PATTERNS|EXTENSIONLESS) = (\([^()]*\))", re.MULTILINE)
_LARGEST_BYTES = 2_000_000
_MENTION = re.compile(r"(?<![\w./=-])pytest(?=\s|$)")
_NO_MENTION = re.compile(r"\s*@?(?:#|::|rem\s|echo\b)|.*\binstall\b", re.IGNORECASE)


@cache
def readers() -> dict[str, tuple[str, ...]]:
    """The patterns of every reader, by its name."""
    return {name: declared.get("PATTERNS", ()) for name, declared in _declarations().items()}


def reader_of(path: str) -> str:
    """The name of the reader that reads a path (from the root, with ``/``), empty where none does.

    Asked for every path of a tree: most are answered by their name or ending alone.
    """
    names, endings, narrowed, rest, initials, folders = _lookup()
    folder, _, name = path.rpartition("/")
    reader = names.get(name)
    if reader is not None:
        return reader
    stem, _, ending = name.rpartition(".")
    reader = endings.get(ending)
    if reader is not None:
        return reader
    pattern = narrowed.get(ending)
    match = pattern.fullmatch(path) if pattern else None
    if match is None and name[:1] in initials:
        match = rest.fullmatch(name)
    if match is not None:
        return match.lastgroup or ""
    if not stem and folder.rpartition("/")[2] in folders:
        return folders[folder.rpartition("/")[2]]
    return ""


def read_document(reader: str, content: bytes) -> Reading:
    """What a reader finds in a content. Raises for no input: what cannot be read is passed over with the reason."""
    module = _module(reader)
    hints: tuple[bytes, ...] = getattr(module, "HINTS", ())
    if hints and not any(hint in content for hint in hints) and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return Reading()
    if len(content) > _LARGEST_BYTES:
        return unread(f"larger than {_LARGEST_BYTES:,} bytes")
    text = decode_document(content)
    if "\0" in text:
        return unread("not text")
    try:
        found: Reading = module.read(Document(text))
    except RecursionError:
        return unread("nested deeper than can be followed")
    found = _with_suppressions(found, text, reader)
    return _with_mentions(found, text) if found.commands and "pytest" in text else found


def _with_suppressions(reading: Reading, text: str, reader: str) -> Reading:
    if MARK.decode() not in text:
        return reading
    from canonry.source.documents.comments import suppressions_of_document

    return msgspec.structs.replace(reading, suppressions=suppressions_of_document(text, readers()[reader], reading))


def _with_mentions(reading: Reading, text: str) -> Reading:
    started = {command.site.line for command in reading.commands if command.tool.startswith("pytest")}
    lines = [
        number
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1)
        if _MENTION.search(line) and not _NO_MENTION.match(line) and number not in started
    ]
    return msgspec.structs.replace(reading, mentions=tuple(lines)) if lines else reading


@cache
def _declarations() -> dict[str, dict[str, tuple[str, ...]]]:
    """What each reader's module declares of the paths that it reads, taken from its text.

    Most audits read no document anew; importing all readers would cost them a tenth of their time.
    """
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in sorted(_HERE.glob("*.py")):
        if file.stem not in _OTHER and file.stem[0] != "_":
            text = file.read_text(encoding="utf-8")
            found[file.stem] = {each[1]: ast.literal_eval(each[2]) for each in _DECLARATION.finditer(text)}
    return found


def read_encoded(reader: str, content: bytes, _target: tuple[int, int]) -> bytes:
    """What a reader finds in a content, as bytes: what workers call."""
    return encode_reading(read_document(reader, content))


@cache
def _module(name: str) -> ModuleType:
    return importlib.import_module(f"canonry.source.documents.readers.{name}")


_Lookup = tuple[dict[str, str], dict[str, str], dict[str, re.Pattern[str]], re.Pattern[str], str, dict[str, str]]


@cache
def _lookup() -> _Lookup:
    """Readers by whole name, by ending, by patterns of one ending or of the name (and its first letters), by folder."""
    names: dict[str, str] = {}
    endings: dict[str, str] = {}
    narrowed: dict[str, list[tuple[str, str]]] = {}
    rest: list[tuple[str, str]] = []
    folders: dict[str, str] = {}
    for reader, declared in _declarations().items():
        patterns = declared.get("PATTERNS", ())
        for pattern in patterns:
            ending = pattern.rpartition(".")[2]
            if not set("*?/") & set(pattern):
                names.setdefault(pattern, reader)
            elif pattern == f"*.{ending}":
                endings.setdefault(ending, reader)
            elif "*" not in ending and "." in pattern:
                narrowed.setdefault(ending, []).append((reader, pattern))
            else:
                rest.append((reader, pattern))
        for folder in declared.get("EXTENSIONLESS", ()):
            folders.setdefault(folder, reader)
    for ending in narrowed.keys() & endings.keys():
        narrowed[ending].append((endings.pop(ending), f"*.{ending}"))
    by_ending = {ending: _either(found) for ending, found in narrowed.items()}
    return names, endings, by_ending, _either(rest), _initials(rest), folders


def _initials(patterns: list[tuple[str, str]]) -> str:
    """The letters with which a name that one of the patterns takes begins. No pattern of the rest begins openly."""
    found = {pattern[0] for _, pattern in patterns}
    assert not found & set("*?"), "a pattern without an ending begins openly, so that every name would be tried"
    return "".join(sorted(found))


def _either(patterns: list[tuple[str, str]]) -> re.Pattern[str]:
    by_reader: dict[str, list[str]] = {}
    for reader, pattern in patterns:
        by_reader.setdefault(reader, []).append(_expression(pattern))
    alternatives = [f"(?P<{reader}>{'|'.join(found)})" for reader, found in by_reader.items()]
    return re.compile("|".join(alternatives) or r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    """A pattern as a regular expression for the whole path."""
    anywhere = "/" not in pattern
    parts = [
        "(?:.*/)?" if part == "**/" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
        for part in re.findall(r"\*\*/|\*|\?|[^*?]+", pattern)
    ]
    return ("(?:.*/)?" if anywhere else "") + "".join(parts)
