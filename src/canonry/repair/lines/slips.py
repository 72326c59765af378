"""Slips: single characters that are missing or too many, found by trying all of them."""

import ast
import re
from dataclasses import dataclass, replace

from canonry.repair.lines.edits import KNOWN, Edit, Edits
from canonry.repair.lines.likely import Habitat, moved_quotes, swallowed
from canonry.repair.lines.probe import Probe, compiles
from canonry.repair.lines.statements import SCAN, Statements, extent
from canonry.repair.lines.strings import string_cost
from canonry.repair.lines.tokens import KEYWORDS, PAIRS

MOST = 4  # slips of a file; more are another kind of damage
_EDITS = 4_000  # tried for one slip
_READ = 1_500_000  # characters of statements that are read for one slip
_JUDGED = 12  # readings whose whole file is parsed
_TOO_STRANGE = 2.5  # price above which a reading is not believed
_STRANGE = 2.0  # price from which on a reading is not sure
_MARGIN = 1.5  # by which the best reading must be likelier than the next, to be sure
_APART = 3  # lines below which two slips may be a wrong reading of one
_SPACES = re.compile(r"[ \t]{2}|[ \t]+$", re.MULTILINE)  # that may have stood inside the string
_TRIPLE = "triple "
_SLIP = 0.5  # cost of an edit


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
    shape: str  # its syntax tree


def mend_slips(text: str, probe: Probe, target: tuple[int, int]) -> Slips | None:
    """The text with its few slips mended, None where its damage is of another kind."""
    habitat = Habitat(text)
    cost = 0.0
    unsure: list[int] = []
    last = -9
    for _ in range(MOST + 1):
        statements = Statements(text, probe)
        line = statements.damaged(0)
        if line == len(statements.offsets) - 1:
            return Slips(text, cost, tuple(sorted(set(unsure)))) if compiles(text, target) else None
        slip = _Slip(statements, line, habitat, target)
        best, sure = slip.best()
        if best is None or not best.edit.character or best.strange >= _TOO_STRANGE:
            return None
        text = best.text
        cost += _SLIP
        edited = text.count("\n", 0, best.edit.at)
        if not sure or line - last < _APART:
            unsure.append(edited + 1)
        last = max(line, edited)
    return None


class _Slip:
    """The slip at one statement that cannot be read."""

    def __init__(self, statements: Statements, line: int, habitat: Habitat, target: tuple[int, int]) -> None:
        self.statements = statements
        self.text = statements.text
        self.line = line
        self.habitat = habitat
        self.target = target
        self.edits = Edits(statements, line, habitat)
        self.first = self.edits.first
        self.start = self.edits.start

    def best(self) -> tuple[_Reading | None, bool]:
        """The likeliest reading, and whether no other one comes near."""
        readings = self._weighed(self._local())
        readings.sort(key=lambda each: (each.price, each.edit.at, each.edit.character))
        reached: list[tuple[int, _Reading]] = []
        shapes: set[str] = set()
        for reading in readings:
            if reading.shape not in shapes and len(shapes) < _JUDGED:
                shapes.add(reading.shape)
                reached.append((self._reached(reading), reading))
        furthest = max((line for line, _ in reached), default=-1)
        if furthest <= self.line:
            return None, False
        kept = [reading for line, reading in reached if line == furthest]
        best = kept[0]
        alone = len(kept) < 2 or kept[1].price - best.price >= _MARGIN
        spaced = best.edit.character in ("'", '"') and _SPACES.match(self.text, best.edit.at) is not None
        return best, alone and not spaced and best.edit.character != "" and best.strange < _STRANGE

    def _local(self) -> list[_Reading]:
        """The readings of the damaged statement by itself."""
        found: list[_Reading] = []
        seen: set[tuple[int, str]] = set()
        probe = self.statements.probe
        limit = min(_EDITS, _READ // (min(self.edits.found.end, self.start + 8_000) - self.start + 80))
        for edit in self.edits.near():
            if (edit.at, edit.character) in seen:
                continue
            if len(seen) >= limit or probe.left <= 0:
                break
            seen.add((edit.at, edit.character))
            text = edit.apply(self.text)
            read = self._read(text, edit)
            if read is not None:
                surprise, strange, shape = read
                found.append(_Reading(edit, text, surprise + strange + edit.price, strange + edit.price, shape))
        for edit in self.edits.triples():
            text = edit.apply(self.text)
            if Statements(text, probe).damaged(0) > self.line:
                found.append(_Reading(edit, text, 0.0, 0.0, f"{_TRIPLE}{edit.at}"))
        return found

    def _reached(self, reading: _Reading) -> int:
        """The line of the next statement that cannot be read; the damaged one where the file as a whole is wrong."""
        start = 0 if reading.shape.startswith(_TRIPLE) else self.first
        reached = Statements(reading.text, self.statements.probe).damaged(start)
        whole = reached == len(self.statements.offsets) - 1
        return self.line if whole and not compiles(reading.text, self.target) else reached

    def _weighed(self, readings: list[_Reading]) -> list[_Reading]:
        """The readings with the prices that need all of them."""
        without = {reading.shape for reading in readings if not reading.edit.character}
        split = {reading.edit.at for reading in readings if reading.edit.price == KNOWN}
        found: list[_Reading] = []
        for reading in readings:
            extra = 0.0
            if reading.edit.character in PAIRS and reading.shape in without:
                extra += 1.0  # brackets that change nothing
            if split and reading.edit.at not in split and reading.edit.character:
                extra += 1.5  # a word that is two words of the file stays one
            found.append(replace(reading, price=reading.price + extra, strange=reading.strange + extra))
        return found

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
                if edit.character in ")]}" and edit.character and moved_quotes(part):
                    strange += _TOO_STRANGE
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


def _ragged(text: str, position: int, part: str) -> float:
    """The price of lines of a statement that are not indented deeper than its first one."""
    if '"""' in part or "'''" in part or "\\\n" in part:
        return 0.0
    indent = position - text.rfind("\n", 0, position) - 1
    rest = part.split("\n")[1:]
    bodies = [(len(line) - len(line.lstrip()), line.lstrip()) for line in rest]
    return 2.5 if any(body and body[0] not in ")]}#" and width <= indent for width, body in bodies) else 0.0
