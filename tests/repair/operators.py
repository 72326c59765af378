"""Seeded damage, one operator for each class: what careless bulk edits do to healthy Python."""

import re
from collections.abc import Callable
from random import Random

Operator = Callable[[str, Random, float], str]


def damaged(text: str, name: str, seed: int, *, rate: float = 0.3) -> str:
    """The text with one class of damage wherever it applies, at the rate."""
    return OPERATORS[name](text, Random(seed), rate)


def _where(pattern: str, replacement: str | Callable[[re.Match[str]], str]) -> Operator:
    compiled = re.compile(pattern, re.MULTILINE)

    def operate(text: str, random: Random, rate: float) -> str:
        def one(match: re.Match[str]) -> str:
            if random.random() >= rate:
                return match.group()
            return match.expand(replacement) if isinstance(replacement, str) else replacement(match)

        return compiled.sub(one, text)

    return operate


OPERATORS: dict[str, Operator] = {
    "closing quote behind the bracket": _where(r'"(\)+:?)$', r'\1"'),
    "triple quote shrunk": _where(r'^( +)"""(\w[^"\n]*)"""$', r'\1"\2"""'),
    "triple quote split": _where(r'^( *)"""$', r'\1"' + "\n" + r'\1""'),
    "triple quote repeated": _where(r'^( *)"""$', r'\1"""' + "\n" + r'\1"""'),
    "triple quote lost": _where(r'^ *"""\n', ""),
    "four quotes": _where(r'"""(?=\w)', '""""'),
    "opening quote lost": _where(r'(?<=[(=,] )"(?=[a-z])', ""),
    "both quotes lost": _where(r'(?<=\()"([a-z][^"\n{}\\]{4,40})"(?=[,)])', r"\1"),
    "line repeated": _where(r'^( +\w[^"\n]*"[^"\n]*")$', r"\1" + "\n" + r'\1"'),
    "opener closed": _where(r"(?<=\()$", ")"),
    "wrong closer": _where(r"^( *)\)$", r"\1]"),
    "closer dropped": _where(r"\)$", ""),
    "quote in a comment": _where(r"^( *# .*)$", r"\1'"),
    "quote behind code": _where(r"^( +\w[^\n#'\"]*\))$", r'\1"'),
    "body at the head": _where(r"^( *)(if [^\n]*:|else:|for [^\n]*:)\n +", r"\1\2" + "\n" + r"\1"),
    "body commented": _where(r"^( *)(if [^\n]*:)\n( +)(\w[^\n]*)$", r"\1\2" + "\n" + r"\3# REMOVED: \4"),
    "text between quotes lost": _where(r'"\)\n(?:[^\n"]*\n){1,3}[^\n"]*"', '""'),
    "handler lost": _where(r"^ *except [^\n]*:\n +[^\n]*\n", ""),
    "conflict": _where(r"^( +\w+ = [^\n(\[{]*\n)", "<<<<<<< HEAD\n" + r"\1" + "=======\n" + r"\1" + ">>>>>>> other\n"),
    "import split": _where(r"^(from \S+ import) \($", r"\1 ()"),
    "method out of its class": _where(r"^    (def \w+\(self)", r"\1"),
}
