"""What a line search yields, what bounds it, and the prices of its edits."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from canonry.repair.lines.tokens import CLOSERS, OPENERS, tokenize_line


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of the work on one file; counts, never seconds."""

    probes: int = 40_000  # compilations of a piece of text
    nodes: int = 400_000  # states of the line search
    line_nodes: int = 700  # states of the search on one line
    line_probes: int = 60  # complete readings of one line that are compiled


DEFAULT = Budget()


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a physical line in its context, and the context it leaves."""

    text: str
    cost: float
    stack: tuple[str, ...]
    last: str  # kind of the last token, as in `Search`
    delimiter: str  # of the triple-quoted string that stays open, or ""
    valid: bool  # Python reads it


@dataclass(slots=True)
class Habits:
    """What the rest of the file says about how its lines read."""

    known: Collection[str] = frozenset()
    quote: str = '"'
    unknown: float = 0.25  # cost of a name that nothing in the file binds


Pieces: TypeAlias = "tuple[Pieces, str] | None"  # the text of a state, last piece first
Key = tuple[int, str, tuple[str, ...], str, int]
# a state: index of the next token (-1 where the line is read), delimiter of the open string, open brackets, kind of the
# last token, text, index where the open string starts, whether its opening quote is ours, what makes states equal
State = tuple[int, str, tuple[str, ...], str, Pieces, int, int, Key]
DONE: Key = (-1, "", (), "", 0)

# costs of edits
INSERT_OPEN = 0.6
INSERT_CLOSE = 0.6
DELETE_QUOTE = 0.55
INSERT_CLOSER = 0.9
DELETE_CLOSER = 0.9
DELETE_OPENER = 1.3
REPLACE_CLOSER = 0.8
SPLIT_PREFIX = 0.65
COLON = 0.8


def joined(pieces: Pieces) -> str:
    """The text of the pieces."""
    parts: list[str] = []
    while pieces is not None:
        pieces, part = pieces
        parts.append(part)
    return "".join(reversed(parts))


def before_space(pieces: Pieces, text: str) -> Pieces:
    """The pieces with a text added before the spaces at their end."""
    if pieces is not None and pieces[1].strip(" \t\f") == "" and pieces[1]:
        inner, space = pieces
        return ((before_space(inner, text)), space)
    return (pieces, text)


def inline(pieces: Pieces) -> bool:
    """Whether a block's head already holds its colon, with the body on the same line."""
    text = joined(pieces)
    return _colon_outside(text)


def _colon_outside(text: str) -> bool:
    depth = 0
    quote = ""
    for token in tokenize_line(text):
        if quote:
            if token.startswith(quote):
                quote = ""
        elif token[0] in "\"'":
            quote = "" if len(token) in (2, 6) else token[:3] if len(token) >= 3 else token
        elif token in OPENERS:
            depth += 1
        elif token in CLOSERS:
            depth -= 1
        elif token == ":" and depth <= 0:
            return True
    return False
