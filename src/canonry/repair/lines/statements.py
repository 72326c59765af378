"""Where the statements of a text end when they are read as they stand, and why one cannot be read."""

import re
from dataclasses import dataclass

from canonry.repair.lines.probe import Probe
from canonry.repair.lines.tokens import PAIRS

SCAN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\''
    r'|"(?!"")(?:[^"\\\n]|\\.)*"|\'(?!\'\')(?:[^\'\\\n]|\\.)*\'|#[^\n]*|\\\n|[()\[\]{}\n"\']',
    re.DOTALL,
)
_LONGEST = 20_000  # characters of a statement


@dataclass(frozen=True, slots=True)
class Extent:
    """What was read from the start of a statement on."""

    end: int  # position behind the statement, or where reading stopped
    fault: str  # "", "quote", "closer", "unclosed"
    open: tuple[tuple[str, int], ...] = ()  # brackets that are open there, with their positions


def extent(text: str, start: int) -> Extent:
    """The statement that starts at the position, by its brackets and quotes alone."""
    stack: list[tuple[str, int]] = []
    for match in SCAN.finditer(text, start, start + _LONGEST):
        token = match.group()
        if token == "\n":
            if not stack:
                return Extent(match.start(), "")
        elif token in PAIRS:
            stack.append((token, match.start()))
        elif token in ")]}":
            if not stack or PAIRS[stack[-1][0]] != token:
                return Extent(match.start(), "closer", tuple(stack))
            stack.pop()
        elif len(token) == 1 and token in "\"'":
            return Extent(match.start(), "quote", tuple(stack))
    return Extent(min(len(text), start + _LONGEST), "unclosed" if stack else "", tuple(stack))


class Statements:
    """The statements of a text, one after the other, until one cannot be read."""

    __slots__ = ("offsets", "probe", "text")

    def __init__(self, text: str, probe: Probe) -> None:
        self.text = text
        self.probe = probe
        self.offsets = [0]
        for line in text.split("\n"):
            self.offsets.append(self.offsets[-1] + len(line) + 1)

    def start(self, line: int) -> int:
        """The position of the first character of a line that is no space."""
        at = self.offsets[line]
        end = self.offsets[line + 1] - 1
        while at < end and self.text[at] in " \t\f":
            at += 1
        return at

    def after(self, line: int) -> int:
        """The line behind the statement that starts here, -1 if it cannot be read."""
        start = self.start(line)
        found = extent(self.text, start)
        if found.fault or self.probe.framed(self.text[start : found.end].rstrip()) is None:
            return -1
        return line + 1 + self.text.count("\n", start, found.end)

    def damaged(self, line: int) -> int:
        """The first line from this one on whose statement cannot be read; the number of lines if there is none."""
        count = len(self.offsets) - 1
        while line < count:
            start = self.start(line)
            if start >= len(self.text) or self.text[start] in "#\n":
                line += 1
                continue
            following = self.after(line)
            if following < 0:
                return line
            line = following
        return count
