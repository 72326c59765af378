"""The shapes of functions: what is kept of one content to find its functions' clones elsewhere.

Like facts, shapes know no path; they are read once per distinct content, only when a rule asks, and kept.
"""

import ast
import re
from array import array
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from canonry.source.functions.stream import FunctionNode, Stream
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.text import SourceText
from canonry.source.syntax.versions import Version

LEAST_STATEMENTS = 6
"""Functions with fewer elements (statements, heads, decorators, the signature) have no shape: they repeat by nature."""
LEAST_NEAR = 10
"""Functions with fewer are compared only for being the same, and not at all where they stand inside another one: half
of what they say is their frame, and what they share with their surroundings keeps them there."""
_TOP = 2000
_CODE = re.compile(rb"^(?:import|from|def|class|async|@)\b", re.MULTILINE)
_GENERATED = re.compile(rb"@generated\b|\bdo not edit\b|\bautomatically generated from\b", re.IGNORECASE)
"""What generators write above the code: clones in it are for the generator to mend."""


class Shape(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One function: where it is, and what is compared.

    ``exact`` and ``renamed`` are 64-bit digests of all that its syntax says but its own name and docstring; in
    ``renamed`` local names are numbered in the order of their first mention, ``names``, joined by spaces. ``elements``
    are 64-bit digests of its statements in their order, local names left open, the second time that a statement occurs
    told from the first; ``lines`` are the lines where they begin. Both are arrays in the byte order of the machine.
    ``inside`` counts how many places earlier in the record the function stands that holds this one, 0 for none.
    """

    qualname: str
    line: int
    column: int
    end_column: int
    exact: int
    renamed: int
    names: str
    elements: bytes
    lines: bytes
    inside: int = 0


class Shapes(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The shapes of a content's functions in the order of the text, and what it imports.

    ``imports`` are lines ``module:name``, relative modules with their dots; the name is empty for ``import module``.
    """

    functions: tuple[Shape, ...]
    imports: str


def read_shapes(content: bytes, target: Version) -> bytes:
    """The encoded shapes of a content, none where it does not parse or says that it is generated.

    Raises for no input.
    """
    if _GENERATED.search(_CODE.split(content[:_TOP], maxsplit=1)[0]):
        return NO_SHAPES
    tree, text, _ = parse_source(content, target)
    if tree is None:
        return NO_SHAPES
    reader = _Reader(text)
    try:
        reader.block(tree.body, "")
    except RecursionError:  # as in extraction: nested deeper than can be followed
        return NO_SHAPES
    return _ENCODER.encode(Shapes(tuple(reader.shapes), "\n".join(reader.imports)))


def decode_shapes(data: bytes) -> Shapes | None:
    """The record that `read_shapes` wrote, None for anything else (a damaged cache)."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError:
        return None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Shapes)
NO_SHAPES = _ENCODER.encode(Shapes((), ""))


class _Reader:
    """Goes through the statements of a module for functions and imports."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self.shapes: list[Shape] = []
        self.imports: dict[str, None] = {}

    def block(self, statements: Iterable[ast.AST], owner: str) -> None:
        for statement in statements:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._function(statement, owner + statement.name)
            elif isinstance(statement, ast.ClassDef):
                self.block(statement.body, f"{owner}{statement.name}.")
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                self._import(statement)
            elif statement.__class__ in _HOLDERS:
                for field in ("body", "handlers", "orelse", "finalbody"):
                    self.block(getattr(statement, field, ()), owner)

    def _function(self, node: FunctionNode, qualname: str, holder: int = -1) -> None:
        stream = Stream(node)
        for statement in stream.imports:
            self._import(statement)
        if len(stream.elements) < (LEAST_STATEMENTS if holder < 0 else LEAST_NEAR):
            return
        place = len(self.shapes)
        self.shapes.append(self._shape(node, qualname, stream, place - holder if holder >= 0 else 0))
        for inner, name in stream.inner:
            self._function(inner, f"{qualname}.{name}", place)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            lines = [f"{alias.name}:" for alias in node.names]
        else:
            module = "." * node.level + (node.module or "")
            lines = [f"{module}:{alias.name}" for alias in node.names]
        self.imports.update(dict.fromkeys(lines))

    def _shape(self, node: FunctionNode, qualname: str, stream: Stream, inside: int) -> Shape:
        words = stream.words
        exact = _digest(words)
        numbers = {name: f"${number}" for number, name in enumerate(stream.local)}
        for place in stream.places:
            words[place] = numbers[words[place]]
        renamed = _digest(words) if stream.places else exact
        for place in stream.places:
            words[place] = "$"
        header = self.text.header(node, words=f"{_HEADS[node.__class__]} {node.name}", symbol=qualname)
        compared = len(stream.elements) >= LEAST_NEAR
        lines = array("I", [element.line for element in stream.elements]) if compared else array("I")
        names = " ".join(stream.local)
        return Shape(
            qualname,
            header.line,
            header.column,
            header.end_column,
            exact,
            renamed,
            names,
            _elements(stream) if compared else b"",
            lines.tobytes(),
            inside,
        )


_HOLDERS = frozenset((ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.ExceptHandler))
_HEADS = {ast.FunctionDef: "def", ast.AsyncFunctionDef: "async def"}


def _digest(words: list[str]) -> int:
    return int.from_bytes(blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _elements(stream: Stream) -> bytes:
    """A digest per statement, no two of them equal.

    Literals are left open in the first statement of a kind. Where the statement repeats (``add_argument``, rows of
    data), they are what tells the repeats apart; after that, the number of the repeat does.
    """
    words = stream.words
    opened = words.copy()
    for place in stream.literals:
        opened[place] = _LITERALS.get(opened[place][0], "#")
    seen: dict[str, int] = {}
    digests: list[bytes] = []
    for start, end, _ in stream.elements:
        said = "\0".join(opened[start:end])
        if said in seen:
            said = "\0\0".join(words[start:end])
            times = seen.get(said, 0)
            seen[said] = times + 1
            said = f"{said}\0{times}"
        else:
            seen[said] = 1
        digests.append(blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest())
    return b"".join(digests)


_LITERALS = {"'": "'", "b": "'"}
"""What a literal is left open as, by the first letter of its word; all others are numbers."""
