"""What a broken text changes in its base: real changes, told from the damage around them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from canonry.repair.merge.align import Gap, align, line_words, same_word, same_words, skeleton
from canonry.repair.merge.signs import mean_other

_MOST_CELLS = 6000
_ALIKE = 0.5
_NEAR = 12


@dataclass(frozen=True, slots=True)
class Change:
    """Base lines ``base`` become ``lines``, which stand in the broken text at ``broken``. Ranges are half open."""

    base: tuple[int, int]
    broken: tuple[int, int]
    lines: tuple[str, ...]
    narrow: tuple["Change", ...] = ()
    """The changes that a wide one is made of; see `canonry.repair.merge.depth`."""


def changes_of(base: Sequence[str], broken: Sequence[str]) -> Iterator[Change]:
    """The changes from base to broken in order, each as small a run of lines as matching lines leave."""
    for gap in align(base, broken):
        old, new = base[slice(*gap.base)], broken[slice(*gap.broken)]
        if _is_damage(old, new):
            continue
        change = _as_change(gap, base, broken)
        if old or any(map(skeleton, change.lines)):
            yield change


def _as_change(gap: Gap, base: Sequence[str], broken: Sequence[str]) -> Change:
    """The gap as one change; lines at its edges without a word that both sides have stay the base's."""
    (start, stop), (first, last) = gap.base, gap.broken
    lines = list(broken[first:last])
    for i, j in pair_lines(base[start:stop], lines):
        if _is_damage([base[start + i]], [lines[j]]):
            lines[j] = base[start + i]
    beside = (
        base[max(0, start - _NEAR) : start][::-1],
        base[stop : stop + _NEAR],
        broken[max(0, first - _NEAR) : first][::-1],
        broken[last : last + _NEAR],
    )
    around = [line for line in map(_worded, beside) if line is not None]
    return Change(gap.base, gap.broken, tuple(line for line in lines if not _repeats(line, around)))


def _repeats(line: str, around: Sequence[str]) -> bool:
    """Whether a line says what a line beside it says, with other signs: mass edits leave such pairs behind."""
    words = skeleton(line)
    return bool(words) and any(words == skeleton(other) and line.strip() != other.strip() for other in around)


def _worded(lines: Iterable[str]) -> str | None:
    return next((line for line in lines if skeleton(line)), None)


def parts_of(change: Change, base: Sequence[str], broken: Sequence[str]) -> list[Change]:
    """A change as the smallest changes that pairs of similar lines allow; damaged pairs are left out."""
    (start, stop), (first, last) = change.base, change.broken
    found: list[Change] = []
    at_base, at_broken = start, first
    pairs = [(start + i, first + j) for i, j in pair_lines(base[start:stop], broken[first:last])]
    for i, j in [*pairs, (stop, last)]:
        found += _between(base, broken, (at_base, i), (at_broken, j))
        if i < stop and not _is_damage([base[i]], [broken[j]]):
            found.append(Change((i, i + 1), (j, j + 1), (broken[j],)))
        at_base, at_broken = i + 1, j + 1
    return found


def _between(
    base: Sequence[str], broken: Sequence[str], old: tuple[int, int], new: tuple[int, int]
) -> Iterator[Change]:
    """The lines between two pairs, where they hold words; closers that both have first or last are left out."""
    (start, stop), (first, last) = old, new
    while start < stop and first < last and _same_signs(base[start], broken[first]):
        start, first = start + 1, first + 1
    while start < stop and first < last and _same_signs(base[stop - 1], broken[last - 1]):
        stop, last = stop - 1, last - 1
    lines = broken[first:last]
    if any(map(skeleton, lines)) or any(map(skeleton, base[start:stop])):
        yield Change((start, stop), (first, last), tuple(lines))


def _same_signs(one: str, other: str) -> bool:
    return one.strip() == other.strip() and not skeleton(one)


def pair_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The lines that stand for each other, in order: at least half of their words are the same.

    The sum of likeness is greatest (dynamic programming); nothing is paired where that would take too long.
    """
    mine = [(index, words) for index, line in enumerate(old) if (words := line_words(line))]
    theirs = [(index, words) for index, line in enumerate(new) if (words := line_words(line))]
    if not mine or not theirs or len(mine) * len(theirs) > _MOST_CELLS:
        return []
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    gains: dict[tuple[int, int], float] = {}
    for i in range(len(mine) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            gain = likeness(mine[i][1], theirs[j][1])
            if gain >= _ALIKE:
                gains[i, j] = gain
                best[i][j] = max(best[i][j], best[i + 1][j + 1] + gain)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < len(mine) and j < len(theirs):
        gain = gains.get((i, j), 0.0)
        if gain and best[i][j] == best[i + 1][j + 1] + gain:
            pairs.append((mine[i][0], theirs[j][0]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def likeness(old: Sequence[str], new: Sequence[str]) -> float:
    """The share of words that two lines have in common, of the longer one."""
    if same_words(old, new):
        return 1.0
    known = set(old)
    plain = [
        word if word in known or word[1:] not in known or not same_word(word[1:], word) else word[1:] for word in new
    ]
    return (Counter(old) & Counter(plain)).total() / max(len(old), len(new))


def _is_damage(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether the new lines hold the words of the old ones, neither side commented out."""
    mine, theirs = [line for line in old if skeleton(line)], [line for line in new if skeleton(line)]
    if _commented(mine) != _commented(theirs) or mean_other(mine, theirs):
        return False
    return same_words([w for line in mine for w in line_words(line)], [w for line in theirs for w in line_words(line)])


def _commented(lines: Sequence[str]) -> bool:
    return bool(lines) and all(line.lstrip().startswith("#") for line in lines)
