"""tox in `tox.toml`, and in `pyproject.toml` (its native tables, and `legacy_tox_ini`)."""

from collections.abc import Iterator
from functools import cache

from tree_sitter import Language, Node, Parser

from canonry.source.documents.fragment import Document, Fragment, as_bytes
from canonry.source.documents.languages.arguments import read_arguments
from canonry.source.documents.languages.literals import fragment_of_string
from canonry.source.documents.languages.script import Finds, Setting
from canonry.source.documents.languages.started import mentions_tool
from canonry.source.documents.languages.tox import COMMAND_KEYS, IGNORES, read_tox_ini, tox_folder
from canonry.source.documents.reading import Reading

PATTERNS = ("tox.toml", "pyproject.toml")
HINTS = (b"commands", b"legacy_tox_ini")

_ENVIRONMENTS = ("env", "env_run_base", "env_pkg_base")


def read(document: Document) -> Reading:
    """The commands of all environments."""
    finds = Finds(document)
    root = _parser().parse(as_bytes(document.text)).root_node
    pairs = list(_pairs(root, document))
    plain = {path: document.text[value.start_byte : value.end_byte].strip("\"'") for path, value in pairs}
    for path, value in pairs:
        if path == ("tool", "tox", "legacy_tox_ini"):
            read_tox_ini(_string(value, document), finds)
            continue
        inner = path[2:] if path[:2] == ("tool", "tox") else path
        if len(inner) < 2 or inner[0] not in _ENVIRONMENTS or inner[-1] not in COMMAND_KEYS or value.type != "array":
            continue
        folder = plain.get((*path[:-1], "change_dir"), plain.get((*path[:-1], "changedir"), ""))
        forgiven = IGNORES if plain.get((*path[:-1], "ignore_outcome")) == "true" else ""
        setting = Setting(symbol=".".join(inner), folder=tox_folder(folder), forgiven=forgiven)
        for command in value.named_children:
            if command.type == "array":
                _read_command(command, document, finds, setting)
    if root.has_error and not finds.commands and "tox" in document.text:
        finds.pass_over(0, min(1, len(document.text)), "broken: not TOML")
    return finds.reading()


def _read_command(node: Node, document: Document, finds: Finds, setting: Setting) -> None:
    words: list[Fragment] = []
    forgiven = doubt = ""
    for child in node.named_children:
        if child.type == "string":
            word = _string(child, document)
            if not words and word.text == "-":
                forgiven = "tox's `-`"
            else:
                words.append(word)
        elif child.type == "inline_table":  # `{ replace = "posargs", default = [...] }`
            default = _default(child, document)
            doubt = doubt or ("what it replaces may be something else" if default else "")
            words += default or [Fragment(document, [document.piece(child.start_byte, child.end_byte)])]
    inside = Setting(symbol=setting.symbol, folder=setting.folder, forgiven=forgiven or setting.forgiven, doubt=doubt)
    read_arguments(words, finds, inside)


def _default(table: Node, document: Document) -> list[Fragment]:
    """The words that ``{ replace = ..., default = ... }`` stands for unless somebody says otherwise.

    Only where they may name a test tool; everywhere else the table is kept as it is written.
    """
    for path, value in (found for child in table.named_children for found in _pair((), child, document)):
        if path == ("default",) and value.type in ("string", "array"):
            strings = [value] if value.type == "string" else value.named_children
            words = [_string(each, document) for each in strings if each.type == "string"]
            return words if mentions_tool([word.text for word in words]) else []
    return []


@cache
def _parser() -> Parser:
    import tree_sitter_toml

    return Parser(Language(tree_sitter_toml.language()))


def _pairs(root: Node, document: Document) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every key with the path of its table, and its value."""
    for child in root.named_children:
        if child.type == "pair":
            yield from _pair((), child, document)
        elif child.type in ("table", "table_array_element"):
            path: tuple[str, ...] = ()
            for part in child.named_children:
                if part.type in ("bare_key", "dotted_key", "quoted_key"):
                    path = _keys(part, document)
                elif part.type == "pair":
                    yield from _pair(path, part, document)


def _pair(path: tuple[str, ...], node: Node, document: Document) -> Iterator[tuple[tuple[str, ...], Node]]:
    parts = [child for child in node.named_children if child.type != "comment"]
    if len(parts) < 2:
        return
    key, value = parts[0], parts[-1]
    whole = (*path, *_keys(key, document))
    yield whole, value
    if value.type == "inline_table":
        for child in value.named_children:
            if child.type == "pair":
                yield from _pair(whole, child, document)


def _keys(node: Node, document: Document) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(name for child in node.named_children for name in _keys(child, document))
    return (document.text[node.start_byte : node.end_byte].strip("\"'"),)


def _string(node: Node, document: Document) -> Fragment:
    """The text of a TOML string: basic ones with their escapes, of the others and of long ones what is between."""
    begin, end = node.start_byte, node.end_byte
    text = document.text[begin:end]
    if text.startswith(('"""', "'''")):
        return Fragment(document, [document.piece(begin + 3, max(begin + 3, end - 3))])
    if text.startswith('"'):
        return fragment_of_string(document, begin, end)
    return Fragment(document, [document.piece(begin + 1, end - 1)])
