"""Rebuilds the blocks of a file whose lines are mended: indentation, missing bodies, orphan clauses, lost handlers."""

import re
from collections import Counter
from dataclasses import dataclass

from canonry.repair.lines.probe import Probe, head_word
from canonry.repair.lines.tokens import CLAUSES, tokenize_line

_WINDOW_BACK = 24
_WINDOW_AHEAD = 10
_BEAM = 14
_AFTER = {
    "elif": frozenset({"if", "elif"}),
    "else": frozenset({"if", "elif", "for", "while", "except"}),
    "except": frozenset({"try", "except"}),
    "finally": frozenset({"try", "except", "else"}),
    "case": frozenset({"match"}),
}
_JUMPS = frozenset({"return", "raise", "continue", "break"})
_METHOD = re.compile(r"(?:async[ \t]+)?def[ \t]+\w+[ \t]*\([ \t]*(?:self|cls|mcs)\b")
_TEST = re.compile(r"(?:async[ \t]+)?def[ \t]+test")
_COMMENTED = re.compile(r"#[ \t]*(?:[A-Z][A-Z_ -]*:[ \t]*)?(.*)")


@dataclass(slots=True)
class Logical:
    """One logical line: its lines without the indentation of the first."""

    lines: list[str]
    width: int  # of the indentation, in columns
    kind: str  # "code", "blank", "comment", "marked"
    head: str = ""
    opens: bool = False  # the head of a block without its body on the same line
    source: int = 0
    inner: tuple[bool, ...] = ()  # whether the line starts inside a string, so that its indentation is text
    decorates: bool = False
    commented: str = ""  # for a comment: the statement it holds


@dataclass(frozen=True, slots=True)
class Suite:
    """An open block."""

    indent: int
    header: int
    head: str


@dataclass(slots=True)
class Place:
    """A state of the pass over logical lines."""

    cost: float
    suites: tuple[Suite, ...]
    expects: Suite | None = None  # its indent is not yet known
    delta: int = 0
    decorator: int | None = None
    jumped: int = -1  # indentation of a return, raise, continue or break that came last
    comment: int = -1  # index of a comment that may be the lost body
    back: "Place | None" = None
    index: int = -1
    indent: int = 0
    before: tuple[tuple[int, str], ...] = ()  # lines put before
    revive: int = -1
    note: str = ""

    def key(self) -> tuple[object, ...]:
        """States of one key differ in nothing that matters later."""
        return (self.suites, self.expects, self.delta, self.decorator)


class Blocks:
    """The pass over the logical lines of one file."""

    def __init__(self, lines: list[Logical], probe: Probe) -> None:
        self.lines = lines
        self.probe = probe
        self.unit = self._unit()
        self.code = [index for index, line in enumerate(lines) if line.kind == "code"]
        self.comments = self._comments()

    def _unit(self) -> int:
        steps: Counter[int] = Counter()
        opened: int | None = None
        for line in self.lines:
            if line.kind != "code":
                continue
            if opened is not None and line.width > opened:
                steps[line.width - opened] += 1
            opened = line.width if line.opens else None
        return steps.most_common(1)[0][0] if steps else 4

    def _comments(self) -> dict[int, int]:
        """For a code line, the first comment between it and the next that is deeper and holds a statement."""
        found: dict[int, int] = {}
        previous = -1
        for index, line in enumerate(self.lines):
            if line.kind == "code":
                previous = index if line.opens else -1
            elif line.kind != "comment" or previous < 0 or previous in found:
                continue
            elif line.width > self.lines[previous].width:
                match = _COMMENTED.match(line.lines[0])
                text = match.group(1).strip() if match else ""
                if text and not text.startswith("#") and self._statement(text):
                    line.commented = text
                    found[previous] = index
        return found

    def _statement(self, text: str) -> bool:
        if not re.search(
            r"[=(\[.]|^(?:pass|return|raise|break|continue|yield|await|import|from|assert|del)\b|^[\"']", text
        ):
            return False
        return self.probe.compiles(text)

    def place(self) -> Place:
        """The cheapest placement of all lines: the last state, whose `back` leads to the first."""
        start = Place(0.0, (Suite(0, -1, "module"),))
        trail = [start]
        position = 0
        solved = 0
        while position < len(self.code):
            state = self.plain(trail[-1], self.code[position])
            if state is not None:
                trail.append(state)
                position += 1
                continue
            first = max(solved, position - _WINDOW_BACK)
            last = min(len(self.code), position + _WINDOW_AHEAD)
            del trail[first + 1 :]
            best = self.beam(trail[-1], first, last, position)
            chain: list[Place] = []
            walk: Place | None = best
            while walk is not None and walk is not trail[-1]:
                chain.append(walk)
                walk = walk.back
            trail.extend(reversed(chain))
            solved = position + 1
            del trail[solved + 1 :]
            position = solved
        return self.finish(trail[-1])

    def beam(self, state: Place, first: int, last: int, culprit: int) -> Place:
        """The best state after a window of lines."""
        states = [state]
        for number in range(first, last):
            reached: dict[tuple[object, ...], Place] = {}
            for current in states:
                for following in (*self.options(current, self.code[number]), self.given_up(current, self.code[number])):
                    key = following.key()
                    kept = reached.get(key)
                    if kept is None or following.cost < kept.cost:
                        reached[key] = following
            if number == len(self.code) - 1:
                for place in reached.values():
                    place.cost += 1.5 * sum(suite.head == "try" for suite in place.suites)
            states = sorted(reached.values(), key=lambda place: place.cost)[:_BEAM]
        return states[0]

    def given_up(self, state: Place, index: int) -> Place:
        """The state after the line was kept as a marked comment."""
        return Place(
            state.cost + 6.0,
            state.suites,
            state.expects,
            state.delta,
            state.decorator,
            state.jumped,
            back=state,
            index=index,
            indent=self.lines[index].width,
            note="marked",
        )

    def plain(self, state: Place, index: int) -> Place | None:
        """The line placed where it stands, if that is right."""
        line = self.lines[index]
        if state.expects is not None:
            if line.width <= state.expects.header or line.head in CLAUSES:
                return None
        elif all(suite.indent != line.width for suite in state.suites):
            return None
        if state.decorator is not None and (
            line.width != state.decorator or not (line.decorates or line.head in ("def", "class", "async"))
        ):
            return None
        return self.put(state, index, line.width, 0.0, (), strict=True)

    def options(self, state: Place, index: int) -> list[Place]:
        """All reasonable placements of a line."""
        line = self.lines[index]
        found: list[Place] = []
        widths: dict[int, float] = {}
        if state.decorator is not None and not (line.decorates or line.head in ("def", "class", "async")):
            state = Place(
                state.cost + 2.5,
                state.suites,
                state.expects,
                state.delta,
                None,
                state.jumped,
                back=state.back,
                index=state.index,
                indent=state.indent,
                before=state.before,
                note="undecorate",
                revive=state.revive,
            )
        if state.expects is not None:
            header = state.expects.header
            for width in (line.width, line.width + state.delta, header + self.unit):
                if width > header:
                    widths[width] = min(widths.get(width, 9.0), self.move(line, state, width))
            if line.head not in CLAUSES:
                nested = (
                    line.width <= header
                    and state.expects.head == "def"
                    and (line.decorates or line.head in ("def", "class"))
                )
                for width, price in widths.items():
                    price += 1.2 if nested else 0.0
                    place = self.put(state, index, width, price, (), strict=False)
                    if place is not None:
                        found.append(place)
            filled, price = self.filled(state)
            if line.width > header and line.head not in CLAUSES:
                price += 2.0
            for place in self.options(filled, index):
                place.cost += price
                found.append(place)
            return found
        for suite in state.suites:
            place = self.put(state, index, suite.indent, self.move(line, state, suite.indent), (), strict=False)
            if place is not None:
                found.append(place)
        if line.head in CLAUSES:
            opener = {"except": "try:", "finally": "try:", "else": "if False:", "elif": "if False:"}[line.head]
            for suite in state.suites:
                place = self.put(
                    state,
                    index,
                    suite.indent,
                    self.move(line, state, suite.indent) + 2.5,
                    ((suite.indent, opener), (suite.indent + self.unit, "pass")),
                    strict=False,
                )
                if place is not None:
                    found.append(place)
        return found

    def filled(self, state: Place) -> tuple[Place, float]:
        """The state after a body was made for the block that has none."""
        assert state.expects is not None
        suite = Suite(state.expects.header + self.unit, state.expects.header, state.expects.head)
        revive = self.comments.get(state.index, -1)
        place = Place(
            state.cost,
            (*state.suites, suite),
            None,
            state.delta,
            None,
            -1,
            back=state.back,
            index=state.index,
            indent=state.indent,
            before=state.before,
            revive=revive if revive >= 0 else -2,
            note=state.note,
        )
        return place, 0.6 if revive >= 0 else 1.3

    def move(self, line: Logical, state: Place, width: int) -> float:
        """The cost of another indentation."""
        if width == line.width:
            return 0.0 if not state.delta else 0.05
        if state.delta and width == line.width + state.delta:
            return 0.15
        return 1.0 + 0.02 * abs(width - line.width)

    def put(
        self, state: Place, index: int, width: int, price: float, before: tuple[tuple[int, str], ...], *, strict: bool
    ) -> Place | None:
        """The state after the line is placed at an indentation, or None where it cannot stand there."""
        line = self.lines[index]
        decorated = line.decorates or line.head in ("def", "class", "async")
        if state.decorator is not None and decorated and width != state.decorator:
            return None
        suites = state.suites
        popped: list[Suite] = []
        if state.expects is not None:
            suites = (*suites, Suite(width, state.expects.header, state.expects.head))
        while suites[-1].indent > width:
            popped.append(suites[-1])
            suites = suites[:-1]
        if suites[-1].indent != width:
            return None
        context = popped[-1].head if popped and popped[-1].header == width else ""
        head = line.head
        extra: list[tuple[int, str]] = []
        for suite in popped:
            handled = suite.header == width and suite is popped[-1] and head in ("except", "finally")
            if suite.head == "try" and not handled:
                if strict:
                    return None
                extra += [(suite.header, "finally:"), (suite.header + self.unit, "pass")]
                price += 1.5
        label = head
        if head in _AFTER:
            if head == "case":
                if suites[-1].head != "match":
                    return None
            elif before:
                pass
            elif context not in _AFTER[head]:
                return None
            if head == "else" and context in ("if", "elif", "for", "while"):
                label = "else-if"
        cost = state.cost + price
        if not strict or head in ("def", "async"):
            cost += self.oddity(line, suites, state, width) if not strict else 0.0
        place = Place(
            cost,
            suites,
            None,
            width - line.width,
            None,
            width if head in _JUMPS else -1,
            back=state,
            index=index,
            indent=width,
            before=(*extra, *before),
        )
        if line.decorates:
            place.decorator = width
        if line.opens:
            place.expects = Suite(-1, width, label)
        return place

    def oddity(self, line: Logical, suites: tuple[Suite, ...], state: Place, width: int) -> float:
        """How strange it is to find such a line in such a block."""
        cost = 0.0
        heads = [suite.head for suite in suites]
        text = line.lines[0]
        inside = any(head == "def" for head in heads)
        if state.jumped == width and state.expects is None and line.head not in _AFTER:
            cost += 0.5
        if line.head in ("def", "async"):
            if _METHOD.match(text):
                if heads[-1] != "class":
                    cost += 1.2
            elif _TEST.match(text) and inside:
                cost += 1.0
        elif line.head == "class" and inside:
            cost += 0.4
        elif line.head in ("return", "await", "yield") and not inside:
            cost += 2.0
        elif not inside and "self." in text:
            cost += 1.0
        if heads[-1] == "class" and line.head in ("if", "for", "while", "try", "with", "assert", "raise"):
            cost += 0.5
        return cost

    def finish(self, state: Place) -> Place:
        """The last state with what the end of the file still lacks."""
        tail: list[tuple[int, str]] = []
        final = Place(state.cost, state.suites, None, 0, None, back=state, index=-1)
        if state.decorator is not None:
            state.note = "undecorate"
        suites = state.suites
        if state.expects is not None:
            filled, _ = self.filled(state)
            state.revive = filled.revive
            suites = filled.suites
        for suite in reversed(suites):
            if suite.head == "try":
                tail += [(suite.header, "finally:"), (suite.header + self.unit, "pass")]
        final.before = tuple(tail)
        return final


def opens_block(lines: list[str], head: str) -> bool:
    """Whether the logical line is the head of a block whose body is not on the same line."""
    number = len(lines) - 1
    while number > 0 and (not lines[number].strip() or lines[number].lstrip().startswith("#")):
        number -= 1
    last = lines[number]
    code = strip_comment(last) if number == 0 else _strip_tail(last)
    return code.rstrip().endswith(":") and head not in ("lambda",)


def strip_comment(text: str) -> str:
    """The text of a line without its comment."""
    quote = ""
    kept: list[str] = []
    for token in tokenize_line(text):
        if quote:
            if token.startswith(quote):
                quote = ""
        elif token[0] in "\"'":
            quote = "" if len(token) in (2, 6) else token[:3] if len(token) >= 3 else token
        elif token[0] == "#":
            break
        kept.append(token)
    return "".join(kept)


def _strip_tail(text: str) -> str:
    for quote in ('"""', "'''"):
        if quote in text:
            text = text[text.rindex(quote) + 3 :]
    return strip_comment(text)


def logical_head(text: str) -> str:
    """The word that says which kind of line it is."""
    head = head_word(text)
    if head == "async":
        rest = head_word(text[5:].lstrip())
        return {"def": "def", "for": "for", "with": "with"}.get(rest, "async")
    return head
