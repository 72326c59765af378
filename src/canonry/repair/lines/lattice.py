"""The cheapest reading of a whole file: a Viterbi pass over its physical lines.

A state says what is open at the start of a line: brackets, a triple-quoted string, a statement. Every line is read
alone in each state; what survives is one path of least cost.
"""

import re
from dataclasses import dataclass, field

from canonry.repair.lines.blocks import opens_block
from canonry.repair.lines.literal import Literal
from canonry.repair.lines.probe import head_word
from canonry.repair.lines.prose import code_likeness, entry_like, prose_likeness
from canonry.repair.lines.search import Reading, Search
from canonry.repair.lines.tokens import OPERANDS, PAIRS

_KEYWORD = re.compile(r"[^\W\d]\w*=[^=\s]")
MARK = "# canonry: unrepaired: "
_BEAM = 6
_MARGIN = 4.5
_SURE = 1.5  # states that cost this much more than a healthy statement are given up


@dataclass(slots=True)
class Unit:
    """One physical line of the result."""

    text: str  # without indentation where `starts`, else whole
    indent: str
    starts: bool  # a logical line begins here
    kind: str  # "code", "doc", "comment", "blank", "marked", "dropped"
    source: int  # index of the line it comes from
    cost: float = 0.0


@dataclass(slots=True)
class State:
    """What is open before a line, and the path to it."""

    cost: float
    stack: tuple[str, ...] = ()
    last: str = "S"
    delimiter: str = ""
    start: int = -1  # line where the open statement starts
    head: str = ""  # its first word
    indent: int = 0
    tail: str = ""  # kind of the last token behind which the open string stands
    after_head: bool = True  # a docstring may stand here
    text: str = ""  # of the open statement
    back: "State | None" = None
    units: tuple[Unit, ...] = field(default=())
    weight: float = 0.7  # cost of a line that reads as code inside the open string

    def key(self) -> tuple[object, ...]:
        """States of one key differ in nothing that matters later."""
        return (
            self.stack,
            self.last if self.stack else "S",
            self.delimiter,
            self.start if self.stack else -1,
            self.after_head,
        )


class Lattice:
    """Reads the lines of one file."""

    def __init__(self, lines: list[str], search: Search, alternates: dict[int, str], literal: Literal) -> None:
        self.literal = literal
        self.lines = lines
        self.search = search
        self.alternates = alternates
        self.bodies = [line.lstrip(" \t\f") for line in lines]
        self.indents = [
            len(line.expandtabs(8)) - len(body.expandtabs(8)) if body else -1
            for line, body in zip(lines, self.bodies, strict=True)
        ]
        self.deeper = self._deeper()

    def _deeper(self) -> list[bool]:
        """For every line, whether the next line with text is indented deeper, or reads as an entry of a bracket."""
        found = [False] * len(self.lines)
        following = at = -1
        for index in range(len(self.lines) - 1, -1, -1):
            if self.bodies[index]:
                found[index] = following > self.indents[index] or (at >= 0 and entry_like(self.bodies[at]))
                at = index
                following = self.indents[index]
        return found

    def read(self) -> list[Unit]:
        """The units of the cheapest reading, in the order of the lines."""
        states = [State(0.0)]
        index = -1
        while index + 1 < len(self.lines):
            index += 1
            end = self.healthy(states, index)
            if end:
                states = [self.pass_over(states[0], index, end)]
                index = end - 1
                continue
            reached: dict[tuple[object, ...], State] = {}
            for state in states:
                for following in self.step(state, index):
                    key = following.key()
                    kept = reached.get(key)
                    if kept is None or following.cost < kept.cost:
                        reached[key] = following
            if not reached:
                reached[()] = self.follow(
                    states[0], index, (self.unit(index, MARK + self.bodies[index], False, "marked"),), cost=6.0
                )
            ranked = sorted(reached.values(), key=lambda state: state.cost)
            limit = ranked[0].cost + _MARGIN
            states = [state for state in ranked[:_BEAM] if state.cost <= limit]
        best = min(states, key=lambda state: state.cost + self.unfinished(state))
        units: list[Unit] = []
        closing = self.close_at_end(best)
        walk: State | None = best
        while walk is not None:
            units.extend(reversed(walk.units))
            walk = walk.back
        units.reverse()
        if closing and units:
            last = next(
                (unit for unit in reversed(units) if unit.kind not in ("blank", "comment", "marked")), units[-1]
            )
            last.text = _with_closing(last.text, closing)
        return units

    def healthy(self, states: list[State], index: int) -> int:
        """The line after the healthy statement that starts here, where no other reading competes; else 0."""
        best = states[0]
        if best.stack or best.delimiter or best.last != "S" or not self.bodies[index] or self.bodies[index][0] == "#":
            return 0
        if len(states) > 1 and states[1].cost < best.cost + _SURE:
            return 0
        if index in self.alternates:
            return 0
        habits = self.search.habits
        end = self.literal.end(index, docstring=best.after_head, known=habits.known if habits.unknown > 0.5 else None)
        if end > index + 1 and any(number in self.alternates for number in range(index, end)):
            return 0
        return end

    def pass_over(self, state: State, index: int, end: int) -> State:
        """The state after a healthy statement."""
        units = [
            Unit(
                self.bodies[index],
                self.lines[index][: len(self.lines[index]) - len(self.bodies[index])],
                True,
                "code",
                index,
            )
        ]
        units += [Unit(self.lines[number], "", False, "doc", number) for number in range(index + 1, end)]
        head = head_word(self.bodies[index])
        last = ":" if opens_block([self.bodies[index], *self.lines[index + 1 : end]], head) else "n"
        return State(state.cost, back=state, units=tuple(units), after_head=_heads(head, last))

    def unfinished(self, state: State) -> float:
        """The cost of what is still open at the end of the file."""
        return (1.0 if state.delimiter else 0.0) + 0.9 * len(state.stack)

    def close_at_end(self, state: State) -> str:
        """What closes everything that is still open at the end of the file."""
        return state.delimiter + "".join(PAIRS[bracket] for bracket in reversed(state.stack))

    def step(self, state: State, index: int) -> list[State]:
        """All states after the line."""
        body = self.bodies[index]
        if state.delimiter:
            return self.in_string(state, index)
        if not body:
            if state.last == "\\":
                return [self.follow(state, index, (), cost=0.3)]
            return [self.follow(state, index, (Unit("", "", not state.stack, "blank", index),))]
        if body[0] == "#" and not (state.last == "\\" and not state.stack):
            return [self.follow(state, index, (self.unit(index, body, not state.stack, "comment"),))]
        if body[0] == "#":
            return [self.follow(state, index, (self.unit(index, MARK + body, False, "dropped"),), cost=0.6)]
        if state.stack or state.last == "\\":
            return self.in_brackets(state, index) + self.abandon(state, index)
        return self.statement(state, index)

    # -- statements

    def statement(self, state: State, index: int) -> list[State]:
        """The line read at the start of a statement."""
        body = self.bodies[index].rstrip()
        if body == "":
            body = self.bodies[index]
        found: list[State] = []
        sources = [body] + ([self.alternates[index].strip()] if index in self.alternates else [])
        for number, source in enumerate(sources):
            readings = self.search.readings(source, (), "S", opens=self.deeper[index])
            found.extend(self.began(state, index, reading, 0.2 * number) for reading in readings if reading.valid)
        best = min((following.cost for following in found), default=99.0)
        if best > state.cost + 0.01 or body[0] in "\"'" or (state.after_head and prose_likeness(body) > 0.5):
            for number, source in enumerate(sources):
                found.extend(self.prose(state, index, source, 0.2 * number))
        if best > state.cost + 1.0:
            found.extend(self.junk(state, index, body))
        return found

    def began(self, state: State, index: int, reading: Reading, extra: float) -> State:
        """The state after the first line of a statement."""
        open_ = bool(reading.stack or reading.delimiter or reading.last == "\\")
        head = head_word(reading.text)
        unit = self.unit(index, reading.text, True, "code", reading.cost)
        units: tuple[Unit, ...] = (unit,)
        text = reading.text
        if "\n" in text:  # two statements were fused
            first, text = text.split("\n", 1)
            unit.text = first
            units = (unit, self.unit(index, text, True, "code"))
            head = ""
        cost = reading.cost + extra
        if reading.text[:1] in "\"'" and not reading.stack and not reading.delimiter and not state.after_head:
            cost += 0.15 if reading.text.startswith(('"""', "'''")) else 0.6
        if reading.text[:3] in ('"""', "'''") and reading.delimiter and not state.after_head:
            cost += 0.3
        if not open_:
            return State(
                state.cost + cost,
                back=state,
                units=units,
                after_head=_heads(head, reading.last),
            )
        return State(
            state.cost + cost,
            stack=reading.stack,
            last=reading.last,
            delimiter=reading.delimiter,
            start=index,
            head="async" if head == "async" else head,
            indent=self.indents[index],
            text=text,
            back=state,
            units=units,
            after_head=False,
        )

    def prose(self, state: State, index: int, body: str, extra: float) -> list[State]:
        """The line read as a docstring, or as the first line of one, whose quotes are damaged."""
        likely = prose_likeness(body)
        if (likely == 0.0 and body[0] not in "\"'") or entry_like(body):
            return []
        found: list[State] = []
        core = body.lstrip("\"'")
        opening = len(body) - len(core)
        core_end = core.rstrip("\"'")
        closing = len(core) - len(core_end)
        quote = body[0] if opening else (core[-1] if closing else self.search.habits.quote)
        place = 0.0 if state.after_head else 0.9
        delimiter = quote * 3
        open_price = 0.0 if opening == 3 else 0.35 if opening else 0.75
        strange = (1.0 - likely) * 1.2
        if not core_end:  # nothing but quotes
            if body[0] in "\"'":
                found.append(
                    self.opened(state, index, delimiter, "", (0.0 if opening == 3 else 0.5) + place * 0.7 + extra)
                )
                found.append(self.follow(state, index, (Unit("", "", True, "blank", index),), cost=0.65 + extra))
            return found
        if delimiter in core_end or core_end.endswith("\\"):
            return found
        close_price = 0.0 if closing == 3 else 0.3 if closing else 0.7
        if opening == 3 and closing == 3:
            return found
        text = _docstring(delimiter, core_end)
        unit = self.unit(index, text, True, "code", open_price + close_price)
        found.append(
            State(
                state.cost + open_price + close_price + place + strange + extra,
                back=state,
                units=(unit,),
                after_head=False,
            )
        )
        if opening != 3 or closing:
            found.append(
                self.opened(
                    state,
                    index,
                    delimiter,
                    core if closing == 0 else core_end,
                    open_price + place + strange + extra + (0.3 if closing else 0.0),
                )
            )
        return found

    def opened(self, state: State, index: int, delimiter: str, core: str, cost: float) -> State:
        """The state inside a docstring that this line opens."""
        unit = self.unit(index, delimiter + core, True, "code", cost)
        return State(
            state.cost + cost,
            delimiter=delimiter,
            start=index,
            indent=self.indents[index],
            text=delimiter + core,
            back=state,
            units=(unit,),
            after_head=False,
            head="",
            weight=0.7 if cost < 0.2 else 1.8,
        )

    def junk(self, state: State, index: int, body: str) -> list[State]:
        """The line dropped where it holds no word, or kept as a marked comment."""
        if not any(character.isalnum() or character == "_" for character in body):
            price = 0.55 + 0.25 * len(body.strip())
            return [self.follow(state, index, (Unit("", "", True, "blank", index),), cost=min(price, 2.5))]
        return [self.follow(state, index, (self.unit(index, MARK + body, True, "marked", 6.0),), cost=6.0)]

    # -- brackets

    def in_brackets(self, state: State, index: int) -> list[State]:
        """The line read inside a statement whose brackets are open."""
        body = self.bodies[index]
        found: list[State] = []
        placed = self.placement(state, index)
        sources = [body] + ([self.alternates[index].lstrip()] if index in self.alternates else [])
        for number, source in enumerate(sources):
            found.extend(self.continued(state, index, source, placed + 0.2 * number, comma=False))
            if state.stack and state.last in OPERANDS:
                found.extend(self.continued(state, index, source, placed + 0.9 + 0.2 * number, comma=True))
        if not found or min(following.cost for following in found) > state.cost + 2.0:
            words = any(character.isalnum() for character in body)
            cost = 6.0 if words else 0.5 + 0.25 * len(body.strip())
            unit = (
                self.unit(index, MARK + body.rstrip(), False, "marked", cost)
                if words
                else Unit("", "", False, "blank", index)
            )
            if state.stack:
                found.append(self.follow(state, index, (unit,), cost=cost))
        return found

    def placement(self, state: State, index: int) -> float:
        """The cost of the line's indentation inside a bracket."""
        body, indent = self.bodies[index], self.indents[index]
        if body[0] in ")]}" and indent >= state.indent:
            return 0.0
        if indent > state.indent:
            return 0.0
        if entry_like(body) or _KEYWORD.match(body):
            return 0.15
        return 0.15 if code_likeness(body) < 1.0 else 1.2

    def continued(self, state: State, index: int, body: str, extra: float, *, comma: bool) -> list[State]:
        """The states after a line inside brackets."""
        last = "," if comma else state.last
        if last == "\\":
            last = "C"
        found: list[State] = []
        for reading in self.search.readings(body, state.stack, last, head=state.head, opens=self.deeper[index]):
            cost = reading.cost + extra + (0.0 if reading.valid else 2.0)
            unit = self.unit(index, reading.text, False, "code", reading.cost)
            if comma:
                unit = Unit(unit.text, unit.indent, False, "comma", index, unit.cost + 0.9)
            text = (state.text + "," if comma else state.text) + "\n" + " " * (self.indents[index]) + reading.text
            if reading.stack or reading.delimiter or reading.last == "\\":
                found.append(
                    State(
                        state.cost + cost,
                        stack=reading.stack,
                        last=reading.last,
                        delimiter=reading.delimiter,
                        start=state.start,
                        head=state.head,
                        indent=state.indent,
                        text=text,
                        back=state,
                        units=(unit,),
                        after_head=False,
                    )
                )
                continue
            if not self.search.probe.statement(text.rstrip()):
                if not (reading.last != ":" and self.search.probe.statement(text.rstrip() + ":")):
                    cost += 3.0
                else:
                    cost += 0.8
                    unit = Unit(unit.text + ":", unit.indent, False, unit.kind, index, unit.cost)
            found.append(
                State(state.cost + cost, back=state, units=(unit,), after_head=_heads(state.head, reading.last))
            )
        return found

    def abandon(self, state: State, index: int) -> list[State]:
        """The missing brackets are put before this line, which starts a statement."""
        body = self.bodies[index]
        if state.last == "\\" and not state.stack:
            unit = Unit("\\", "", False, "unjoin", index)
            clean = self.follow(state, index, (unit,), cost=1.5)
        else:
            if (self.indents[index] > state.indent and code_likeness(body) < 0.9) or entry_like(body):
                return []
            if state.last not in OPERANDS and state.last not in "(,":
                return []
            closing = "".join(PAIRS[bracket] for bracket in reversed(state.stack))
            tail = ""
            text = state.text + closing
            price = 0.9 + 0.5 * (len(state.stack) - 1) + (0.5 if self.indents[index] > state.indent + 4 else 0.0)
            if not self.search.probe.statement(text.rstrip()):
                if self.search.probe.statement(text.rstrip() + ":"):
                    tail = ":"
                    price += 0.8
                else:
                    price += 3.0
            unit = Unit(closing + tail, "", False, "closing", index)
            clean = self.follow(state, index, (unit,), cost=price)
        clean.stack, clean.last, clean.after_head = (), "S", _heads(state.head, ":")
        clean.text, clean.start, clean.head = "", -1, ""
        return self.statement(clean, index)

    # -- triple-quoted strings

    def in_string(self, state: State, index: int) -> list[State]:
        """The line read inside a triple-quoted string."""
        line = self.lines[index]
        body = self.bodies[index]
        delimiter = state.delimiter
        docstring = not state.stack and state.text.startswith(delimiter)
        weight = state.weight if docstring else 0.35
        found: list[State] = []
        unit = Unit(line, "", False, "doc", index)
        inside = self.follow(state, index, (unit,))
        position = line.find(delimiter)
        if position < 0:
            likeness = code_likeness(body.rstrip())
            inside.cost += weight * likeness
            found.append(inside)
            stripped = body.strip()
            if docstring:
                quotes = len(stripped) - len(stripped.rstrip("\"'"))
                if quotes and not (stripped[-1] == "'" and quotes == 1 and delimiter[0] == '"' and stripped != "'"):
                    price = 0.4 if quotes == len(stripped) or quotes > 1 else 0.5
                    price += 1.5 * likeness
                    found.append(self.closed(state, index, line.rstrip().rstrip("\"'") + delimiter, price))
                elif stripped:
                    found.append(self.closed(state, index, line.rstrip() + delimiter, 1.0 + (weight + 0.8) * likeness))
                if quotes and quotes == len(stripped):
                    blank = Unit("", "", False, "doc", index)
                    found.append(self.follow(state, index, (blank,), cost=0.6))
                if self.bodies[index] and likeness > 0.5 and not self.was_closed(state):
                    early = self.follow(state, index, (Unit(delimiter, "", False, "closing", index),), cost=1.0)
                    early.delimiter, early.after_head, early.stack = "", False, ()
                    early.text = ""
                    found.extend(self.statement(early, index))
            return found
        rest = line[position + 3 :]
        head = line[: position + 3]
        extra = 0.0
        while rest.startswith(delimiter[0]):
            rest = rest[1:]
            extra = 0.3
        if docstring and position > 0:
            extra += weight * code_likeness(line[:position].strip())
        if not rest.strip():
            found.append(self.closed(state, index, head, extra))
        else:
            readings = self.search.readings(rest, state.stack, "s", head=state.head or "x", opens=self.deeper[index])
            found.extend(self.resumed(state, index, head, reading, extra) for reading in readings)
        if body.strip().strip("\"'") == "":
            blank = Unit("", "", False, "doc", index)
            found.append(self.follow(state, index, (blank,), cost=0.65))
        elif (docstring and position > 0 and line.strip().startswith(delimiter)) or (
            docstring and position > 0 and code_likeness(body) >= 1.0
        ):
            early = self.follow(state, index, (Unit(delimiter, "", False, "closing", index),), cost=1.0)
            early.delimiter, early.after_head, early.stack, early.text = "", False, (), ""
            found.extend(self.statement(early, index))
        return found

    def was_closed(self, state: State) -> bool:
        """Whether the string was closed just before."""
        return not state.delimiter

    def closed(self, state: State, index: int, text: str, cost: float) -> State:
        """The state after the end of the string, with nothing behind it."""
        unit = Unit(text, "", False, "doc", index, cost)
        if state.stack:
            return State(
                state.cost + cost,
                stack=state.stack,
                last="s",
                start=state.start,
                head=state.head,
                indent=state.indent,
                text=state.text + "\n" + delimiter_only(text),
                back=state,
                units=(unit,),
                after_head=False,
            )
        return State(state.cost + cost, back=state, units=(unit,), after_head=False)

    def resumed(self, state: State, index: int, head: str, reading: Reading, extra: float) -> State:
        """The state after a line in which the string ends and code follows."""
        cost = reading.cost + extra + (0.0 if reading.valid else 1.0)
        unit = Unit(head + reading.text, "", False, "doc", index, cost)
        if reading.stack or reading.delimiter or reading.last == "\\":
            return State(
                state.cost + cost,
                stack=reading.stack,
                last=reading.last,
                delimiter=reading.delimiter,
                start=state.start,
                head=state.head,
                indent=state.indent,
                text=state.text + "\n" + delimiter_only(head) + reading.text,
                back=state,
                units=(unit,),
                after_head=False,
            )
        if not self.search.probe.statement(state.text + "\n" + delimiter_only(head) + reading.text.rstrip()):
            cost += 2.0
        return State(state.cost + cost, back=state, units=(unit,), after_head=_heads(state.head, reading.last))

    # -- pieces

    def follow(self, state: State, index: int, units: tuple[Unit, ...], *, cost: float = 0.0) -> State:
        """The same state one line later."""
        return State(
            state.cost + cost,
            state.stack,
            state.last,
            state.delimiter,
            state.start,
            state.head,
            state.indent,
            state.tail,
            state.after_head,
            state.text,
            state,
            units,
            state.weight,
        )

    def unit(self, index: int, text: str, starts: bool, kind: str, cost: float = 0.0) -> Unit:
        """A unit with the indentation of its line."""
        line = self.lines[index]
        indent = line[: len(line) - len(self.bodies[index])]
        return Unit(text, indent, starts, kind, index, cost)


def delimiter_only(text: str) -> str:
    """The end of a string without what it holds."""
    return text[-3:]


def _heads(head: str, last: str) -> bool:
    return head in ("def", "class", "async") and last == ":"


def _docstring(delimiter: str, core: str) -> str:
    tail = " " if core.endswith(delimiter[0]) else ""
    return delimiter + core + tail + delimiter


def _with_closing(text: str, closing: str) -> str:
    return text + closing
