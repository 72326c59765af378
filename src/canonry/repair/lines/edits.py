"""The single characters that may be missing at a damaged statement, or too many."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from canonry.repair.lines.likely import Habitat
from canonry.repair.lines.statements import SCAN, Extent, Statements, extent
from canonry.repair.lines.tokens import KEYWORDS, PAIRS, PREFIXES, tokenize_line

_LINES = 40  # over which an open bracket is followed
_LONG = 12  # lines of a statement from which on only the part is tried where Python stops reading
_DOCUMENT = 200  # lines over which the end of a string of many lines is sought
_NEAREST = 8  # two quotes that may have been three
KNOWN = 0.25  # of an opening bracket inside a word that is a function's name and another name
_SURPLUS = 1.6  # what a character too many costs more than a missing one
_PAIRED = re.compile(r"(?<![\"'\\])(?:\"\"(?!\")|''(?!'))")


@dataclass(frozen=True, slots=True)
class Edit:
    """One character put in at a position, or taken away there."""

    at: int
    character: str  # "" where one is taken away
    price: float = 0.0

    def apply(self, text: str) -> str:
        """The text with the edit made."""
        return text[: self.at] + self.character + text[self.at + (not self.character) :]


class Edits:
    """The edits that may mend the statement at one line."""

    def __init__(self, statements: Statements, line: int, habitat: Habitat) -> None:
        self.statements = statements
        self.text = statements.text
        self.line = line
        self.habitat = habitat
        self.first = self._head()
        self.start = statements.start(self.first)
        self.found = extent(self.text, self.start if self.first == line else statements.start(line))

    def near(self) -> Iterator[Edit]:
        """The edits of the statement itself, by the fault that stops its reading."""
        text, found = self.text, self.found
        yield from self._quotes()
        if found.fault == "closer":
            closer = text[found.end]
            opener = next(each for each in PAIRS if PAIRS[each] == closer)
            floor = found.open[-1][1] + 1 if found.open else self.start
            yield from self._put(opener, floor, found.end)
            if found.open:
                yield from self._put(PAIRS[found.open[-1][0]], floor, found.end)
                yield Edit(found.open[-1][1], "", _SURPLUS)
            yield Edit(found.end, "", _SURPLUS)
        elif found.fault == "unclosed":
            stop = self._stop(found)
            for bracket, at in reversed(found.open):
                if at < stop:
                    yield from self._put(PAIRS[bracket], at + 1, stop)
                    yield Edit(at, "", _SURPLUS)
        elif found.fault == "":
            begin, end = self._wrong(found)
            for character in ",:":
                for edit in self._put(character, begin, end):
                    follows = text[edit.at : edit.at + 1]
                    if follows == "=" or (text[edit.at - 1] in " \t" and follows != "="):
                        continue
                    yield edit if follows in " \t\n)]}" or character == ":" else replace(edit, price=1.5)
            for character in PAIRS:
                yield from (edit for edit in self._put(character, begin, end) if text[edit.at : end].strip() == "")
            yield from self._fields(found)

    def _wrong(self, found: Extent) -> tuple[int, int]:
        """The part of a long statement where Python stops reading it."""
        part = self.text[self.start : found.end]
        if part.count("\n") < _LONG:
            return self.start, found.end
        try:
            compile(part, "<line>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            row = self.line + (getattr(error, "lineno", None) or 1) - 1
        else:
            row = self.line
        offsets = self.statements.offsets
        return (
            max(self.start, offsets[max(0, row - 3)]),
            min(found.end, offsets[min(len(offsets) - 1, row + 3)]),
        )

    def _stop(self, found: Extent) -> int:
        """The position up to which the end of an open bracket is sought."""
        statements = self.statements
        indent = statements.start(self.line) - statements.offsets[self.line]
        last = min(len(statements.offsets) - 2, self.line + _LINES)
        for line in range(self.line + 1, last + 1):
            at = statements.start(line)
            if at >= statements.offsets[line + 1] - 1 or at - statements.offsets[line] > indent:
                continue
            if self.text[at] not in ")]}#":
                last = line - 1
                break
        return min(statements.offsets[last + 1] - 1, found.end)

    def _put(self, character: str, start: int, stop: int) -> Iterator[Edit]:
        """The character at every place between the positions that is no part of a string, a comment or a word."""
        for begin, end in _code(self.text, start, stop):
            at = begin
            yield from self._behind(character, at)
            for token in tokenize_line(self.text[begin:end]):
                if character in PAIRS and len(token) > 1 and (token[0].isalpha() or token[0] == "_"):
                    yield from self._fused(token, at, character)
                at += len(token)
                yield from self._behind(character, at)

    def _behind(self, character: str, at: int) -> Iterator[Edit]:
        """The character here, unless it would follow a space that no one puts before it."""
        if character in PAIRS or self.text[max(0, at - 1) : at] not in (" ", "\t", "\n"):
            yield Edit(at, character)

    def _fused(self, token: str, at: int, character: str) -> Iterator[Edit]:
        """The bracket inside a word that is two words of the file."""
        words = self.habitat.words
        if words[token] > 1 or token in KEYWORDS:
            return
        before = self.text[max(0, at - 8) : at].split()[-1:]
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            first, second = words[left] > 0 or left in self.habitat.called, words[right] > 0 or right in KEYWORDS
            if first and second and left in self.habitat.called and len(left) > 1:
                yield Edit(at + cut, character, KNOWN)
            elif before in (["def"], ["class"]):
                if second and len(left) > 1:
                    yield Edit(at + cut, character, 0.5 + 0.01 * cut)
            elif first and second:
                yield Edit(at + cut, character, 0.6)
            elif second and len(left) > 2 and left[-1] != "_":
                yield Edit(at + cut, character, 0.8)
            elif first and len(right) > 2 and right[0] != "_":
                yield Edit(at + cut, character, 1.2)

    def _quotes(self) -> Iterator[Edit]:
        """A quote at every place of the lines whose quotes are not even."""
        statements = self.statements
        last = max(self.line, self.text.count("\n", 0, self.found.end))
        if self.found.fault == "unclosed":
            last = min(last, self.line + _LINES)
        for line in range(max(self.first, last - _LINES), last + 1):
            begin, end = statements.offsets[line], statements.offsets[line + 1] - 1
            marks = [match for match in SCAN.finditer(self.text, begin, end) if match.group()[0] in "\"'#"]
            single = [match.group() for match in marks if len(match.group()) == 1]
            hidden = marks and marks[-1].group()[0] == "#" and any(mark in marks[-1].group() for mark in "\"'")
            if not single and not hidden:
                continue
            for quote in "\"'":
                if quote not in self.text[begin:end]:
                    continue
                yield from self._quote(quote, begin, end)

    def _quote(self, quote: str, begin: int, end: int) -> Iterator[Edit]:
        at = begin
        for token in tokenize_line(self.text[begin:end]):
            if token.strip():
                yield Edit(at, quote)
                new = self.habitat.words[token] < 2 and token not in KEYWORDS
                if token[0] in PREFIXES and len(token) > 1 and new:
                    yield Edit(at + 1, quote, 0.3)
            elif at == begin and len(token) % 4 == 1:
                yield Edit(at + len(token) - 1, quote)  # the text starts with a space
            at += len(token)
            if token.strip():
                yield Edit(at, quote)

    def triples(self) -> Iterator[Edit]:
        """A third quote beside two that stand together, the nearest first."""
        offsets = self.statements.offsets
        begin = offsets[max(0, self.first - _DOCUMENT)]
        stop = offsets[min(len(offsets) - 1, self.line + _DOCUMENT)]
        pairs = sorted(_PAIRED.finditer(self.text, begin, stop), key=lambda match: abs(match.start() - self.start))
        for match in pairs[:_NEAREST]:
            begin = self.text.rfind("\n", 0, match.start()) + 1
            end = self.text.find("\n", match.end())
            if self.text.count(match.group()[0], begin, end if end >= 0 else len(self.text)) in (2, 5):
                yield Edit(match.start(), match.group()[0])

    def _fields(self, found: Extent) -> Iterator[Edit]:
        """Brackets and quotes inside the f-strings of a statement."""
        for match in SCAN.finditer(self.text, self.start, found.end):
            token = match.group()
            if token[0] not in "\"'" or self.text[match.start() - 1 : match.start()] not in ("f", "F", "r", "R"):
                continue
            for character in "{}()[]\"':":
                if character == token[0]:
                    continue
                at = match.start() + 1
                for piece in (*tokenize_line(token[1:-1]), ""):
                    if character not in (self.text[at], self.text[at - 1]) or character not in "{}":
                        yield Edit(at, character, 0.3)
                    at += len(piece)

    def _head(self) -> int:
        """The line where the statement starts whose end is damaged."""
        statements = self.statements
        found = extent(self.text, statements.start(self.line))
        if found.fault != "closer" or found.open:
            return self.line
        start = statements.start(self.line)
        limit = start - statements.offsets[self.line] + (self.text[start] in ")]}")
        for line in range(self.line - 1, max(-1, self.line - _LINES), -1):
            at = statements.start(line)
            if at < statements.offsets[line + 1] - 1 and self.text[at] != "#" and at - statements.offsets[line] < limit:
                return line
        return self.line


def _code(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The stretches of code between the positions, without strings and comments."""
    at = start
    for match in SCAN.finditer(text, start, stop):
        if match.group()[0] in "\"'#" and (len(match.group()) > 1 or match.group() == "#"):
            yield at, match.start()
            at = match.end()
    yield at, stop
