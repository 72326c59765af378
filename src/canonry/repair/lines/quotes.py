"""Quotes in the code of a broken line: read, put back, dropped."""

from canonry.repair.lines.in_string import InString
from canonry.repair.lines.reading import DELETE_QUOTE, INSERT_OPEN, SPLIT_PREFIX, Pieces
from canonry.repair.lines.tokens import KEYWORDS, PREFIXES, is_word

_NO_STRING = frozenset(
    {"await", "raise", "del", "import", "from", "def", "class", "with", "lambda", "except", "for", "as", "global"}
)


class Quotes(InString):
    """The part of a search that opens strings."""

    def open_string(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
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
            price = INSERT_OPEN if token not in self.known else INSERT_OPEN + 0.4
            if token in KEYWORDS:
                price += 0.2
        elif first in "\"'#":
            price = INSERT_OPEN + 0.5
        else:
            price = INSERT_OPEN + 0.25
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
            if token[0] == "f" and "{" not in self.line and rest != "":
                price = SPLIT_PREFIX + 0.3
            elif token[0] != "f":
                price = SPLIT_PREFIX + 0.6
            else:
                price = SPLIT_PREFIX - 0.1
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
        if sum(token.count(other) for token in rest if token[0] == other) % 2 or (
            any(token[0] == self.quote for token in rest) and not any(token[0] == other for token in rest)
        ):
            found.append(other)
        return found

    def quotes(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
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
            price = DELETE_QUOTE + (0.3 if may_open and not self.is_last(index) else 0.0)
            self.push(cost + price, index + 1, "", stack, last, pieces, 0, 0)
        elif run == 2:
            if may_open:
                stray = 0.7 if last == "," and self.is_last(index) else 0.0
                self.push(cost + glued + stray, index + 1, "", stack, after, (pieces, token), 0, 0)
                self.push(cost + DELETE_QUOTE + glued, index + 1, quote, stack, last, (pieces, quote), index + 1, 0)
            self.push(cost + DELETE_QUOTE + 0.05, index + 1, "", stack, last, pieces, 0, 0)
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
