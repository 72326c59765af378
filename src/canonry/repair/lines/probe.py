"""Whether Python reads a line: alone, as the head of a block, or as a part of a bracket."""

import ast

from canonry.repair.lines.tokens import HEADERS, PAIRS, tokenize_line

_ALONE = {
    "elif": "if _: pass\n",
    "else": "if _: pass\n",
    "except": "try: pass\n",
    "finally": "try: pass\n",
}
_OPENING = {"(": "_(", "[": "_[", "{": "{"}


class Probe:
    """Compiles pieces of text, remembers the verdicts and counts the work."""

    __slots__ = ("left", "verdicts")

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.verdicts: dict[str, bool] = {}

    def compiles(self, text: str) -> bool:
        """Whether the text is a module of its own; False once the budget is spent."""
        known = self.verdicts.get(text)
        if known is not None:
            return known
        if self.left <= 0:
            return False
        self.left -= 1 + len(text) // 4000
        verdict = compiles(text)
        self.verdicts[text] = verdict
        return verdict

    def statement(self, text: str) -> bool:
        """Whether the text is one whole statement, or the head of a block without its body."""
        return self.framed(text) is not None

    def framed(self, text: str) -> str | None:
        """The text with what it needs around it to be a module, if it is a statement or the head of a block."""
        return next((module for module in _frames(text) if self.compiles(module)), None)

    def opening(self, text: str, stack: tuple[str, ...]) -> bool:
        """Whether the text can begin a statement that leaves these brackets open."""
        closing = "".join(PAIRS[bracket] for bracket in reversed(stack))
        head = head_word(text) in HEADERS
        for fill in ("", "_", " _", "_=_", " in _", "_:_"):
            whole = text + fill + closing
            if self.statement(whole) or (head and (self.statement(whole + ":") or self.statement(whole + " in _:"))):
                return True
        return False

    def fragment(self, text: str, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
        """Whether the text can stand on a line inside the open brackets `before` and leave `after` open."""
        common = _kept(text, before)
        opening = "".join(_OPENING[bracket] for bracket in before[common:]) if common < len(before) else ""
        if common == len(before) and before:
            common -= 1
            opening = _OPENING[before[common]]
        closing = "".join(PAIRS[bracket] for bracket in reversed(after[common:]))
        for head, tail in _FRAMES:
            whole = opening + head + text + tail
            if self.compiles(whole + closing):
                return True
        return self._odd_fragment(text, opening, closing, before, after)

    def _odd_fragment(
        self, text: str, opening: str, closing: str, before: tuple[str, ...], after: tuple[str, ...]
    ) -> bool:
        if not after:
            tail = text.rstrip()
            if tail.endswith(":"):
                inner = opening + text
                plain = "def " + opening + text
                if any(self.compiles(f"{front}{inner}\n pass") for front in ("if ", "with ", "for _ in ")):
                    return True
                return opening == "_(" and self.compiles(plain + "\n pass")
            return opening.startswith("_(") and self.compiles("from _ import (_" + text)
        if before == ("(",) == after:
            if any(self.compiles(f"def _({front}{text}{back}): pass") for front, back in _PARAMETERS):
                return True
            return self.compiles("from _ import (" + text + ")")
        return False


_PARAMETERS = (("", ""), ("_", ""), ("", " _"), ("_, ", ""))
_FRAMES = (
    ("", ""),
    ("_ ", ""),
    ("", " _"),
    ("_ ", " _"),
    ("_ for _ in _ ", ""),
    ("_ if _ ", ""),
    ("", " else _"),
    ("_:", ""),
    ("_,", ""),
)


def _frames(text: str) -> tuple[str, ...]:
    words = text.split(None, 1)
    if not words:
        return ()
    first = head_word(text)
    if text.startswith("@"):
        return (text + "\ndef _(): pass",)
    if first == "case":
        return "match _:\n " + text + "\n  pass", text
    if first == "match" and text.rstrip().endswith(":"):
        return (text + "\n case _: pass",)
    if first in _ALONE:
        return _ALONE[first] + text + "\n pass", _ALONE[first] + text
    if first == "try":
        return text + "\n pass\nfinally: pass", text + "\nfinally: pass"
    if first in HEADERS:
        return text + "\n pass", text
    return (text,)


def compiles(text: str, target: tuple[int, int] | None = None) -> bool:
    """Whether Python reads the text as a module, at the target version if given; the caller silences warnings."""
    try:
        minor = target[1] if target else -1
        compile(text, "<line>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True, _feature_version=minor)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def head_word(text: str) -> str:
    """The first word of the text."""
    end = 0
    for character in text:
        if not (character.isalnum() or character == "_"):
            break
        end += 1
    return text[:end]


def _kept(text: str, before: tuple[str, ...]) -> int:
    """How many of the open brackets the text does not close."""
    depth = lowest = 0
    quote = ""
    for token in tokenize_line(text):
        if quote:
            if token.startswith(quote):
                quote = ""
        elif token[0] in "\"'":
            if len(token) == 2:
                continue
            quote = token[:3] if len(token) >= 3 else token
            if len(token) == 6:
                quote = ""
        elif token == "#":
            break
        elif token in PAIRS:
            depth += 1
        elif token in ")]}":
            depth -= 1
            lowest = min(lowest, depth)
    return max(0, len(before) + lowest)
