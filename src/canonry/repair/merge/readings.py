"""What damaged lines of a real change may have said."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from canonry.repair.lines.mend import Mended
from canonry.repair.measure import words_of
from canonry.repair.merge.align import line_words, match, skeleton
from canonry.repair.merge.changes import likeness, pair_lines
from canonry.repair.merge.graft import grafts

LineMender = Callable[[str], Sequence[str]]
"""Readings of one damaged line, the likeliest first; their indentation is the line's."""


WholeMender = Callable[[], Mended | None]
"""The whole broken text mended without its history; asked only where a change does not fit as it stands."""


def _no_readings(line: str) -> Sequence[str]:
    return ()


def _not_mended() -> Mended | None:
    return None


@dataclass(frozen=True, slots=True)
class Mending:
    """What tells of damaged lines without history."""

    line: LineMender = _no_readings
    whole: WholeMender = _not_mended


ALONE = Mending()
"""No help: only the signs of the healthy lines mend what is damaged."""

_MOST_READINGS = 3
_CLOSE = 0.7
_STRING = re.compile(r'''"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'''')
_COMMENT = re.compile(r"#.*")
_TRUSTED = 5.0
"""Cost per 100 lines below which the text mended as a whole is asked before the signs of healthy lines."""


class MendedPlaces:
    """The lines of the mended text that stand for lines of the broken text."""

    def __init__(self, broken: Sequence[str], mended: Mended | None) -> None:
        usable = mended is not None and mended.parses
        self._lines = mended.text.split("\n") if mended is not None and usable else []
        self.trusted = mended is not None and usable and mended.cost < _TRUSTED
        mine = [(index, key) for index, line in enumerate(broken) if (key := skeleton(line))]
        theirs = [(index, key) for index, line in enumerate(self._lines) if (key := skeleton(line))]
        self._worded = [index for index, _ in mine]
        pairs = match([key for _, key in mine], [key for _, key in theirs]) if theirs else ()
        self._at = {mine[i][0]: theirs[j][0] for i, j in pairs}

    def lines(self, start: int, stop: int) -> list[str] | None:
        """What broken lines ``[start:stop)`` became; None where that cannot be told."""
        if not self._lines:
            return None
        above = bisect_left(self._worded, start) - 1
        below = bisect_left(self._worded, stop)
        first = self._at.get(self._worded[above]) if above >= 0 else -1
        last = self._at.get(self._worded[below]) if below < len(self._worded) else len(self._lines)
        if first is None or last is None or first >= last:
            return None
        return self._lines[first + 1 : last]


def mended_lines(
    old: Sequence[str], new: Sequence[str], whole: Sequence[str] | None, line: LineMender, *, trusted: bool
) -> Iterator[Sequence[str]]:
    """Readings of the new lines, the likeliest first.

    ``old`` are the lines of the base that they replace, ``whole`` is what they became in the text mended as a whole,
    which is ``trusted`` where few edits mended it. No reading invents a word, or hides code of the old lines in a
    string.
    """
    if not any(line.strip() for line in new):
        return
    for lines in _candidates(old, new, whole, line, trusted=trusted):
        if _is_faithful(old, new, lines) and list(lines) != list(new):
            yield lines


def _candidates(
    old: Sequence[str], new: Sequence[str], whole: Sequence[str] | None, mend_line: LineMender, *, trusted: bool
) -> Iterator[Sequence[str]]:
    if whole is not None and trusted:
        yield whole
    pairs = {j: old[i] for i, j in pair_lines(old, new)}
    if len(new) == 1:
        for line in _line_readings(new[0], pairs.get(0), mend_line):
            yield [line]
    elif pairs:
        yield [
            next(_line_readings(line, pairs[j], mend_line), line) if j in pairs else line for j, line in enumerate(new)
        ]
    if whole is not None:
        yield whole


def _line_readings(line: str, healthy: str | None, mend_line: LineMender) -> Iterator[str]:
    """Readings of one line; where most of its words are the healthy line's, that line's signs come first."""
    mended = list(mend_line(line))[:_MOST_READINGS]
    if mended[:1] == [line]:
        yield line
    close = healthy is not None and likeness(line_words(healthy), line_words(line)) >= _CLOSE
    grafted = list(grafts(healthy, line)) if healthy is not None else []
    yield from [*grafted, *mended] if close else [*mended, *grafted]


def _is_faithful(old: Sequence[str], new: Sequence[str], lines: Sequence[str]) -> bool:
    before, after = "\n".join(new), "\n".join(lines)
    invented = words_of(after) - words_of(before) - words_of("\n".join(old))
    if invented - Counter({word[1:]: n for word, n in words_of(before).items()}):
        return False
    bare = words_of(_STRING.sub(" ", "\n".join(old)))
    hidden = (bare & words_of(before)) - words_of(_COMMENT.sub("", _STRING.sub(" ", after)))
    return hidden.total() <= 0.2 * bare.total()
