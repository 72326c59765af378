"""What careless mass edits do to Python files: each operator breaks a text in one way."""

import ast
import re
from collections.abc import Callable
from random import Random

Operator = Callable[[str, Random], str]


def parses(text: str) -> bool:
    """Whether the running Python reads the text."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def break_text(text: str, rng: Random, *, first: int = 0) -> str:
    """The text after operator ``first`` and up to three more; it never parses."""
    order = OPERATORS[first % len(OPERATORS) :] + OPERATORS[: first % len(OPERATORS)]
    broken = order[0](text, rng)
    for operator in rng.sample(order[1:], rng.randint(0, 3)):
        broken = operator(broken, rng)
    for operator in order:
        if not parses(broken):
            return broken
        broken = operator(broken, rng)
    raise ValueError("no operator breaks this text")


def move_quotes(text: str, rng: Random) -> str:
    """``go("x")`` becomes ``go("x)"``, in half of the places."""
    return _some(r'"\)', ')"', text, rng, share=0.5)


def lose_bracket(text: str, rng: Random) -> str:
    """A closing bracket at the end of a line is gone."""
    return _one(r"\)$", "", text, rng)


def swap_closer(text: str, rng: Random) -> str:
    """A closing bracket is of the wrong kind."""
    return _one(r"[)\]](?=,?$)", "}", text, rng)


def lose_triple_quote(text: str, rng: Random) -> str:
    """A docstring loses its opening, and its prose stands as code."""
    return _one(r'^( *)"""(?=\S)', r"\1", text, rng)


def shrink_triple_quote(text: str, rng: Random) -> str:
    """A docstring opens with one quote and closes with three."""
    return _one(r'(?<=\S)"""$', '"', text, rng)


def shift_line(text: str, rng: Random) -> str:
    """A line in a body stands two columns to the left."""
    return _one(r"^    (?=\w)", "  ", text, rng)


def lose_quote(text: str, rng: Random) -> str:
    """A string loses its opening quote."""
    return _one(r'(?<=[(\[ ])"(?=[\w ]+"[,)\]])', "", text, rng)


def close_at_once(text: str, rng: Random) -> str:
    """An opening bracket at the end of a line is closed there, above its items."""
    return _one(r"\($", "()", text, rng)


def add_stray_quote(text: str, rng: Random) -> str:
    """A line of code ends with a quote."""
    return _one(r"(?<=[\w)])$", '"', text, rng)


OPERATORS: tuple[Operator, ...] = (
    move_quotes,
    lose_bracket,
    lose_triple_quote,
    shift_line,
    swap_closer,
    shrink_triple_quote,
    lose_quote,
    close_at_once,
    add_stray_quote,
)


def _one(pattern: str, replacement: str, text: str, rng: Random) -> str:
    """One match replaced, wherever it is; the text itself when nothing matches."""
    matches = list(re.finditer(pattern, text, re.MULTILINE))
    if not matches:
        return text
    match = rng.choice(matches)
    return text[: match.start()] + match.expand(replacement) + text[match.end() :]


def _some(pattern: str, replacement: str, text: str, rng: Random, *, share: float) -> str:
    return re.sub(pattern, lambda match: replacement if rng.random() < share else match[0], text)
