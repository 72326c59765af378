"""Which lines two texts share, in time that stays near their length: for differences of files of any size.

Lines that both texts hold once are anchors (patience difference, Bram Cohen); between anchors the same again, and what
has no anchor is compared line by line while that is small, and counts as replaced where it is not.
"""

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

_SMALL = 400 * 400


def changed_runs(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    """The runs that differ, in order: lines ``a`` to ``b`` of the old text became lines ``c`` to ``d`` of the new."""
    runs: list[tuple[int, int, int, int]] = []
    for run in _runs(old, new):
        if runs and runs[-1][1] == run[0] and runs[-1][3] == run[2]:
            runs[-1] = (runs[-1][0], run[1], runs[-1][2], run[3])
        else:
            runs.append(run)
    return runs


def _runs(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[int, int, int, int]]:
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        first, last, start, end = waiting.pop()
        while first < last and start < end and old[first] == new[start]:
            first, start = first + 1, start + 1
        while first < last and start < end and old[last - 1] == new[end - 1]:
            last, end = last - 1, end - 1
        if first == last or start == end:
            if first < last or start < end:
                yield first, last, start, end
            continue
        anchors = _anchors(old, new, first, last, start, end)
        if anchors:
            parts, at, to = [], first, start
            for one, other in anchors:
                parts.append((at, one, to, other))
                at, to = one + 1, other + 1
            parts.append((at, last, to, end))
            waiting += reversed(parts)
        elif (last - first) * (end - start) <= _SMALL:
            matcher = difflib.SequenceMatcher(None, old[first:last], new[start:end], autojunk=False)
            for kind, a, b, c, d in matcher.get_opcodes():
                if kind != "equal":
                    yield first + a, first + b, start + c, start + d
        else:
            yield first, last, start, end


def _anchors(
    old: Sequence[bytes], new: Sequence[bytes], first: int, last: int, start: int, end: int
) -> list[tuple[int, int]]:
    """Pairs of equal lines that occur once in each part: the longest sequence of them that rises in both."""
    once = {line for line, count in Counter(old[first:last]).items() if count == 1}
    there = Counter(new[start:end])
    places = {new[at]: at for at in range(start, end) if there[new[at]] == 1 and new[at] in once}
    pairs = [(at, places[old[at]]) for at in range(first, last) if old[at] in places]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, at) in enumerate(pairs):
        length = bisect_left(tails, at)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(at)
            ends.append(index)
        else:
            tails[length], ends[length] = at, index
    found, index = [], ends[-1] if ends else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]
