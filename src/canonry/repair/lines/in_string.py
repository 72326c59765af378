"""What may follow inside a string of a broken line."""

import re

from canonry.repair.lines.machine import Machine
from canonry.repair.lines.reading import DELETE_QUOTE, INSERT_CLOSE, Pieces
from canonry.repair.lines.strings import string_cost
from canonry.repair.lines.tokens import CLOSERS, PAIRS

_KEYED = re.compile(r"[\w.$-]+\"?:(?:[ \t]|\Z)")
_RULERS = frozenset("=-*_#~.+")


class InString(Machine):
    """The part of a search that reads strings."""

    def inside(
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
            strange = self.content(start, index, ours, stack, last)
            price = 0.0 if run == 1 else DELETE_QUOTE
            self.push(cost + strange + price, index + 1, "", stack, "s", (pieces, quote), 0, 0)
            self.push(cost + DELETE_QUOTE + 0.05 * (run - 1), index + 1, delimiter, stack, last, pieces, start, ours)
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
        self,
        cost: float,
        index: int,
        quote: str,
        stack: tuple[str, ...],
        last: str,
        pieces: Pieces,
        start: int,
        ours: int,
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
            return INSERT_CLOSE
        if token == "[" or token == ".":
            return INSERT_CLOSE + (0.9 if token == "[" else 0.8)
        if token[0] in " \t":
            follows = self.tokens[index + 1] if index + 1 < len(self.tokens) else ""
            if follows == "*" and index - start == 1 and self.tokens[start] in _RULERS:
                return 0.1
            if follows in ("in", "not", "and", "or", "if", "else", "for", "is", "as", "==", "!=", "%", "+", "#", "}"):
                return INSERT_CLOSE + 0.25
            if follows == "\\":
                return INSERT_CLOSE
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
