"""Which lines of a broken text stand for which lines of its healthy ancestor.

Damage changes punctuation, quotes, spacing and pictograms and leaves the words; so lines are compared by their words.
Lines without a word (closing brackets, blank ones) stand with the lines around them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from canonry.repair.merge.signs import mean_other

_WORD = re.compile(r"[^\W\d]\w*|\d+")
_FLEETING = re.compile(r"\\[A-Za-z0-9]|\b[fFrRbBuU]{1,2}(?=[\"'])")
"""What quotes take with them when they are lost: escapes, and the letters before a string."""
_PREFIXES = "fFrRbBuU"
STRING_PREFIXES = frozenset({"f", "r", "b", "u", "fr", "rf", "br", "rb", "F", "R", "B", "U"})
_MOST_STEPS = 400_000
"""Pairs of equal lines that are compared one by one; above, lines that are everywhere are left to their neighbours."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Lines ``[start:stop)`` of the base and of the broken text between two pairs of lines that match."""

    base: tuple[int, int]
    broken: tuple[int, int]


def line_words(line: str) -> list[str]:
    """The words of a line without escapes and string prefixes."""
    return _WORD.findall(_FLEETING.sub(" ", line))


def skeleton(line: str) -> str:
    """The words of a line, joined by one space; empty where it has none. Code that is commented out is other code."""
    words = line_words(line)
    return " ".join(["#", *words] if words and line.lstrip().startswith("#") else words)


def same_words(base: Sequence[str], broken: Sequence[str]) -> bool:
    """Whether two lists of words differ only as damage changes them.

    The prefix of a string that lost its quotes stands alone, or grew onto the first word; words that lost the sign
    between them are one (``append(name)`` -> ``appendname``).
    """
    if len(broken) < len(base) and "".join(broken) == "".join(base):
        return True
    if len(base) != len(broken):
        broken = [word for word in broken if word not in STRING_PREFIXES or word in base]
    return len(base) == len(broken) and all(map(same_word, base, broken))


def same_word(base: str, broken: str) -> bool:
    """Whether two words are one, save for a string's prefix that stuck to it."""
    return base == broken or (broken[:1] in _PREFIXES and broken[1:] == base)


def align(base: Sequence[str], broken: Sequence[str]) -> Iterator[Gap]:
    """The gaps between matching lines in which at least one side holds a word."""
    mine = [(index, key) for index, line in enumerate(base) if (key := skeleton(line))]
    theirs = [(index, key) for index, line in enumerate(broken) if (key := skeleton(line))]
    last_base = last_broken = -1
    pairs = match([key for _, key in mine], [key for _, key in theirs])
    same = [(i, j) for i, j in pairs if not mean_other([base[mine[i][0]]], [broken[theirs[j][0]]])]
    for i, j in [*same, (len(mine), len(theirs))]:
        at_base = mine[i][0] if i < len(mine) else len(base)
        at_broken = theirs[j][0] if j < len(theirs) else len(broken)
        gap = Gap((last_base + 1, at_base), (last_broken + 1, at_broken))
        last_base, last_broken = at_base, at_broken
        if any(map(skeleton, base[slice(*gap.base)])) or any(map(skeleton, broken[slice(*gap.broken)])):
            yield gap


def damaged_share(base: str, broken: str) -> float:
    """The share of broken lines that say what some line of the base says, with other signs."""
    mine = base.split("\n")
    known = {line.strip() for line in mine}
    keys = {skeleton(line) for line in mine}
    theirs = [line for line in broken.split("\n") if line.strip()]
    damaged = [line for line in theirs if line.strip() not in known and (key := skeleton(line)) and key in keys]
    return len(damaged) / max(1, len(theirs))


def match(base: Sequence[str], broken: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Indexes of equal keys, both ascending."""
    start = 0
    while start < min(len(base), len(broken)) and base[start] == broken[start]:
        yield start, start
        start += 1
    stop = 0
    while stop < min(len(base), len(broken)) - start and base[-1 - stop] == broken[-1 - stop]:
        stop += 1
    left, right = base[start : len(base) - stop], broken[start : len(broken) - stop]
    counts = Counter(right)
    matcher = SequenceMatcher(None, left, right, autojunk=sum(counts[key] for key in left) > _MOST_STEPS)
    for i, j, size in matcher.get_matching_blocks():
        for step in range(size):
            yield start + i + step, start + j + step
    for back in range(stop, 0, -1):
        yield len(base) - back, len(broken) - back
