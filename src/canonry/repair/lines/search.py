"""Best-first search over quote and bracket edits of one line."""

import heapq
import re
import warnings
from collections.abc import Collection
from dataclasses import dataclass

from canonry.repair.lines.probe import Probe, head_word
from canonry.repair.lines.strings import string_cost
from canonry.repair.lines.tokens import (
    AFTER_OPERAND,
    BEFORE_OPERAND,
    CLOSERS,
    CONSTANTS,
    HEADERS,
    KEYWORDS,
    OPENERS,
    OPERANDS,
    PAIRS,
    PREFIXES,
    is_number,
    is_word,
    tokenize_line,
)


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of the work on one file; counts, never seconds."""

    probes: int = 40_000  # compilations of a piece of text
    nodes: int = 400_000  # states of the line search
    line_nodes: int = 700  # states of the search on one line
    line_probes: int = 60  # complete readings of one line that are compiled


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a line."""

    text: str
    cost: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of a physical line in its context, and the context it leaves."""

    text: str
    cost: float
    stack: tuple[str, ...]
    last: str  # kind of the last token, as in `Search`
    delimiter: str  # of the triple-quoted string that stays open, or ""
    valid: bool  # Python reads it


@dataclass(slots=True)
class Habits:
    """What the rest of the file says about how its lines read."""

    known: Collection[str] = frozenset()
    quote: str = '"'
    unknown: float = 0.25  # cost of a name that nothing in the file binds


def mend_line(line: str, *, budget: Budget = Budget(), known: Collection[str] = ()) -> list[Candidate]:  # noqa: B008
    """Readings of one logical line that Python accepts, best first; a line that parses comes back alone at no cost."""
    body = line.lstrip()
    indent = line[: len(line) - len(body)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        probe = Probe(budget.probes)
        if probe.statement(body):
            return [Candidate(line, 0.0)]
        habits = Habits(known=frozenset(known), unknown=1.0 if known else 0.25)
        search = Search(probe, habits, budget)
        found = search.readings(body, (), "S", want=6)
    return [
        Candidate(indent + reading.text, reading.cost)
        for reading in found
        if reading.valid and not reading.stack and not reading.delimiter
    ]


_NO_STRING = frozenset(
    {"await", "raise", "del", "import", "from", "def", "class", "with", "lambda", "except", "for", "as", "global"}
)
_KEYED = re.compile(r"[\w.$-]+\"?:(?:[ \t]|\Z)")
BUILTIN_WORDS = frozenset(
    {"id", "type", "input", "format", "filter", "hash", "max", "min", "sum", "range", "object", "property", "dict"}
    | {"list", "set", "tuple", "str", "int", "float", "bool", "bytes", "dir", "file", "len", "map", "next", "open", "vars"}
)
_NAMED_FIRST = frozenset({"TypeVar", "NewType", "namedtuple", "ParamSpec", "NamedTuple", "getenv"})
_NAMED_SECOND = frozenset({"getattr", "setattr", "hasattr", "delattr"})
_NAMES_OF_NAMES = frozenset({"__all__", "__slots__", "__match_args__"})
_RULERS = frozenset("=-*_#~.+")

# A node: cost, serial number, index of the next token, mode, delimiter, stack, kind of the last token, pieces (a linked
# list), index where the open string starts, whether its opening quote is ours, the rest of a split token
_Node = tuple[float, int, int, str, tuple[str, ...], str, "tuple[object, str] | None", int, int]

# costs of edits
_INSERT_OPEN = 0.6
_INSERT_CLOSE = 0.6
_DELETE_QUOTE = 0.55
_INSERT_CLOSER = 0.9
_DELETE_CLOSER = 0.9
_DELETE_OPENER = 1.3
_REPLACE_CLOSER = 0.8
_SPLIT_PREFIX = 0.65
_COLON = 0.8
_COMMA = 1.0


class Search:
    """The line search of one file, with its habits, verdicts and the work that is left."""

    __slots__ = ("budget", "habits", "memo", "nodes", "probe")

    def __init__(self, probe: Probe, habits: Habits, budget: Budget) -> None:
        self.probe = probe
        self.habits = habits
        self.budget = budget
        self.nodes = budget.nodes
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
            found = _LineSearch(self, line, stack, last, head, opens).run(want)
            self.memo[key] = found
        return found


class _LineSearch:
    """One search."""

    def __init__(
        self, search: Search, line: str, stack: tuple[str, ...], last: str, head: str, opens: bool
    ) -> None:
        self.search = search
        self.known = search.habits.known
        self.unknown = search.habits.unknown
        self.quote = search.habits.quote
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
        self.heap: list[tuple[float, int, tuple[object, ...]]] = []
        self.serial = 0
        self.visits: dict[tuple[object, ...], int] = {}
        self.found: list[Reading] = []
        self.texts: set[str] = set()

    def run(self, want: int) -> list[Reading]:
        """The best readings, cheapest first."""
        self.push(0.0, 0, "", self.before, self.last, None, 0, 0)
        budget = self.search.budget
        nodes, probes = min(budget.line_nodes, self.search.nodes), budget.line_probes
        valid = 0
        best = 99.0
        while self.heap and nodes > 0 and probes > 0 and valid < want:
            cost, _, node = heapq.heappop(self.heap)
            if valid and cost > best + (0.01 if best < 0.02 else min(1.5, 0.6 + best)):
                break
            nodes -= 1
            self.search.nodes -= 1
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

    # -- states

    def push(
        self,
        cost: float,
        index: int,
        delimiter: str,
        stack: tuple[str, ...],
        last: str,
        pieces: object,
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

    def finish(self, cost: float, stack: tuple[str, ...], last: str, delimiter: str, pieces: object) -> None:
        """Adds a complete reading, to be judged in its turn."""
        self.serial += 1
        heapq.heappush(self.heap, (cost, self.serial, (-1, stack, last, delimiter, pieces)))

    def judge(self, cost: float, node: tuple[object, ...]) -> Reading | None:
        """The complete reading, asked of Python."""
        _, stack, last, delimiter, pieces = node
        text = _joined(pieces)
        mark = f"{text}\0{delimiter}{''.join(stack)}"  # type: ignore[arg-type]
        if mark in self.texts:
            return None
        self.texts.add(mark)
        probe = self.search.probe
        asked = text.rstrip()
        if last == "\\":
            asked = asked[:-1]
        if delimiter:
            asked = text + delimiter
        if asked.startswith("#") or not asked:
            valid = True
        elif self.before:
            valid = probe.fragment(asked if "#" not in asked else asked + "\n", self.before, stack)  # type: ignore[arg-type]
        elif self.last == "S":
            if last == "\\":
                valid = (
                    probe.statement(asked + " _")
                    or probe.statement(asked)
                    or probe.statement(asked + ": pass")
                    or probe.opening(asked, stack)  # type: ignore[arg-type]
                )
            elif stack:
                valid = probe.opening(asked if "#" not in asked else asked + "\n", stack)  # type: ignore[arg-type]
            else:
                valid = probe.statement(asked)
        else:
            valid = True
        reading = Reading(text, cost, stack, last, delimiter, valid)  # type: ignore[arg-type]
        if valid or len(self.found) < 2:
            self.found.append(reading)
        return reading

    def expand(self, cost: float, node: tuple[object, ...]) -> None:
        """Adds what may follow a state."""
        index, delimiter, stack, last, pieces, start, ours, key = node
        seen = self.visits.get(key, 0)  # type: ignore[arg-type]
        if seen >= 4:
            return
        self.visits[key] = seen + 1  # type: ignore[index]
        if index == len(self.tokens):  # type: ignore[comparison-overlap]
            self.end(cost, delimiter, stack, last, pieces, start, ours)  # type: ignore[arg-type]
        elif delimiter:
            self.inside(cost, index, delimiter, stack, last, pieces, start, ours)  # type: ignore[arg-type]
        else:
            self.outside(cost, index, stack, last, pieces)  # type: ignore[arg-type]

    # -- code

    def outside(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """The next token read as code."""
        token = self.tokens[index]
        first = token[0]
        if first in " \t\f":
            self.push(cost, index + 1, "", stack, last, (pieces, token), 0, 0)
            return
        if last not in OPERANDS and last != "p" or (last == "s" and not pieces and index == 0):
            self.open_string(cost, index, stack, last, pieces)
        if first in "\"'":
            self.quotes(cost, index, stack, last, pieces)
        elif first == "#":
            rest = "".join(self.tokens[index:])
            self.leave(cost + (0.0 if index == 0 or self.tokens[index - 1][0] in " \t" else 0.4), stack, last, pieces, rest)
        elif is_word(token):
            self.name(cost, index, stack, last, pieces)
        elif first.isdigit():
            if last in OPERANDS or last in "p." or not is_number(token):
                return
            self.push(cost, index + 1, "", stack, "d", (pieces, token), 0, 0)
        elif token in OPENERS:
            self.opener(cost, index, stack, last, pieces)
        elif token in CLOSERS:
            self.closer(cost, index, stack, last, pieces)
        elif first == "\\":
            if index == len(self.tokens) - 1 and token == "\\":
                self.finish(cost, stack, "\\", "", (pieces, token))
        else:
            self.operator(cost, index, stack, last, pieces)

    def open_string(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """A lost opening quote before this token."""
        token = self.tokens[index]
        first = token[0]
        if first in ")]}," or token == "\\" or (first in "\"'" and len(token) == 1) or first == "=":
            return
        if last == "S" or (index and last == "."):
            return
        if last == "k" and self.preceding(index) in _NO_STRING:
            cost += 1.2
        word = is_word(token)
        if word:
            price = _INSERT_OPEN if token not in self.known else _INSERT_OPEN + 0.4
            if token in KEYWORDS:
                price += 0.2
        elif first in "\"'#":
            price = _INSERT_OPEN + 0.5
        else:
            price = _INSERT_OPEN + 0.25
        if index and last == "o" and self.tokens[index - 1] in ("~", "-", "*", "/", "@", "**"):
            price += 0.4
        if token in PREFIXES and index + 1 < len(self.tokens) and self.tokens[index + 1][0] in "{/[":
            price += 0.5
        elif word and token[0] == "f" and len(token) > 1 and token not in self.known and "{" in self.line:
            price += 0.25
        for quote in self.delimiters(index):
            extra = 0.0 if quote == self.quote else 0.2
            self.push(cost + price + extra, index, quote, stack, last, (pieces, quote), index, 1)
        if word and len(token) > 1 and token[0] in "frb" and token not in self.known:
            rest = token[1:]
            if token[0] == "f" and "{" not in self.line and "" != rest:
                price = _SPLIT_PREFIX + 0.3
            elif token[0] != "f":
                price = _SPLIT_PREFIX + 0.6
            else:
                price = _SPLIT_PREFIX - 0.1
            for quote in self.delimiters(index):
                extra = 0.0 if quote == self.quote else 0.2
                self.push(
                    cost + price + extra, index + 1, quote, stack, last, (pieces, token[0] + quote + rest), index, 2
                )

    def delimiters(self, index: int) -> list[str]:
        """The quotes that a lost opening quote may have been."""
        rest = self.tokens[index:]
        found = [self.quote]
        other = "'" if self.quote == '"' else '"'
        if sum(token.count(other) for token in rest if token[0] == other) % 2:
            found.append(other)
        elif any(token[0] == self.quote for token in rest) and not any(token[0] == other for token in rest):
            found.append(other)
        return found

    def quotes(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """A run of quotes read as code."""
        token = self.tokens[index]
        quote, run = token[0], len(token)
        may_open = last not in "ncd." or last == "p"
        after = "s"
        glued = 0.0
        if last == "s" and pieces is not None:  # a string directly behind a string on the same line is rare
            glued = 0.35
        if run == 1:
            if may_open:
                self.push(cost + glued, index + 1, quote, stack, last, (pieces, token), index + 1, 0)
                following = self.tokens[index + 1] if index + 1 < len(self.tokens) else ""
                if following[:1] == "f" and last != "p" and self.prefix_inside(index + 1):
                    moved = (pieces, "f" + quote + following[1:])
                    self.push(cost + glued + 0.35, index + 2, quote, stack, last, moved, index + 2, 0)
            price = _DELETE_QUOTE + (0.3 if may_open and not self.is_last(index) else 0.0)
            self.push(cost + price, index + 1, "", stack, last, pieces, 0, 0)
        elif run == 2:
            if may_open:
                stray = 0.7 if last == "," and self.is_last(index) else 0.0
                self.push(cost + glued + stray, index + 1, "", stack, after, (pieces, token), 0, 0)
                self.push(cost + _DELETE_QUOTE + glued, index + 1, quote, stack, last, (pieces, quote), index + 1, 0)
            self.push(cost + _DELETE_QUOTE + 0.05, index + 1, "", stack, last, pieces, 0, 0)
        else:
            if run == 6 and may_open:
                self.push(cost, index + 1, "", stack, after, (pieces, token), 0, 0)
            if may_open:
                price = 0.0 if run == 3 else 0.3
                if index and self.tokens[index - 1][0] not in " \t([{=" and last != "p":
                    price += 1.0  # glued to what stands before
                self.push(cost + price, index + 1, quote * 3, stack, last, (pieces, quote * 3), index + 1, 0)
                self.push(cost + 0.8 + glued, index + 1, quote, stack, last, (pieces, quote), index + 1, 0)
                self.push(cost + 0.8 + glued, index + 1, "", stack, after, (pieces, quote * 2), 0, 0)
            self.push(cost + 0.7, index + 1, "", stack, last, pieces, 0, 0)

    def name(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """A name or keyword read as code."""
        token = self.tokens[index]
        follows = self.following(index)
        if token in PREFIXES and index + 1 < len(self.tokens) and self.tokens[index + 1][0] in "\"'":
            if last not in OPERANDS or last == "s":
                self.push(cost, index + 1, "", stack, "p", (pieces, token), 0, 0)
            return
        if last == "p":
            return
        if (
            token in PREFIXES
            and follows
            and follows[0] not in "=.,)"
            and (token not in self.known or (token == "f" and "{" in self.line and self.tokens[index + 1][0] not in " \t[("))
        ):
            for quote in self.delimiters(index + 1):
                if last not in OPERANDS or last == "s":
                    extra = 0.0 if quote == self.quote else 0.2
                    self.push(
                        cost + _SPLIT_PREFIX + extra, index + 1, quote, stack, last, (pieces, token + quote), index + 1, 1
                    )
        kind = "n"
        price = 0.0
        if last == ".":
            if token in KEYWORDS and not (token == "import" and self.importing):
                return
            if token == "import":
                kind = "k"
        elif token in KEYWORDS and token not in CONSTANTS:
            kind = "k"
            if last in OPERANDS:
                if token not in AFTER_OPERAND:
                    return
            elif last == "S":
                if token in ("and", "or", "in", "is", "as"):
                    return
            elif last in "o(,:" and token not in BEFORE_OPERAND:
                if not (last in ",:" and token in ("for", "async")) and not (last == ":" and not stack):
                    return
            elif last == "k" and token in ("and", "or", "as", "if", "else", "while"):
                if not (token in ("if", "else") and self.importing):
                    return
        elif last in OPERANDS:
            return
        elif token not in self.known and token not in CONSTANTS:
            price = self.strangeness(index, stack, last, follows)
        elif self.word in _NAMES_OF_NAMES and stack and last in "(," and follows in ("", ",", "]", ")"):
            price = 1.3
        elif self.unknown > 0.5 and last in "(," and follows in (",", ")") and self.names_a_name(index, last):
            price = 1.3
        elif token in BUILTIN_WORDS and self.unknown > 0.5 and follows in (")", "]", ","):
            before = self.tokens[index - 2 : index]
            if before[-1:] == ["["] and follows == "]" and before[0].islower() and before[0] not in BUILTIN_WORDS:
                price = 1.3
            elif before in (["get", "("], ["pop", "("]):
                price = 1.3
        if token in ("match", "case", "type", "print") and last == "S" and self.header and kind == "n":
            kind = "k"
        self.push(cost + price, index + 1, "", stack, kind, (pieces, token), 0, 0)

    def strangeness(self, index: int, stack: tuple[str, ...], last: str, follows: str) -> float:
        """The cost of a name that nothing binds, where it stands."""
        if self.importing or last == "k" and self.word in ("def", "class", "global", "nonlocal", "import", "from"):
            return 0.0
        if follows == "=" and stack and stack[-1] == "(":
            return 0.0  # a keyword argument
        if follows == "=" and not stack:
            return 0.0
        if self.word == "def" and stack and (last in "(," or (last == "o" and self.preceding(index) in ("*", "**"))):
            return 0.0  # a parameter
        if self.tokens[index][0].isupper() or follows in ("(", "."):
            return self.unknown * 0.6
        return self.unknown

    def opener(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """An opening bracket read as code."""
        token = self.tokens[index]
        if last in "p." or (token == "{" and last in OPERANDS) or (last in "ds" and token == "("):
            return
        if len(stack) > 12:
            return
        self.push(cost, index + 1, "", (*stack, token), "(", (pieces, token), 0, 0)
        self.push(cost + _DELETE_OPENER, index + 1, "", stack, last, pieces, 0, 0)

    def closer(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """A closing bracket read as code."""
        token = self.tokens[index]
        if last == "p":
            return
        if stack and PAIRS[stack[-1]] == token:
            if last != "k":
                extra = 0.25 if last in "o." else 0.0
                if last == "(" and self.opens and self.is_last(index):
                    extra += 0.6
                self.push(cost + extra, index + 1, "", stack[:-1], "c", (pieces, token), 0, 0)
        else:
            if stack:
                right = PAIRS[stack[-1]]
                self.push(cost + _REPLACE_CLOSER, index + 1, "", stack[:-1], "c", (pieces, right), 0, 0)
                if any(PAIRS[bracket] == token for bracket in stack[:-1]):
                    self.push(cost + _INSERT_CLOSER, index, "", stack[:-1], "c", (pieces, right), 0, 0)
        price = _DELETE_CLOSER
        if last == "(" and self.is_last(index):
            price = 0.4
        self.push(cost + price, index + 1, "", stack, last, pieces, 0, 0)

    def operator(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """Any other token read as code."""
        token = self.tokens[index]
        if last == "p" or token in "$?!`" or (not token.isascii()):
            return
        follows = self.following(index)
        if token == ".":
            if last in "ncs" or last in ".k" or (last == "S" and self.before):
                self.push(cost, index + 1, "", stack, ".", (pieces, token), 0, 0)
                if last == ".":
                    self.push(cost + 0.7, index + 1, "", stack, ".", pieces, 0, 0)
            return
        if token == "...":
            self.push(cost, index + 1, "", stack, "n" if last != "k" or not self.importing else ".", (pieces, token), 0, 0)
            return
        if stack and last in OPERANDS and (token in ",=" or token in ("==", "!=", "+", "<", ">", "-")):
            closing = PAIRS[stack[-1]]
            if token != "=":
                self.push(cost + 1.25, index, "", stack[:-1], "c", (pieces, closing), 0, 0)
        if token == ",":
            if last in OPERANDS or (last == "o" and stack):
                self.push(cost, index + 1, "", stack, ",", (pieces, token), 0, 0)
            elif last in "(,":
                self.push(cost + 0.8, index + 1, "", stack, last, pieces, 0, 0)
            if not stack and index == len(self.tokens) - 1 and last in OPERANDS:
                self.push(cost + 0.8, index + 1, "", stack, last, pieces, 0, 0)
            return
        if token == ":":
            self.colon(cost, index, stack, last, pieces)
            return
        if token == ";":
            if last in OPERANDS and not stack:
                self.push(cost, index + 1, "", stack, "S", (pieces, token), 0, 0)
            return
        unary = token in ("+", "-", "~", "*", "**", "@") or (token == "/" and last == "," and stack)
        if last not in OPERANDS and not unary:
            return
        if last == "." or (token == "=" and last in "d"):
            return
        if token == "-" and last == "o" and self.tokens[index - 1] == "-":
            cost += 0.8
        kind = "o"
        if token in ("*", "/") and follows in (",", ")") and last in "(,":
            kind = "n"
        if token == "*" and self.importing:
            kind = "n"
        self.push(cost, index + 1, "", stack, kind, (pieces, token), 0, 0)

    def colon(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: object) -> None:
        """A colon: of a block, a slice, an entry or an annotation."""
        final = self.is_last(index)
        if last in ".o":
            return
        if stack and self.header and final and (last in OPERANDS or last == "("):
            closing = "".join(PAIRS[bracket] for bracket in reversed(stack))
            price = _INSERT_CLOSER + 0.4 * (len(stack) - 1) - 0.1
            self.push(cost + price, index, "", (), "c", (pieces, closing), 0, 0)
        if stack:
            if last == "," and final and stack[-1] == "(":
                self.push(cost + 0.5, index + 1, "", stack, last, pieces, 0, 0)  # a colon strayed behind a comma
            self.push(cost, index + 1, "", stack, ":", (pieces, ":"), 0, 0)
            return
        price = 0.0
        if final and not self.header and self.word != "lambda":
            price = 0.9
            self.push(cost + 0.7, index + 1, "", stack, last, pieces, 0, 0)
        self.push(cost + price, index + 1, "", stack, ":", (pieces, ":"), 0, 0)

    # -- strings

    def inside(
        self,
        cost: float,
        index: int,
        delimiter: str,
        stack: tuple[str, ...],
        last: str,
        pieces: object,
        start: int,
        ours: int,
    ) -> None:
        """The next token read as a part of a string."""
        token = self.tokens[index]
        quote = delimiter[0]
        if len(delimiter) == 3:
            if token[0] == quote and len(token) >= 3:
                price = 0.0 if len(token) == 3 else 0.3
                self.push(cost + price, index + 1, "", stack, "s", (pieces, delimiter), 0, 0)
            elif token[0] == quote and self.is_last(index):
                self.push(cost + 0.4, index + 1, "", stack, "s", (pieces, delimiter), 0, 0)
                self.push(cost + 0.3, index + 1, delimiter, stack, last, (pieces, token), start, ours)
            else:
                self.push(cost, index + 1, delimiter, stack, last, (pieces, token), start, ours)
            return
        if token[0] == quote:
            run = len(token)
            if run >= 4 and not self.before:
                closing = "".join(PAIRS[bracket] for bracket in reversed(stack))
                torn = (pieces, quote + closing + "\n" + quote * 3)
                self.push(cost + 0.9, index + 1, quote * 3, (), "S", torn, index + 1, 0)
            closing = self.content(start, index, ours, stack, last)
            price = 0.0 if run == 1 else _DELETE_QUOTE
            self.push(cost + closing + price, index + 1, "", stack, "s", (pieces, quote), 0, 0)
            self.push(cost + _DELETE_QUOTE + 0.05 * (run - 1), index + 1, delimiter, stack, last, pieces, start, ours)
            return
        if token in ")]}," and index > start:
            self.moved_quote(cost, index, delimiter, stack, last, pieces, start, ours)
        if index > start or not ours:
            price = self.closing_price(index, start, ours)
            if price < 5:
                price += self.content(start, index, ours, stack, last)
                if token == ":" and stack and stack[-1] == "{" and last in "(,":
                    price -= 0.25  # the key of an entry
                space = ""
                self.push(cost + price, index, "", stack, "s", (pieces, quote + space), 0, 0)
        if token != "\\":  # which would escape the end of the line
            self.push(cost, index + 1, delimiter, stack, last, (pieces, token), start, ours)

    def moved_quote(
        self, cost: float, index: int, quote: str, stack: tuple[str, ...], last: str, pieces: object, start: int, ours: int
    ) -> None:
        """The closing quote was moved past the brackets and the comma or colon that it stood before."""
        text = quote
        kind = "s"
        at = index
        while at < len(self.tokens) and self.tokens[at] in ")]},:":
            token = self.tokens[at]
            if token in CLOSERS:
                if not stack or PAIRS[stack[-1]] != token or kind not in "sc":
                    return
                stack = stack[:-1]
                kind = "c"
            else:
                kind = token
            text += token
            at += 1
        if at < len(self.tokens) and self.tokens[at][0] == quote and len(self.tokens[at]) < 3 and self.is_last(at):
            price = 0.55 + self.content(start, index, ours, (), last)
            self.push(cost + price, at + 1, "", stack, kind, (pieces, text), 0, 0)

    def closing_price(self, index: int, start: int, ours: int) -> float:
        """The cost of a lost closing quote before this token; 9 where none can have stood."""
        token = self.tokens[index]
        if index and self.tokens[index - 1][0] in " \t":
            return 9.0  # the place is before the space
        if token in ")]},:":
            return _INSERT_CLOSE
        if token == "[" or token == ".":
            return _INSERT_CLOSE + (0.9 if token == "[" else 0.8)
        if token[0] in " \t":
            follows = self.tokens[index + 1] if index + 1 < len(self.tokens) else ""
            if follows == "*" and index - start == 1 and self.tokens[start] in _RULERS:
                return 0.1
            if follows in ("in", "not", "and", "or", "if", "else", "for", "is", "as", "==", "!=", "%", "+", "#", "}"):
                return _INSERT_CLOSE + 0.25
            if follows == "\\":
                return _INSERT_CLOSE
            return 9.0
        if token == "=":
            return 9.0
        return 9.0

    def content(self, start: int, stop: int, ours: int, stack: tuple[str, ...], last: str) -> float:
        """How unlikely the string between these tokens is, where it stands."""
        text = "".join(self.tokens[start:stop])
        cost = string_cost(text, self.known, bool(ours), bool(self.before))
        if stack and stack[-1] == "{" and last in "(," and _KEYED.match(text):
            cost += 0.9
        if self.header and text.endswith(":") and self.is_last(stop - 1):
            cost += 0.8
        return cost

    # -- the end of the line

    def end(
        self,
        cost: float,
        delimiter: str,
        stack: tuple[str, ...],
        last: str,
        pieces: object,
        start: int,
        ours: int,
    ) -> None:
        """What may stand at the end of the line."""
        if len(delimiter) == 3:
            self.finish(cost, stack, "s", delimiter, pieces)
            self.push(cost + 1.1, len(self.tokens), "", stack, "s", (pieces, delimiter), 0, 0)
        elif delimiter:
            price = _INSERT_CLOSE + self.content(start, len(self.tokens), ours, stack, last)
            self.push(cost + price, len(self.tokens), "", stack, "s", (pieces, delimiter), 0, 0)
        else:
            self.leave(cost, stack, last, pieces, "")

    def leave(self, cost: float, stack: tuple[str, ...], last: str, pieces: object, comment: str) -> None:
        """Ends the line as code, with what is still missing there."""
        if last == "p":
            return
        if not stack:
            if last in "o." and not comment:
                return
            if self.header and last != ":" and (not self.before or last in "cn"):
                colon = _inline(pieces)
                if not (colon and last != ":"):
                    self.finish(cost + _COLON, stack, ":", "", (_before_space(pieces, ":"), comment))
                    return
            if last == "," and not self.before and self.last == "S":
                cost += 0.9
            self.finish(cost, stack, last, "", (pieces, comment))
            return
        price = 0.0
        if self.header and last == ":":
            price = 1.5
        elif len(stack) > len(self.before) and not comment:
            price = (0.1 if self.opens else 0.8) if last in OPERANDS else 0.0 if self.opens else 0.3
        self.finish(cost + price, stack, last, "", (pieces, comment))
        if last in OPERANDS or last in "(,":
            depth = len(stack)
            for kept in range(depth - 1, -1, -1):
                closing = "".join(PAIRS[bracket] for bracket in reversed(stack[kept:]))
                price = _INSERT_CLOSER + 0.7 * (depth - kept - 1) + (0.6 if last == "(" else 0.0)
                tail, kind = "", "c"
                if self.header and kept == 0:
                    tail, kind, price = ":", ":", price + _COLON
                elif kept > 0 and self.opens is False:
                    pass
                self.finish(cost + price, stack[:kept], kind, "", (_before_space(pieces, closing + tail), comment))

    # -- looking around

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


def _joined(pieces: object) -> str:
    parts: list[str] = []
    while pieces is not None:
        pieces, part = pieces  # type: ignore[misc]
        parts.append(part)
    return "".join(reversed(parts))


def _before_space(pieces: object, text: str) -> object:
    """The pieces with a text added before the spaces at their end."""
    if pieces is not None and pieces[1].strip(" \t\f") == "" and pieces[1]:  # type: ignore[index]
        inner, space = pieces  # type: ignore[misc]
        return ((_before_space(inner, text)), space)
    return (pieces, text)


def _inline(pieces: object) -> bool:
    """Whether a block's head already holds its colon, with the body on the same line."""
    text = _joined(pieces)
    return _colon_outside(text)


def _colon_outside(text: str) -> bool:
    depth = 0
    quote = ""
    for token in tokenize_line(text):
        if quote:
            if token.startswith(quote):
                quote = ""
        elif token[0] in "\"'":
            quote = "" if len(token) in (2, 6) else token[:3] if len(token) >= 3 else token
        elif token in OPENERS:
            depth += 1
        elif token in CLOSERS:
            depth -= 1
        elif token == ":" and depth <= 0:
            return True
    return False
