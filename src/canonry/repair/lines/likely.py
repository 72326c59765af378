"""How likely a statement is in its file: by what follows what there, and by what its parts do."""

import ast
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from canonry.repair.lines.tokens import KEYWORDS

_TOKEN = re.compile(
    r"(?P<s>(?:[rbfuRBFU]{1,2})?(?:\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    r"|\"(?!\"\")(?:[^\"\\\n]|\\.)*\"|'(?!'')(?:[^'\\\n]|\\.)*'))"
    r"|(?P<c>#[^\n]*|\\\n)|(?P<n>[^\W\d]\w*)|(?P<d>\d[\w.]*)|(?P<b>[ \t\f]+)"
    r"|(?P<o>\n|\.\.\.|->|:=|\*\*=?|//=?|<<=?|>>=?|[=!<>+\-*/%&|^@]=|.)",
    re.DOTALL,
)
_CALLED = re.compile(r"([^\W\d]\w*)\(")
_CALLABLE = frozenset(
    "bool bytes callable dict enumerate float getattr hasattr id int isinstance issubclass iter len list max min next"
    " open print range repr reversed set setattr sorted str sum super tuple type zip".split()
)
_ARITY = {  # numbers of positional arguments that these take
    "callable": (1,),
    "enumerate": (1, 2),
    "getattr": (2, 3),
    "hasattr": (2,),
    "isinstance": (2,),
    "issubclass": (2,),
    "len": (1,),
    "range": (1, 2, 3),
    "repr": (1,),
    "setattr": (3,),
    "sorted": (1,),
    "super": (0, 2),
}
_STATEMENTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)
_NO_FUNCTION = (ast.Constant, ast.JoinedStr, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.BinOp, ast.Compare, ast.BoolOp)
_WEIGHT = 0.3  # of a natural unit of information
_SMOOTH = 1.5


class Habitat:
    """What the statements of one file look like."""

    def __init__(self, text: str) -> None:
        self.called = frozenset(_CALLED.findall(text)) - KEYWORDS | _CALLABLE
        self.twice = 0.7 if ")(" in text else 4.5  # the price of a call of what a call returns
        self.picked = 0.0 if "](" in text else 2.4  # the price of a call of what a key picks
        self.words = Counter(re.findall(r"[^\W\d]\w*", text))
        self.single: Counter[str] = Counter()
        self.pairs: dict[str, Counter[str]] = defaultdict(Counter)
        self.triples: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.exact: Counter[tuple[str, str]] = Counter()
        before, last = "\n", "\n"
        name = ""
        for kind, word in self.kinds(text):
            self.single[kind] += 1
            self.pairs[last][kind] += 1
            self.triples[before, last][kind] += 1
            self.exact[name, word] += 1
            before, last, name = last, kind, word
        self.total = sum(self.single.values()) + 20.0
        self.arguments: dict[str, Counter[int]] = defaultdict(Counter)
        for match in re.finditer(r"([^\W\d]\w*)\(((?:[^()\"'\n#]|\([^()\n]*\)|\"[^\"\n]*\"|'[^'\n]*')*)\)", text):
            self.arguments[match.group(1)][_commas(match.group(2))] += 1

    def kinds(self, text: str) -> Iterator[tuple[str, str]]:
        """The kind of every token, a space in front where one stands before it, and its text."""
        space, at_start = "", True
        for match in _TOKEN.finditer(text):
            group = match.lastgroup
            word = match.group()
            if group == "b":
                space = " "
                continue
            if group == "c":
                continue
            if group == "n":
                kind = word if word in KEYWORDS else "F" if word in self.called else "N"
            else:
                kind = word if group == "o" else str(group)
            if kind == "\n" or at_start:
                space = ""  # it is indentation
            at_start = kind == "\n"
            yield space + kind, word
            space = ""

    def surprise(self, statement: str) -> float:
        """How unlikely the order of the tokens is; comparable between readings of one statement."""
        found = 0.0
        before, last, name = "\n", "\n", "\n"
        for kind, word in (*self.kinds(statement), ("\n", "\n")):
            alone = (self.single[kind] + 0.2) / self.total
            followers = self.pairs.get(last, Counter())
            pair = (followers[kind] + _SMOOTH * alone) / (followers.total() + _SMOOTH)
            later = self.triples.get((before, last), Counter())
            triple = (later[kind] + _SMOOTH * pair) / (later.total() + _SMOOTH)
            found -= math.log(triple)
            if self.exact.get((name, word)):
                found -= 0.5
            before, last, name = last, kind, word
        return _WEIGHT * found

    def strangeness(self, tree: ast.AST) -> float:
        """The price of what the parts of a statement do, as hardly any code does it."""
        found = 0.0
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr):
                value = node.value
                if isinstance(value, ast.Constant):
                    found += 0.0 if not isinstance(value.value, (int, float, type(None))) else 2.0
                elif not isinstance(value, _STATEMENTS):
                    found += 2.5
            elif isinstance(node, ast.Assert):
                found += 3.0 if isinstance(node.test, (ast.Tuple, ast.Constant, ast.JoinedStr)) else 0.0
            elif isinstance(node, (ast.If, ast.While)):
                found += 3.0 if isinstance(node.test, (ast.Tuple, ast.JoinedStr)) else 0.0
                found += 2.0 if isinstance(node.test, ast.Constant) and isinstance(node.test.value, str) else 0.0
            elif isinstance(node, ast.Call):
                found += self._call(node)
            elif isinstance(node, ast.AnnAssign):
                found += 0.8 if node.value is None else 0.0
            elif isinstance(node, (ast.Assign, ast.Return)):
                found += 0.8 if _bare_tuple(node.value) else 0.0
            elif isinstance(node, ast.Attribute):
                found += 1.0 if isinstance(node.value, (ast.Tuple, ast.Compare, ast.BoolOp)) else 0.0
            elif isinstance(node, ast.Subscript):
                found += 2.0 if isinstance(node.value, (ast.Tuple, ast.Compare, ast.Constant)) else 0.0
            elif isinstance(node, ast.Compare):
                found += sum(2.0 for each in (node.left, *node.comparators) if isinstance(each, ast.Compare))
        return found

    def _call(self, node: ast.Call) -> float:
        function = node.func
        found = 0.0
        if isinstance(function, _NO_FUNCTION):
            return 3.0
        if isinstance(function, ast.Call):
            found += self.twice
        if isinstance(function, ast.Subscript):
            found += self.picked
        if len(node.args) == 1 and isinstance(node.args[0], (ast.Compare, ast.BoolOp)):
            found += 2.4
        if len(node.args) + len(node.keywords) > 1 and any(isinstance(each, ast.Compare) for each in node.args):
            found += 0.5
        name = str(getattr(function, "id", "") or getattr(function, "attr", ""))
        if any(isinstance(each, ast.Starred) for each in node.args):
            return found
        taken = _ARITY.get(name) if isinstance(function, ast.Name) else None
        if taken is not None:
            return found + (0.0 if len(node.args) in taken else 3.0)
        counts = self.arguments.get(name)
        if counts and len(node.args) + len(node.keywords) not in counts:
            found += min(1.2, 0.3 + 0.15 * counts.total())
        return found


def _bare_tuple(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Tuple) and bool(value.elts) and value.col_offset == value.elts[0].col_offset


def moved_quotes(statement: str) -> bool:
    """Whether a string of the statement ends with a closing bracket that belongs before its quote."""
    for match in _TOKEN.finditer(statement):
        word = match.group()
        if match.lastgroup == "s" and word[-2:-1] in (")", "]", "}") and word[-3:] not in ('"""', "'''"):
            closer = word[-2]
            if word.count(closer) > word.count({")": "(", "]": "[", "}": "{"}[closer]):
                return True
    return False


def _commas(arguments: str) -> int:
    """How many arguments a text between two brackets holds."""
    depth = count = 0
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "s", arguments).strip().rstrip(",")
    for character in bare:
        depth += (character in "([{") - (character in ")]}")
        count += character == "," and depth == 0
    return count + 1 if bare else 0


def swallowed(content: str, habitat: Habitat) -> float:
    """The price of reading a text as the content of a string although parts of it look like code of this file."""
    found = 0.0
    for match in re.finditer(r"(?<![\w'-])([^\W\d]\w*)(\(|\.(?=[^\W\d])|\[|=(?!=)| ?[=!]=|)", content):
        word, sign = match.groups()
        if sign and (word in habitat.called or sign[0] in "(=["):
            found += 0.6
        elif ("_" in word or (word not in KEYWORDS and len(content) > len(word))) and habitat.words[word] > 1:
            found += 0.3 if "_" in word else 0.1
    found += 0.4 * len(re.findall(r"[\w)\]\"'] *(?:==|!=|, )|, *\w+=", content))
    found += 0.3 * sum(content.count(mark) for mark in "\"'" if content.count(mark) % 2)
    return min(found, 4.0)
