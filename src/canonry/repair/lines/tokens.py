"""The small tokens of one physical line, broken or not, and what may follow what."""

import keyword
import re

PAIRS = {"(": ")", "[": "]", "{": "}"}
OPENERS = frozenset(PAIRS)
CLOSERS = frozenset(PAIRS.values())
QUOTES = frozenset("\"'")
PREFIXES = frozenset(
    {"f", "r", "b", "u", "rb", "br", "fr", "rf", "F", "R", "B", "U", "Rb", "rB", "RB", "bR", "Br", "BR"}
    | {"fR", "Fr", "FR", "rF", "Rf", "RF"}
)
KEYWORDS = frozenset(keyword.kwlist)
CONSTANTS = frozenset({"None", "True", "False"})
AFTER_OPERAND = frozenset({"and", "or", "in", "is", "not", "if", "else", "for", "as", "async", "from", "import"})
BEFORE_OPERAND = frozenset({"not", "lambda", "await", "yield"})
HEADERS = frozenset({"if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "async"})
CLAUSES = frozenset({"elif", "else", "except", "finally"})
OPERANDS = frozenset("ncsd")  # name, closer, string, number: an operand ends here

_TOKEN = re.compile(
    r"[ \t\f]+|[^\W\d]\w*|\d[\w.]*|\"+|'+|\\.|[()\[\]{}]|\.\.\.|->|:=|\*\*=?|//=?|<<=?|>>=?|[=!<>+\-*/%&|^@]=|.",
    re.DOTALL,
)
_NUMBER = re.compile(
    r"(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][+-]?\d+)?[jJ]?|\d[\d_]*\.?[eE])\Z"
)
_LEADING_ZERO = re.compile(r"0[\d_]*[1-9][\d_]*\Z")


def tokenize_line(line: str) -> list[str]:
    """The tokens of the line; joined they are the line again."""
    return _TOKEN.findall(line)


def is_word(token: str) -> bool:
    """Whether the token is a name or keyword."""
    first = token[0]
    return first == "_" or first.isalpha()


def is_number(token: str) -> bool:
    """Whether a token that starts with a digit is a number as Python writes it."""
    return _NUMBER.match(token) is not None and _LEADING_ZERO.match(token) is None
