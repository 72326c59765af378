"""YAML with places: nodes as ruamel.yaml composes them, and the text of a scalar character by character.

Source: YAML 1.2.2, chapters 7.3 (flow scalars), 8.1 (block scalars) and 6.5 (line folding).
"""

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from canonry.source.documents.fragment import Document, Fragment, Piece
from canonry.source.documents.languages.script import Finds

_TEMPLATED = re.compile(r"^\s*(?:-\s*)?(?:\{\{-?|\{%-?)|\{%-?\s*\w+", re.MULTILINE)
_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?:\r\n|\r|\n)[ \t]*|.)", re.DOTALL)
_FOLD = re.compile(r"[ \t]*(?:(?:\r\n|\r|\n)[ \t]*)+")
_BREAK = re.compile(r"\r\n|\r|\n")
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+(?:#[^\r\n]*\s+)*)*")
_LARGEST = 200_000
"""Characters of a YAML file that is read: the parser is written in Python and takes seconds for more."""
_MOST_NODES = 100_000
_ESCAPED = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b"}


def compose(finds: Finds) -> list[Node]:
    """The documents of a YAML file; none, and the reason passed over, where it is broken or a template of YAML."""
    text = finds.document.text
    if len(text) > _LARGEST:
        finds.pass_over(0, 1, f"YAML of more than {_LARGEST:,} characters")
        return []
    try:
        with warnings.catch_warnings():  # an anchor that is set twice is no mistake
            warnings.simplefilter("ignore")
            found = [node for node in YAML(typ="safe", pure=True).compose_all(text) if node is not None]
    except (YAMLError, ValueError, AttributeError, IndexError, TypeError, AssertionError, KeyError) as error:
        mark = getattr(error, "problem_mark", None)
        place = finds.document.offset(mark.line) if mark is not None else 0
        end = min(place + 1, len(text))
        what = str(getattr(error, "problem", "") or "it cannot be parsed").strip()
        reason = "templated YAML, which is none before it is rendered" if _TEMPLATED.search(text) else f"broken: {what}"
        finds.pass_over(place, end, reason)
        return []
    sizes: dict[int, int] = {}
    if sum(_unfolded(node, sizes) for node in found) > _MOST_NODES:
        finds.pass_over(0, 1, f"its anchors stand for more than {_MOST_NODES:,} values")
        return []
    return found


def _unfolded(node: Node, sizes: dict[int, int]) -> int:
    """How many nodes a node stands for when every alias is replaced by what it names; too many where it holds itself.

    Each node is visited once: what a few lines of aliases stand for has no bound.
    """
    known = sizes.get(id(node))
    if known is not None:
        return known
    if isinstance(node, ScalarNode):
        return 1
    sizes[id(node)] = _MOST_NODES + 1  # holds for a node that is reached from itself
    parts = node.value if isinstance(node, SequenceNode) else [part for pair in node.value for part in pair]
    sizes[id(node)] = found = min(1 + sum(_unfolded(part, sizes) for part in parts), _MOST_NODES + 1)
    return found


def entries(node: Node | None, *, depth: int = 0) -> Iterator[tuple[str, Node]]:
    """The keys of a mapping with their values; what ``<<`` merges comes after its own keys, without those."""
    if not isinstance(node, MappingNode):
        return
    seen: set[str] = set()
    merged: list[Node] = []
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            continue
        if key.value == "<<":
            merged += value.value if isinstance(value, SequenceNode) else [value]
        elif key.value not in seen:
            seen.add(key.value)
            yield key.value, value
    for other in merged if depth < 20 else ():
        for name, value in entries(other, depth=depth + 1):
            if name not in seen:
                seen.add(name)
                yield name, value


def get(node: Node | None, *names: str) -> Node | None:
    """The value below a mapping that these keys lead to, one inside the other; None where there is none."""
    for name in names:
        node = _table(node).get(name) if node is not None else None
    return node


@lru_cache(maxsize=64)
def _table(node: Node) -> dict[str, Node]:
    """The entries of a mapping; every step of a workflow asks its root."""
    return dict(entries(node))


def items(node: Node | None, *, depth: int = 0) -> Iterator[ScalarNode]:
    """The items of a sequence, those of sequences inside it included; a scalar is one item of its own."""
    if isinstance(node, SequenceNode):
        for each in node.value if depth < 20 else ():
            yield from items(each, depth=depth + 1)
    elif isinstance(node, ScalarNode) and node.tag != "!reference":
        yield node


def text_of(node: Node | None) -> str:
    """The text of a scalar, empty for anything else."""
    return str(node.value) if isinstance(node, ScalarNode) else ""


def fragment_of(node: ScalarNode, document: Document) -> Fragment:
    """The text of a scalar with the place of each character.

    Where the places cannot be told (an escape that is not known here), the whole text has the place of the scalar.
    """
    begin, end = node.start_mark.index, node.end_mark.index
    begin = _behind_properties(document.text, begin, end)
    raw = document.text[begin:end]
    style = node.style
    if style in ("|", ">"):
        pieces = _block(document, begin, end, folded=style == ">")
    elif style in ("'", '"'):
        pieces = _quoted(document, begin + 1, begin + len(raw.rstrip()) - 1, double=style == '"')
    else:
        pieces = _folded(document, begin, begin + len(raw.rstrip()))
    found = Fragment(document, pieces)
    if found.text.rstrip("\n") == str(node.value).rstrip("\n"):
        return found
    return Fragment(document, [Piece(str(node.value), begin, begin + len(raw.rstrip()))])


def _behind_properties(text: str, begin: int, end: int) -> int:
    """Where a node's own text begins: the parser's mark stands before its anchor and its tag."""
    match = _PROPERTIES.match(text, begin, end)
    return match.end() if match else begin


def _block(document: Document, begin: int, end: int, *, folded: bool) -> list[Piece]:
    text = document.text
    head = _LINES.match(text, begin, end)
    assert head is not None
    explicit = re.match(r"[|>][+-]?([1-9])", head[0])
    lines = [(found.start(), found.end()) for found in _LINES.finditer(text, head.end(), end) if found[0]]
    column = _indent(text, lines, explicit, begin, document)
    pieces: list[Piece] = []
    kinds: list[str] = []
    for start, stop in lines:
        line = text[start:stop]
        bare = line.rstrip("\r\n")
        kinds.append(
            "empty"
            if not bare.strip(" ") and len(bare) <= column
            else "more"
            if bare[column : column + 1] in (" ", "\t")
            else "text"
        )
        if len(bare) > column:
            pieces.append(document.piece(start + column, start + len(bare)))
        pieces.append(Piece("\n" if len(line) > len(bare) else "", start + len(bare), stop))
    return _fold_block(pieces, kinds, lines, column, document) if folded else pieces


def _indent(
    text: str, lines: list[tuple[int, int]], explicit: re.Match[str] | None, begin: int, document: Document
) -> int:
    """How many blanks stand before the lines of a block."""
    shown = [text[start:stop].rstrip("\r\n") for start, stop in lines]
    if explicit:
        line = text[document.offset(document.position(begin)[0] - 1) : begin]
        parent = len(line) - len(line.lstrip(" -"))
        return parent + int(explicit[1])
    return next((len(line) - len(line.lstrip(" ")) for line in shown if line.strip(" ")), 0)


def _fold_block(
    pieces: list[Piece], kinds: list[str], lines: list[tuple[int, int]], column: int, document: Document
) -> list[Piece]:
    """The lines of a folded block: a line end between two plain lines becomes a blank, others stay."""
    found: list[Piece] = []
    text = document.text
    for index, (start, stop) in enumerate(lines):
        line = text[start:stop]
        bare = len(line.rstrip("\r\n"))
        if kinds[index] != "empty":
            found.append(document.piece(start + column, start + bare))
        following = kinds[index + 1 :]
        later = next((kind for kind in following if kind != "empty"), "")
        mark = "\n"
        if kinds[index] == "text" and later == "text":
            mark = " " if following[0] == "text" else ""
        found.append(Piece(mark, start + bare, stop))
    return found


def _quoted(document: Document, begin: int, end: int, *, double: bool) -> list[Piece]:
    pieces: list[Piece] = []
    pattern = _ESCAPE if double else re.compile("''")
    at = begin
    for match in pattern.finditer(document.text, begin, end):
        pieces += _folded(document, at, match.start(), inner=True)
        pieces.append(Piece(_unescape(match[0]) if double else "'", match.start(), match.end()))
        at = match.end()
    return [*pieces, *_folded(document, at, end, inner=True)]


def _unescape(escape: str) -> str:
    kind = escape[1]
    if kind in "xuU":
        code = int(escape[2:], 16)
        return chr(code) if code < 0x110000 else "?"
    if kind in "\r\n":
        return ""
    return _ESCAPED.get(kind, kind)


def _folded(document: Document, begin: int, end: int, *, inner: bool = False) -> list[Piece]:
    """A flow scalar over several lines: one line end becomes a blank, of more all but the first stay."""
    pieces: list[Piece] = []
    at = begin
    for match in _FOLD.finditer(document.text, begin, end):
        pieces.append(document.piece(at, match.start()))
        breaks = len(_BREAK.findall(match[0]))
        pieces.append(Piece("\n" * (breaks - 1) or " ", match.start(), match.end()))
        at = match.end()
    return [*pieces, document.piece(at, end)]
