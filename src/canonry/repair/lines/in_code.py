"""What may follow in the code of a broken line: names, brackets, operators, and its end."""

from canonry.repair.lines.quotes import Quotes
from canonry.repair.lines.reading import (
    COLON,
    DELETE_CLOSER,
    DELETE_OPENER,
    INSERT_CLOSE,
    INSERT_CLOSER,
    REPLACE_CLOSER,
    SPLIT_PREFIX,
    Pieces,
    before_space,
    inline,
)
from canonry.repair.lines.tokens import (
    AFTER_OPERAND,
    BEFORE_OPERAND,
    CLOSERS,
    CONSTANTS,
    KEYWORDS,
    OPENERS,
    OPERANDS,
    PAIRS,
    PREFIXES,
    is_number,
    is_word,
)

BUILTIN_WORDS = frozenset(
    {"id", "type", "input", "format", "filter", "hash", "max", "min", "sum", "range", "object", "property", "dict"}
    | {
        "list",
        "set",
        "tuple",
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "dir",
        "file",
        "len",
        "map",
        "next",
        "open",
        "vars",
    }
)
_NAMES_OF_NAMES = frozenset({"__all__", "__slots__", "__match_args__"})


class InCode(Quotes):
    """The part of a search that reads code."""

    def outside(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
        """The next token read as code."""
        token = self.tokens[index]
        first = token[0]
        if first in " \t\f":
            self.push(cost, index + 1, "", stack, last, (pieces, token), 0, 0)
            return
        if (last not in OPERANDS and last != "p") or (last == "s" and not pieces and index == 0):
            self.open_string(cost, index, stack, last, pieces)
        if first in "\"'":
            self.quotes(cost, index, stack, last, pieces)
        elif first == "#":
            rest = "".join(self.tokens[index:])
            self.leave(
                cost + (0.0 if index == 0 or self.tokens[index - 1][0] in " \t" else 0.4), stack, last, pieces, rest
            )
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

    def name(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
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
            and (
                token not in self.known
                or (token == "f" and "{" in self.line and self.tokens[index + 1][0] not in " \t[(")
            )
        ):
            for quote in self.delimiters(index + 1):
                if last not in OPERANDS or last == "s":
                    extra = 0.0 if quote == self.quote else 0.2
                    self.push(
                        cost + SPLIT_PREFIX + extra,
                        index + 1,
                        quote,
                        stack,
                        last,
                        (pieces, token + quote),
                        index + 1,
                        1,
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
            if last in OPERANDS and token not in AFTER_OPERAND:
                return
            if last == "S" and token in ("and", "or", "in", "is", "as"):
                return
            generating = last in ",:" and token in ("for", "async")
            if last in "o(,:" and token not in BEFORE_OPERAND and not generating and (last != ":" or stack):
                return
            if last == "k" and token in ("and", "or", "as", "if", "else", "while"):
                return
        elif last in OPERANDS:
            return
        elif token not in self.known and token not in CONSTANTS:
            price = self.strangeness(index, stack, last, follows)
        elif (self.word in _NAMES_OF_NAMES and stack and last in "(," and follows in ("", ",", "]", ")")) or (
            self.unknown > 0.5 and last in "(," and follows in (",", ")") and self.names_a_name(index, last)
        ):
            price = 1.3
        elif token in BUILTIN_WORDS and self.unknown > 0.5 and follows in (")", "]", ","):
            before = self.tokens[index - 2 : index]
            if (
                before[-1:] == ["["] and follows == "]" and before[0].islower() and before[0] not in BUILTIN_WORDS
            ) or before in (["get", "("], ["pop", "("]):
                price = 1.3
        if token in ("match", "case", "type", "print") and last == "S" and self.header and kind == "n":
            kind = "k"
        self.push(cost + price, index + 1, "", stack, kind, (pieces, token), 0, 0)

    def strangeness(self, index: int, stack: tuple[str, ...], last: str, follows: str) -> float:
        """The cost of a name that nothing binds, where it stands."""
        if self.importing or (last == "k" and self.word in ("def", "class", "global", "nonlocal", "import", "from")):
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

    def opener(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
        """An opening bracket read as code."""
        token = self.tokens[index]
        if last in "p." or (token == "{" and last in OPERANDS) or (last in "ds" and token == "("):
            return
        if len(stack) > 12:
            return
        self.push(cost, index + 1, "", (*stack, token), "(", (pieces, token), 0, 0)
        self.push(cost + DELETE_OPENER, index + 1, "", stack, last, pieces, 0, 0)

    def closer(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
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
                self.push(cost + REPLACE_CLOSER, index + 1, "", stack[:-1], "c", (pieces, right), 0, 0)
                if any(PAIRS[bracket] == token for bracket in stack[:-1]):
                    self.push(cost + INSERT_CLOSER, index, "", stack[:-1], "c", (pieces, right), 0, 0)
        price = DELETE_CLOSER
        if last == "(" and self.is_last(index):
            price = 0.4
        self.push(cost + price, index + 1, "", stack, last, pieces, 0, 0)

    def operator(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
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
            self.push(
                cost, index + 1, "", stack, "n" if last != "k" or not self.importing else ".", (pieces, token), 0, 0
            )
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

    def colon(self, cost: float, index: int, stack: tuple[str, ...], last: str, pieces: Pieces) -> None:
        """A colon: of a block, a slice, an entry or an annotation."""
        final = self.is_last(index)
        if last in ".o":
            return
        if stack and self.header and final and (last in OPERANDS or last == "("):
            closing = "".join(PAIRS[bracket] for bracket in reversed(stack))
            price = INSERT_CLOSER + 0.4 * (len(stack) - 1) - 0.1
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

    def end(
        self,
        cost: float,
        delimiter: str,
        stack: tuple[str, ...],
        last: str,
        pieces: Pieces,
        start: int,
        ours: int,
    ) -> None:
        """What may stand at the end of the line."""
        if len(delimiter) == 3:
            self.finish(cost, stack, "s", delimiter, pieces)
            self.push(cost + 1.1, len(self.tokens), "", stack, "s", (pieces, delimiter), 0, 0)
        elif delimiter:
            price = INSERT_CLOSE + self.content(start, len(self.tokens), ours, stack, last)
            self.push(cost + price, len(self.tokens), "", stack, "s", (pieces, delimiter), 0, 0)
        else:
            self.leave(cost, stack, last, pieces, "")

    def leave(self, cost: float, stack: tuple[str, ...], last: str, pieces: Pieces, comment: str) -> None:
        """Ends the line as code, with what is still missing there."""
        if last == "p":
            return
        if not stack:
            if last in "o." and not comment:
                return
            if self.header and last != ":" and (not self.before or last in "cn"):
                colon = inline(pieces)
                if not (colon and last != ":"):
                    self.finish(cost + COLON, stack, ":", "", (before_space(pieces, ":"), comment))
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
                price = INSERT_CLOSER + 0.7 * (depth - kept - 1) + (0.6 if last == "(" else 0.0)
                tail, kind = "", "c"
                if self.header and kept == 0:
                    tail, kind, price = ":", ":", price + COLON
                elif kept > 0 and self.opens is False:
                    pass
                self.finish(cost + price, stack[:kept], kind, "", (before_space(pieces, closing + tail), comment))
