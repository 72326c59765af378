"""Slips: single characters that are missing or too many, found by trying all of them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from canonry.repair.lines.likely import Habitat, swallowed
from canonry.repair.lines.probe import Probe, compiles
from canonry.repair.lines.statements import SCAN, Extent, Statements, extent
from canonry.repair.lines.strings import string_cost
from canonry.repair.lines.tokens import KEYWORDS, PAIRS, PREFIXES, tokenize_line

MOST = 4  # slips of a file; more are another kind of damage
_LINES = 40  # over which an open bracket is followed
_LONG = 12  # lines of a statement from which on only the part is tried where Python stops reading
_DOCUMENT = 200  # lines over which the end of a string of many lines is sought
_EDITS = 4_000  # tried for one slip
_READ = 1_500_000  # characters of statements that are read for one slip
_PAIRS_TRIED = 8  # two quotes that may have been three
_JUDGED = 12  # readings whose whole file is parsed
_TOO_STRANGE = 4.0  # price above which a reading is not believed
_STRANGE = 2.0  # price from which on a reading is not sure
_MARGIN = 1.0  # by which the best reading must be likelier than the next, to be sure
_SLIP = 0.5  # cost of an edit
_KNOWN = 0.25  # of an opening bracket inside a word that is a function's name and another name
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


@dataclass(frozen=True, slots=True)
class Slips:
    """A text whose slips are mended."""

    text: str
    cost: float
    unsure: tuple[int, ...]  # 1-based lines whose next reading is nearly as likely


@dataclass(frozen=True, slots=True)
class _Reading:
    edit: Edit
    text: str
    price: float
    strange: float  # the part of the price that does not depend on what is usual in the file


def mend_slips(text: str, probe: Probe, target: tuple[int, int]) -> Slips | None:
    """The text with its few slips mended, None where its damage is of another kind."""
    habitat = Habitat(text)
    cost = 0.0
    unsure: list[int] = []
    for _ in range(MOST + 1):
        statements = Statements(text, probe)
        line = statements.damaged(0)
        if line == len(statements.offsets) - 1:
            return Slips(text, cost, tuple(sorted(set(unsure)))) if compiles(text, target) else None
        slip = _Slip(statements, line, habitat, target)
        best, sure = slip.best()
        if best is None or best.strange > _TOO_STRANGE:
            return None
        text = best.text
        cost += _SLIP
        if not sure:
            unsure.append(text.count("\n", 0, best.edit.at) + 1)
    return None


class _Slip:
    """The slip at one statement that cannot be read."""

    def __init__(self, statements: Statements, line: int, habitat: Habitat, target: tuple[int, int]) -> None:
        self.statements = statements
        self.text = statements.text
        self.line = line
        self.habitat = habitat
        self.target = target
        self.first = self._head()
        self.start = statements.start(self.first)
        self.found = extent(self.text, self.start if self.first == line else statements.start(line))

    def best(self) -> tuple[_Reading | None, bool]:
        """The likeliest reading, and whether no other one comes near."""
        local: list[tuple[_Reading, str]] = []
        seen: set[tuple[int, str]] = set()
        limit = min(_EDITS, _READ // (min(self.found.end, self.start + 8_000) - self.start + 80))
        for edit in self._edits():
            if (edit.at, edit.character) in seen:
                continue
            if len(seen) >= limit or self.statements.probe.left <= 0:
                break
            seen.add((edit.at, edit.character))
            text = edit.apply(self.text)
            read = self._read(text, edit)
            if read is not None:
                surprise, strange, shape = read
                strange += edit.price
                local.append((_Reading(edit, text, surprise + strange, strange), shape))
        for edit in self._triples():
            text = edit.apply(self.text)
            if Statements(text, self.statements.probe).damaged(0) > self.line:
                local.append((_Reading(edit, text, 0.0, 0.0), f"triple {edit.at}"))
        if not local:
            return None, False
        local = self._weighed(local)
        local.sort(key=lambda each: (each[0].price, each[0].edit.at, each[0].edit.character))
        readings: list[tuple[int, _Reading]] = []
        shapes: set[str] = set()
        count = len(self.statements.offsets) - 1
        for reading, shape in local:
            if shape in shapes or len(shapes) >= _JUDGED:
                continue
            shapes.add(shape)
            reached = Statements(reading.text, self.statements.probe).damaged(0 if "triple" in shape[:6] else self.first)
            if reached == count and not compiles(reading.text, self.target):
                reached = self.line
            readings.append((reached, reading))
        furthest = max(reached for reached, _ in readings)
        if furthest <= self.line:
            return None, False
        kept = [reading for reached, reading in readings if reached == furthest]
        sure = kept[0].edit.character != "" and kept[0].strange < _STRANGE
        sure = sure and (len(kept) < 2 or kept[1].price - kept[0].price >= _MARGIN)
        return kept[0], sure

    def _weighed(self, local: list[tuple[_Reading, str]]) -> list[tuple[_Reading, str]]:
        """The readings with the prices that need all of them."""
        without = {shape for reading, shape in local if not reading.edit.character}
        split = {reading.edit.at for reading, _ in local if reading.edit.price == _KNOWN}
        found = []
        for reading, shape in local:
            extra = 0.0
            if reading.edit.character in PAIRS and shape in without:
                extra += 1.0  # brackets that change nothing
            if split and reading.edit.at not in split and reading.edit.character:
                extra += 1.5  # a word that is two words of the file stays one
            found.append(
                (replace(reading, price=reading.price + extra, strange=reading.strange + extra), shape)
                if extra
                else (reading, shape)
            )
        return found

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

    def _read(self, text: str, edit: Edit) -> tuple[float, float, str] | None:
        """How surprising and how strange the statements up to the damaged line are, and their syntax trees."""
        position = self.start
        shift = len(edit.character) or -1
        last = self.statements.offsets[self.line + 1] - 1
        stop = last + shift if edit.at <= last else edit.at
        surprise = strange = 0.0
        shapes: list[str] = []
        while position < stop:
            found = extent(text, position)
            if found.fault:
                return None
            part = text[position : found.end].rstrip()
            if part and not part.startswith("#"):
                module = self.statements.probe.framed(part)
                if module is None:
                    return None
                tree = ast.parse(module)
                surprise += self.habitat.surprise(part)
                strange += _ragged(text, position, part)
                strange += self.habitat.strangeness(tree)
                shapes.append(ast.dump(tree))
            position = found.end
            while position < len(text) and text[position] in " \t\f\n":
                position += 1
        return surprise, strange + self._content(text, edit), "\n".join(shapes)

    def _content(self, text: str, edit: Edit) -> float:
        """The price of the string that an inserted quote begins or ends."""
        if edit.character not in ("'", '"'):
            return 0.0
        for match in SCAN.finditer(text, self.start):
            if match.start() > edit.at:
                break
            token = match.group()
            if token[0] not in "\"'" or match.end() <= edit.at:
                continue
            if token[:3] in ('"""', "'''"):
                return 0.0
            inner = token[1:-1]
            price = string_cost(inner, frozenset(self.habitat.called), True, False) + swallowed(inner, self.habitat)
            if not inner:
                price += 0.4
            elif inner[0] in ",)]}" and len(inner) > 1:
                price += 1.5
            if inner.split(" ", 1)[0] in KEYWORDS and inner.split(" ", 1)[0].islower():
                price += 1.0
            if not text[text.rfind("\n", 0, match.start()) + 1 : match.start()].strip() and match.start() == self.start:
                price += 2.0
            if inner != inner.strip():
                price += 0.7
            after = text[match.end() : match.end() + 1]
            before = text[match.start() - 1 : match.start()]
            if after and (after in "\"'" or after.isalnum()):
                price += 1.5
            if before in "\"'":
                price += 1.5
            return price
        return 3.0

    # -- the edits

    def _edits(self) -> Iterator[Edit]:
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
            yield Edit(at, character)
            for token in tokenize_line(self.text[begin:end]):
                if character in PAIRS and len(token) > 1 and (token[0].isalpha() or token[0] == "_"):
                    yield from self._fused(token, at, character)
                at += len(token)
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
                yield Edit(at + cut, character, _KNOWN)
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
                at = begin
                for token in tokenize_line(self.text[begin:end]):
                    if token.strip():
                        yield Edit(at, quote)
                        if token[0] in PREFIXES and token[0].isalpha() and len(token) > 1 and not self.habitat.words[token] > 1:
                            yield Edit(at + 1, quote, 0.3)
                    at += len(token)
                    if token.strip():
                        yield Edit(at, quote)

    def _triples(self) -> Iterator[Edit]:
        """A third quote beside two that stand together, the nearest first."""
        offsets = self.statements.offsets
        begin = offsets[max(0, self.first - _DOCUMENT)]
        stop = offsets[min(len(offsets) - 1, self.line + _DOCUMENT)]
        pairs = sorted(_PAIRED.finditer(self.text, begin, stop), key=lambda match: abs(match.start() - self.start))
        for match in pairs[:_PAIRS_TRIED]:
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


def _ragged(text: str, position: int, part: str) -> float:
    """The price of lines of a statement that are not indented deeper than its first one."""
    if '"""' in part or "'''" in part or "\\\n" in part:
        return 0.0
    indent = position - text.rfind("\n", 0, position) - 1
    rest = part.split("\n")[1:]
    bodies = [(len(line) - len(line.lstrip()), line.lstrip()) for line in rest]
    return 2.5 if any(body and body[0] not in ")]}#" and width <= indent for width, body in bodies) else 0.0


def _code(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The stretches of code between the positions, without strings and comments."""
    at = start
    for match in SCAN.finditer(text, start, stop):
        if match.group()[0] in "\"'#" and (len(match.group()) > 1 or match.group() == "#"):
            yield at, match.start()
            at = match.end()
    yield at, stop
