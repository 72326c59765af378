"""Which class of damage a source shows that does not parse.

The parser's first message says little: it names the line where reading failed, not what was lost. The classes follow
the way in which mass edits break files (brackets, quotes, triple quotes, indentation, prose that lost its quotes).
"""

import re

_MARKERS = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
_MIDDLE = re.compile(rb"^={7}[ \t\r]*$", re.MULTILINE)
_TOKENS = re.compile(r"\"\"\"|'''|\\.|[\"'#\n()\[\]{}]", re.DOTALL)
_CLOSERS = {")": "(", "]": "[", "}": "{"}
_EMPTY_OPENER = re.compile(r"^[ \t]*from[ \t]+[\w.]+[ \t]+import[ \t]*\([ \t]*\)[ \t\r]*$", re.MULTILINE)
_PROSE = ("invalid decimal literal", "invalid character", "leading zeros", "invalid imaginary", "cannot assign to")


def conflict_line(source: bytes) -> int:
    """The line of the first merge conflict marker, or 0. For sources that do not parse."""
    first = _MARKERS.search(source)
    if first is None or not _MIDDLE.search(source):
        return 0
    return source.count(b"\n", 0, first.start()) + 1


def class_of_damage(source: bytes, error: SyntaxError) -> str:
    """The class of damage that explains the failure best."""
    text = source.decode("utf-8", "replace")
    message = error.msg or ""
    if isinstance(error, TabError):
        return "tabs-and-spaces"
    if _EMPTY_OPENER.search(text):
        return "opener-closed-at-once"
    if "unterminated triple-quoted" in message:
        return "triple-quote-unbalanced"
    if "unterminated string" in message or "unterminated f-string" in message or "EOL while scanning" in message:
        return "closing-quote-moved" if _quote_moved(error) else "string-quote-lost"
    if "f-string" in message:
        return "f-string"
    if isinstance(error, IndentationError):
        return "missing-body" if "expected an indented block" in message else "indentation"
    wrong, open_brackets = _brackets(text)
    if wrong or "does not match" in message:
        return "wrong-closer"
    if open_brackets or "was never closed" in message or "unmatched" in message:
        return "closing-quote-moved" if _quote_moved(error) else "bracket-unbalanced"
    if any(hint in message for hint in _PROSE):
        return "prose-as-code"
    return "statement"


def _quote_moved(error: SyntaxError) -> bool:
    """``go("x)"`` for ``go("x")``: the quote stands behind a bracket or colon that it should precede."""
    line = (error.text or "").rstrip()
    return line.endswith((')"', ")'", ']"', "]'", ':"', ":'", '}"', "}'"))


def _brackets(text: str) -> tuple[bool, int]:
    """Whether a closer meets another opener, and how many openers stay open; strings are passed over line by line."""
    stack: list[str] = []
    wrong = False
    quote = ""
    comment = False
    for match in _TOKENS.finditer(text):
        token = match.group()
        if token == "\n":
            comment = False
            quote = "" if len(quote) == 1 else quote
        elif comment or token.startswith("\\"):
            continue
        elif quote:
            quote = "" if token == quote or (len(quote) == 1 and token[0] == quote) else quote
        elif token == "#":
            comment = True
        elif token[0] in "\"'":
            quote = token
        elif token in _CLOSERS:
            if not stack:
                return wrong, -1
            wrong = wrong or stack.pop() != _CLOSERS[token]
        else:
            stack.append(token)
    return wrong, len(stack)
