"""The words of a shell command: quotes removed, variables that the script itself sets replaced by their text."""

import re
from collections.abc import Callable

from tree_sitter import Node

from canonry.source.documents.fragment import Fragment, Piece
from canonry.source.documents.languages.script import Word

Values = Callable[[str], tuple[str, ...] | None]
"""The words that a variable is set to, None where the script does not say."""

_ESCAPE = re.compile(r"\\(?:\r\n|.)", re.DOTALL)
_NAME = re.compile(r"\$\{?(\w+)\}?$")
_DEFAULT = re.compile(r"\$\{(\w+):?-([^$}]*)\}")
_ARRAY = re.compile(r"\$\{(\w+)\[[@*]\]\}$")
_IN_QUOTES = frozenset('$`"\\\n')
_EXPANSIONS = frozenset(("simple_expansion", "expansion"))
_COMPUTED = _EXPANSIONS | {"command_substitution", "process_substitution", "arithmetic_expansion"}


def words_of(node: Node, fragment: Fragment, values: Values, place: tuple[int, int]) -> list[Word]:
    """The words that one word of the source, at a place, becomes: several, or none, for a variable without quotes."""
    inner = _alone(node)
    if inner is not None:
        text = fragment.text[inner.start_byte : inner.end_byte]
        array = _ARRAY.match(text)
        name = array or _NAME.match(text)
        found = values(name[1]) if name else _default(text, values)
        if found is not None:
            return [Word(each, (Piece(each, *place),), place=place) for each in found]
    pieces, fixed = _pieces(node, fragment, values)
    return [Word("".join(piece.text for piece in pieces), tuple(pieces), fixed, place)]


def _default(text: str, values: Values) -> tuple[str, ...] | None:
    """The words of ``${NAME:-default}``: the variable's own where it is set, else the default's."""
    match = _DEFAULT.fullmatch(text)
    if match is None:
        return None
    return values(match[1]) or tuple(match[2].strip("\"'").split())


def _alone(node: Node) -> Node | None:
    """The expansion that a word consists of, also inside double quotes."""
    if node.type == "command_name" and node.child_count == 1:
        return _alone(node.children[0])
    if node.type in _EXPANSIONS:
        return node
    if node.type == "string" and node.named_child_count == 1:
        child = node.named_children[0]
        if child.type in _EXPANSIONS and (child.start_byte, child.end_byte) == (node.start_byte + 1, node.end_byte - 1):
            return child
    return None


def _pieces(node: Node, fragment: Fragment, values: Values) -> tuple[list[Piece], bool]:
    kind, start, stop = node.type, node.start_byte, node.end_byte
    if kind == "raw_string":
        return fragment.cut(start + 1, stop - 1), True
    if kind == "ansi_c_string":
        return fragment.cut(start + 2, stop - 1), True
    if kind in ("string", "translated_string"):
        quote = fragment.text.index('"', start)
        return _mixed(node, fragment, values, quote + 1, stop - 1, quoted=True)
    if kind in _EXPANSIONS:
        return _expanded(node, fragment, values)
    if kind in _COMPUTED:
        return fragment.cut(start, stop), False
    if kind in ("concatenation", "command_name"):
        pieces: list[Piece] = []
        fixed = True
        at = start
        for child in node.children:
            pieces += fragment.cut(at, child.start_byte)
            found, known = _pieces(child, fragment, values)
            pieces += found
            fixed = fixed and known
            at = child.end_byte
        return pieces, fixed
    return _unescaped(fragment, start, stop, quoted=False), True


def _mixed(
    node: Node, fragment: Fragment, values: Values, start: int, stop: int, *, quoted: bool
) -> tuple[list[Piece], bool]:
    pieces: list[Piece] = []
    fixed = True
    at = start
    for child in node.children:
        if child.type == "string":
            return fragment.cut(start, stop), False
        if child.type not in _COMPUTED or child.end_byte > stop:
            continue
        pieces += _unescaped(fragment, at, child.start_byte, quoted=quoted)
        found, known = _pieces(child, fragment, values)
        pieces += found
        fixed = fixed and known
        at = child.end_byte
    return [*pieces, *_unescaped(fragment, at, stop, quoted=quoted)], fixed


def _expanded(node: Node, fragment: Fragment, values: Values) -> tuple[list[Piece], bool]:
    start, stop = node.start_byte, node.end_byte
    text = fragment.text[start:stop]
    name = _NAME.match(text) or _ARRAY.match(text)
    found = values(name[1]) if name else None
    if found is None:
        return fragment.cut(start, stop), False
    return [Piece(" ".join(found), *fragment.place(start, stop))], True


def _unescaped(fragment: Fragment, start: int, stop: int, *, quoted: bool) -> list[Piece]:
    """A range without its backslashes; inside double quotes they stay before most characters."""
    if start >= stop:
        return []
    pieces: list[Piece] = []
    at = start
    for match in _ESCAPE.finditer(fragment.text, start, stop):
        character = match[0][1]
        if quoted and character not in _IN_QUOTES and character != "\r":
            continue
        pieces += fragment.cut(at, match.start())
        at = match.end() if character in "\r\n" else match.start() + 1
        if character not in "\r\n":
            pieces += fragment.cut(at, match.end())
            at = match.end()
    return [*pieces, *fragment.cut(at, stop)]
