"""The states of a search on one line: reached, compared, and read by Python at the end."""

import heapq
from dataclasses import dataclass

from canonry.repair.lines.probe import Probe, head_word
from canonry.repair.lines.reading import DONE, Budget, Habits, Key, Pieces, Reading, State, joined
from canonry.repair.lines.tokens import HEADERS, tokenize_line

_NAMED_FIRST = frozenset({"TypeVar", "NewType", "namedtuple", "ParamSpec", "NamedTuple", "getenv"})
_NAMED_SECOND = frozenset({"getattr", "setattr", "hasattr", "delattr"})


@dataclass(slots=True)
class Work:
    """What all searches of one file share."""

    probe: Probe
    habits: Habits
    budget: Budget
    nodes: int  # states that may still be visited


class Machine:
    """The states of one search; what may follow a state is told by its subclasses."""

    def __init__(self, work: Work, line: str, stack: tuple[str, ...], last: str, head: str, opens: bool) -> None:
        self.work = work
        self.known = work.habits.known
        self.unknown = work.habits.unknown
        self.quote = work.habits.quote
        self.tokens = tokenize_line(line.rstrip("\n"))
        self.line = line
        self.before = stack
        self.last = last
        self.opens = opens
        self.word = head_word(line) if not stack else head
        if self.word == "async":
            self.word = head_word(line[5:].lstrip()) or "async"
        self.header = self.word in HEADERS or (
            self.word in ("match", "case") and not stack and line.rstrip().endswith(":") and " " in line
        )
        self.importing = self.word in ("import", "from")
        self.heap: list[tuple[float, int, State]] = []
        self.serial = 0
        self.visits: dict[Key, int] = {}
        self.found: list[Reading] = []
        self.texts: set[str] = set()

    def push(
        self,
        cost: float,
        index: int,
        delimiter: str,
        stack: tuple[str, ...],
        last: str,
        pieces: Pieces,
        start: int,
        ours: int,
    ) -> None:
        """Adds a state, unless equal ones were reached at less cost often enough."""
        if cost > 9.0:
            return
        key = (index, delimiter, stack, last, ours)
        seen = self.visits.get(key, 0)
        if seen >= 4:
            return
        self.serial += 1
        heapq.heappush(self.heap, (cost, self.serial, (index, delimiter, stack, last, pieces, start, ours, key)))

    def finish(self, cost: float, stack: tuple[str, ...], last: str, delimiter: str, pieces: Pieces) -> None:
        """Adds a complete reading, to be judged in its turn."""
        self.serial += 1
        heapq.heappush(self.heap, (cost, self.serial, (-1, delimiter, stack, last, pieces, 0, 0, DONE)))

    def judge(self, cost: float, node: State) -> Reading | None:
        """The complete reading, asked of Python."""
        _, delimiter, stack, last, pieces, _, _, _ = node
        text = joined(pieces)
        mark = f"{text}\0{delimiter}{''.join(stack)}"
        if mark in self.texts:
            return None
        self.texts.add(mark)
        probe = self.work.probe
        asked = text.rstrip()
        if last == "\\":
            asked = asked[:-1]
        if delimiter:
            asked = text + delimiter
        if asked.startswith("#") or not asked:
            valid = True
        elif self.before:
            valid = probe.fragment(asked if "#" not in asked else asked + "\n", self.before, stack)
        elif self.last == "S":
            if last == "\\":
                valid = (
                    probe.statement(asked + " _")
                    or probe.statement(asked)
                    or probe.statement(asked + ": pass")
                    or probe.opening(asked, stack)
                )
            elif stack:
                valid = probe.opening(asked if "#" not in asked else asked + "\n", stack)
            else:
                valid = probe.statement(asked)
        else:
            valid = True
        reading = Reading(text, cost, stack, last, delimiter, valid)
        if valid or len(self.found) < 2:
            self.found.append(reading)
        return reading

    def names_a_name(self, index: int, last: str) -> bool:
        """Whether the argument is one that is a name's text: of `getattr(value, "name")` or `TypeVar("T")`."""
        before = [token for token in self.tokens[max(0, index - 8) : index] if token[0] not in " \t"]
        if last == "(":
            return before[-2:-1] != [] and before[-2] in _NAMED_FIRST
        if len(before) >= 4 and before[-1] == "," and before[-3] == "(":
            return before[-4] in _NAMED_SECOND
        return False

    def prefix_inside(self, index: int) -> bool:
        """Whether the f that a string starts with may be its prefix."""
        token = self.tokens[index]
        follows = self.tokens[index + 1] if index + 1 < len(self.tokens) else ""
        if token == "f":
            return follows[:1] in ("{", "\\") or (follows[:1] == "[" and "{" in self.line)
        return "{" in self.line and token not in self.known

    def preceding(self, index: int) -> str:
        """The token before that is no space."""
        for at in range(index - 1, max(-1, index - 4), -1):
            if self.tokens[at][0] not in " \t\f":
                return self.tokens[at]
        return ""

    def following(self, index: int) -> str:
        """The next token that is no space."""
        for token in self.tokens[index + 1 : index + 3]:
            if token[0] not in " \t\f":
                return token
        return ""

    def is_last(self, index: int) -> bool:
        """Whether only spaces, stray quotes or a comment follow."""
        for token in self.tokens[index + 1 :]:
            if token[0] == "#":
                return True
            if token[0] not in " \t\f\"'":
                return False
        return True
