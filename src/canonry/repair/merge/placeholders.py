"""Strings that a mass edit put in the place of many different ones; they parse, and only history can undo them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from canonry.repair.merge.align import line_words, skeleton
from canonry.repair.merge.changes import Change, pair_lines

_MOST_WORDS = 3
_FEWEST_LOST = 3

_Words = tuple[str, ...]


def without_placeholders(changes: Iterable[Change], base: Sequence[str]) -> Iterator[Change]:
    """The changes, with the base's lines where one same string replaced at least three different texts."""
    found = list(changes)
    lost: dict[_Words, set[_Words]] = defaultdict(set)
    for change in found:
        for old, new in _pairs(change, base):
            gain, loss = _exchanged(base[old], change.lines[new])
            if 0 < len(gain) <= _MOST_WORDS < len(gain) + len(loss) and _is_string(gain, change.lines[new]):
                lost[gain].add(loss)
    placeholders = {gain for gain, losses in lost.items() if len(losses) >= _FEWEST_LOST}
    for change in found:
        restored = _restored(change, base, placeholders) if placeholders else change
        if restored is not None:
            yield restored


def _restored(change: Change, base: Sequence[str], placeholders: set[_Words]) -> Change | None:
    """The change without placeholders; None where nothing else is in it."""
    lines = list(change.lines)
    for old, new in _pairs(change, base):
        gain, _ = _exchanged(base[old], lines[new])
        if gain in placeholders and _is_string(gain, lines[new]):
            lines[new] = base[old]
    if list(map(skeleton, filter(skeleton, lines))) == list(map(skeleton, filter(skeleton, base[slice(*change.base)]))):
        return None
    return Change(change.base, change.broken, tuple(lines), change.narrow)


def _pairs(change: Change, base: Sequence[str]) -> list[tuple[int, int]]:
    """Lines of the base and indexes of the change's lines that stand for each other."""
    start, stop = change.base
    old = [index for index in range(start, stop) if skeleton(base[index])]
    new = [index for index, line in enumerate(change.lines) if skeleton(line)]
    if len(old) == len(new):
        return list(zip(old, new, strict=True))
    return [(start + i, j) for i, j in pair_lines(base[start:stop], change.lines)]


def _exchanged(old: str, new: str) -> tuple[_Words, _Words]:
    """The words that a line gained and those that it lost."""
    mine, theirs = Counter(line_words(old)), Counter(line_words(new))
    return tuple((theirs - mine).elements()), tuple((mine - theirs).elements())


def _is_string(words: _Words, line: str) -> bool:
    """Whether the words are all that a string of the line holds."""
    text = " ".join(words)
    return f'"{text}"' in line or f"'{text}'" in line
