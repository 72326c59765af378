"""Best-first search over quote and bracket edits of one line."""

import heapq
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from canonry.repair.lines.in_code import InCode
from canonry.repair.lines.machine import Work
from canonry.repair.lines.probe import Probe
from canonry.repair.lines.reading import DEFAULT, Budget, Habits, Reading, State

__all__ = ["DEFAULT", "Budget", "Candidate", "Habits", "Reading", "Search", "mend_line"]

_NEAR = 0.3  # difference of costs up to which two readings are rivals


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a line."""

    text: str
    cost: float


def mend_line(line: str, *, budget: Budget = DEFAULT, known: Collection[str] = ()) -> list[Candidate]:
    """Readings of one logical line that Python accepts, best first; a line that parses comes back alone at no cost."""
    body = line.lstrip()
    indent = line[: len(line) - len(body)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        probe = Probe(budget.probes)
        if probe.statement(body):
            return [Candidate(line, 0.0)]
        habits = Habits(known=frozenset(known), unknown=1.3 if known else 0.25)
        search = Search(probe, habits, budget)
        found = search.readings(body, (), "S", want=6)
    return [
        Candidate(indent + reading.text, reading.cost)
        for reading in found
        if reading.valid and not reading.stack and not reading.delimiter
    ]


class Search:
    """The line search of one file, with its habits, verdicts and the work that is left."""

    __slots__ = ("habits", "memo", "probe", "work")

    def __init__(self, probe: Probe, habits: Habits, budget: Budget) -> None:
        self.probe = probe
        self.habits = habits
        self.work = Work(probe, habits, budget, budget.nodes)
        self.memo: dict[tuple[str, tuple[str, ...], str, str, bool], list[Reading]] = {}

    def readings(
        self, line: str, stack: tuple[str, ...], last: str, *, want: int = 4, head: str = "", opens: bool = False
    ) -> list[Reading]:
        """The best readings of a line without its indentation, inside the open brackets; cheapest first.

        `head` is the first word of the statement that the line continues; `opens` says that deeper lines follow.
        """
        key = (line, stack, last, head, opens)
        found = self.memo.get(key)
        if found is None:
            found = _LineSearch(self.work, line, stack, last, head, opens).run(want)
            self.memo[key] = found
        return found

    def with_rivals(self, chosen: Collection[str]) -> frozenset[str]:
        """Those of the chosen readings that another one, with other signs, came near to."""
        found: set[str] = set()
        for readings in self.memo.values():
            for reading in readings:
                text = reading.text.strip()
                if text not in chosen or text in found:
                    continue
                for other in readings:
                    if other.valid and abs(other.cost - reading.cost) < _NEAR and not _alike(other.text, text):
                        found.add(text)
                        break
        return frozenset(found)


def _alike(one: str, other: str) -> bool:
    """Whether two readings differ in spaces and the kind of quotes alone."""
    return one.replace("'", '"').split() == other.replace("'", '"').split()


class _LineSearch(InCode):
    """One search."""

    def run(self, want: int) -> list[Reading]:
        """The best readings, cheapest first."""
        self.push(0.0, 0, "", self.before, self.last, None, 0, 0)
        budget = self.work.budget
        nodes, probes = min(budget.line_nodes, self.work.nodes), budget.line_probes
        valid = 0
        best = 99.0
        while self.heap and nodes > 0 and probes > 0 and valid < want:
            cost, _, node = heapq.heappop(self.heap)
            if valid and cost > best + (0.01 if best < 0.02 else min(1.5, 0.6 + best)):
                break
            nodes -= 1
            self.work.nodes -= 1
            if node[0] == -1:
                reading = self.judge(cost, node)
                probes -= 1
                if reading is not None and reading.valid:
                    valid += 1
                    best = min(best, cost)
                continue
            self.expand(cost, node)
        self.found.sort(key=lambda reading: (not reading.valid, reading.cost))
        return self.found[: want + 1]

    def expand(self, cost: float, node: State) -> None:
        """Adds what may follow a state."""
        index, delimiter, stack, last, pieces, start, ours, key = node
        seen = self.visits.get(key, 0)
        if seen >= 4:
            return
        self.visits[key] = seen + 1
        if index == len(self.tokens):
            self.end(cost, delimiter, stack, last, pieces, start, ours)
        elif delimiter:
            self.inside(cost, index, delimiter, stack, last, pieces, start, ours)
        else:
            self.outside(cost, index, stack, last, pieces)
