"""Where a statement ends when it is read as it stands, and whether it looks healthy."""

import re
from collections.abc import Collection

from canonry.repair.lines.probe import Probe, head_word
from canonry.repair.lines.prose import code_likeness, entry_like, prose_likeness
from canonry.repair.lines.strings import string_cost
from canonry.repair.lines.tokens import HEADERS, KEYWORDS, PAIRS

_SCAN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^\'\\]|\\.|\'(?!\'\'))*\'\'\''
    r'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|#[^\n]*|\\\n|[()\[\]{}\n"\']',
    re.DOTALL,
)
_NAME = re.compile(r"(?<![\w.])([^\W\d]\w*)(?!\w|[ \t]*=(?!=)|[\"'])")
_LISTED = re.compile(r"[\[(,]\s*[^\W\d]\w*\s*[,\])]")
_NAMED = re.compile(r"\b(?:[gs]etattr|hasattr|delattr)\([\w.]+, *\w+ *[,)]|\b(?:TypeVar|NewType|namedtuple)\(\w+ *[,)]")
_LONGEST = 300  # lines of a statement that is read at once


class Literal:
    """The statements of a text that are healthy as they stand."""

    __slots__ = ("ends", "lines", "offsets", "probe", "text")

    def __init__(self, lines: list[str], probe: Probe) -> None:
        self.lines = lines
        self.text = "\n".join(lines) + "\n"
        self.probe = probe
        self.offsets = [0]
        for line in lines:
            self.offsets.append(self.offsets[-1] + len(line) + 1)
        self.ends: dict[tuple[int, bool], tuple[int, str]] = {}

    def end(self, index: int, *, docstring: bool, known: Collection[str] | None) -> int:
        """The line after the healthy statement that starts here, or 0; `known` where strange names are refused."""
        key = (index, docstring)
        found = self.ends.get(key)
        if found is None:
            found = self._end(index, docstring)
            self.ends[key] = found
        end, code = found
        if end and known is not None and _strange(code, known):
            return 0
        return end

    def _end(self, index: int, docstring: bool) -> tuple[int, str]:
        body = self.lines[index].lstrip(" \t\f")
        if body[:1] in "\"'" and not (docstring and body.startswith(('"""', "'''"))):
            return 0, ""
        start = self.offsets[index] + len(self.lines[index]) - len(body)
        stack: list[str] = []
        code: list[str] = []
        position = start
        for match in _SCAN.finditer(self.text, start):
            token = match.group()
            code.append(self.text[position : match.start()])
            position = match.end()
            if token == "\n":
                if not stack:
                    break
                code.append(token)
            elif token in PAIRS:
                stack.append(token)
                code.append(token)
            elif token in ")]}":
                if not stack or PAIRS[stack.pop()] != token:
                    return 0, ""
                code.append(token)
            elif token[0] in "\"'":
                if len(token) == 1 or not self._string(
                    token, body, docstring, glued=not code[-1].strip() and len(code) > 1 and code[-2] == '""'
                ):
                    return 0, ""
                code.append('""')
            if position - start > 60_000:
                return 0, ""
        else:
            return 0, ""
        end = index + self.text.count("\n", start, position)
        if end - index > _LONGEST or not self.probe.statement(self.text[start : position - 1].rstrip()):
            return 0, ""
        first = "".join(code)
        if first.rstrip().endswith(","):
            return 0, ""
        if not first.rstrip().endswith(":") and self._deeper(index, end, body):
            return 0, ""
        if end - index > 1:
            own = len(self.lines[index]) - len(body)
            for line in self.lines[index + 1 : end]:
                inner = line.lstrip()
                if inner and len(line) - len(inner) <= own and code_likeness(inner) >= 1.0:
                    return 0, ""
        return end, first

    def _string(self, token: str, body: str, docstring: bool, *, glued: bool) -> bool:
        if token[:3] in ('"""', "'''") and len(token) >= 6:
            if token[3:4] == token[0]:
                return False
            lines = token[3:-3].split("\n")
            own = body.startswith(token[:3])
            if own and len(lines) > 1:
                return not any(code_likeness(line.strip()) >= 1.0 for line in lines)
            if own:
                return prose_likeness(lines[0]) > 0.2
            return True
        return not (glued and not token[1:-1]) and string_cost(token[1:-1], (), False, False) == 0.0

    def _deeper(self, index: int, end: int, body: str) -> bool:
        own = len(self.lines[index]) - len(body)
        for line in self.lines[end : end + 20]:
            inner = line.lstrip()
            if inner and inner[0] != "#":
                if entry_like(inner):
                    return True
                return len(line) - len(inner) > own and head_word(body) not in HEADERS
        return False


def _strange(code: str, known: Collection[str]) -> bool:
    """Whether the code holds a name that nothing binds."""
    head = head_word(code)
    if head in ("__all__", "__slots__") and _LISTED.search(code):
        return True
    if head in ("import", "from", "def", "class", "async", "global", "nonlocal"):
        return False
    if _NAMED.search(code):
        return True
    return any(name not in known and name not in KEYWORDS for name in _NAME.findall(code))
