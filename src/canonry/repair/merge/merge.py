"""Re-applies the real changes of a broken text to its healthy ancestor, with the parser as the oracle."""

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from canonry.repair.measure import readable_tests, test_names, words_of
from canonry.repair.merge.changes import Change, changes_of, parts_of
from canonry.repair.merge.depth import widened
from canonry.repair.merge.placeholders import without_placeholders
from canonry.repair.merge.readings import ALONE, MendedPlaces, Mending, mended_lines
from canonry.repair.merge.regions import Oracle, Region, joined, region_around, regions_of

_MOST_PARSES = 250
_MOST_LEFT_OUT = 8


@dataclass(frozen=True, slots=True)
class Refusal:
    """Lines of the broken text that the result does not hold as they stand, and why.

    ``line`` is the number of the first; there are no lines where the broken text deletes some.
    """

    line: int
    lines: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class MergedText:
    """The base with the changes that could be re-applied.

    ``refused`` are real changes that found no place, ``replaced`` the damaged lines some of whose words the base or a
    mended reading writes otherwise: every word of the broken text is in the text, refused or replaced. ``parses``
    counts the trials.
    """

    text: str
    applied: int
    refused: tuple[Refusal, ...]
    replaced: tuple[Refusal, ...]
    parses: int


def merge(
    base: str,
    broken: str,
    tree: ast.Module,
    *,
    oracle: Oracle,
    mending: Mending = ALONE,
) -> MergedText:
    """The base (whose tree is given) with the real changes of the broken text. Both texts end lines with ``\\n``."""
    merging = _Merging(base.split("\n"), broken.split("\n"), tree, oracle, mending)
    return merging.run()


@dataclass(slots=True)
class _Merging:
    base: list[str]
    broken: list[str]
    tree: ast.Module
    oracle: Oracle
    mending: Mending
    parses: int = 0
    accepted: list[list[Change]] = field(default_factory=list)
    """By region; what is accepted in the present one stands in ``own``."""
    own: list[Change] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    _places: MendedPlaces | None = None

    def run(self) -> MergedText:
        regions = regions_of(self.tree, self.base)
        for group, region in _grouped(self._changes(), regions):
            self.own = []
            self._settle(group, region)
            self.accepted.append(self.own)
        self.own = []
        if not self.oracle(self._text()):
            self._settle_whole()
        text = self._text()
        applied = sum(map(len, self.accepted))
        self.refused.sort(key=lambda refusal: refusal.line)
        return MergedText(text, applied, tuple(self.refused), tuple(self._replaced(text)), self.parses)

    def _changes(self) -> Iterator[Change]:
        changes = without_placeholders(changes_of(self.base, self.broken), self.base)
        return widened(changes, self.base, self.broken)

    def _text(self) -> str:
        return "\n".join(self._render(0, len(self.base)))

    def _settle_whole(self) -> None:
        """Refuses the changes of those regions that parse alone and not together; the base itself parses."""
        groups, self.accepted = self.accepted, []
        for group in groups:
            self.accepted.append(group)
            self.parses += 1
            if self.parses > 2 * _MOST_PARSES or not self.oracle(self._text()):
                self.accepted.pop()
                for change in group:
                    self._refuse(change)

    def _replaced(self, text: str) -> Iterator[Refusal]:
        """The broken lines with a word that neither the text nor a refusal holds."""
        told = words_of("\n".join(line for refusal in self.refused for line in refusal.lines))
        lost = words_of("\n".join(self.broken)) - words_of(text) - told
        for number, line in enumerate(self.broken, 1):
            here = words_of(line) & lost
            if here:
                lost -= here
                yield Refusal(number, (line,), "damaged; the healthy version says it otherwise")

    def _settle(self, changes: list[Change], region: Region) -> None:
        """Accepts as many of these changes as the region can hold, exact ones first."""
        if self.parses >= _MOST_PARSES:
            for change in changes:
                self._refuse(change)
            return
        if not changes or self._accept(changes, region):
            return
        if len(changes) == 1:
            self._settle_one(changes[0], region)
            return
        mended = [self._likeliest(change) for change in changes]
        if mended != changes and self._accept(mended, region):
            return
        if 2 < len(changes) <= _MOST_LEFT_OUT:
            for index, change in enumerate(changes):
                if self._accept(mended[:index] + mended[index + 1 :], region):
                    self._settle([change], region)
                    return
        half = len(changes) // 2
        self._settle(changes[:half], region)
        self._settle(changes[half:], region)

    def _settle_one(self, change: Change, region: Region) -> None:
        """Accepts the first reading of a change that fits, else what fits of its parts, else refuses it."""
        for reading in self._readings(change):
            if self._accept([reading], region):
                return
        if change.narrow:
            self._settle(list(change.narrow), region)
            return
        parts = parts_of(change, self.base, self.broken)
        if len(parts) > 1 or (parts and (parts[0].base, parts[0].broken) != (change.base, change.broken)):
            self._settle(parts, region)
        elif parts:
            self._refuse(change)

    def _refuse(self, change: Change) -> None:
        first, last = change.broken
        lines = tuple(self.broken[first:last])
        reason = "does not parse in its place" if lines else "deletes lines without which nothing parses"
        self.refused.append(Refusal(first + 1, lines, reason))

    def _accept(self, changes: list[Change], region: Region) -> bool:
        if not self._fits(changes, region):
            return False
        self.own += changes
        return True

    def _likeliest(self, change: Change) -> Change:
        return next(self._readings(change), change)

    def _readings(self, change: Change) -> Iterator[Change]:
        """The change with its lines mended, the likeliest reading first."""
        old = self.base[slice(*change.base)]
        if self._places is None:
            self._places = MendedPlaces(self.broken, self.mending.whole())
        whole = self._places.lines(*change.broken)
        for lines in mended_lines(old, change.lines, whole, self.mending.line, trusted=self._places.trusted):
            yield Change(change.base, change.broken, tuple(lines))

    def _fits(self, changes: list[Change], region: Region) -> bool:
        if self.parses >= _MOST_PARSES:
            return False
        self.parses += 1
        lines = self._render(region.start, region.stop, changes)
        return region.reads(lines, self.oracle) and not self._hides_tests(changes, region, lines)

    def _hides_tests(self, changes: list[Change], region: Region, lines: list[str]) -> bool:
        """Whether tests of these changes would slide into functions, where nothing collects them."""
        if not readable_tests("\n".join(line for change in changes for line in change.lines)):
            return False
        return _hidden_tests(region, lines) > _hidden_tests(region, self.base[region.start : region.stop])

    def _render(self, start: int, stop: int, more: Sequence[Change] = ()) -> list[str]:
        """Base lines ``[start:stop)`` with the accepted changes and these."""
        lines: list[str] = []
        at = start
        whole = (start, stop) == (0, len(self.base))
        before = itertools.chain.from_iterable(self.accepted)
        inside = [c for c in before if whole or (start <= c.base[0] < c.base[1] <= stop) or start < c.base[0] < stop]
        inside += [*self.own, *more]
        for change in sorted(inside, key=lambda c: (c.base, c.broken)):
            lines += self.base[at : change.base[0]]
            lines += change.lines
            at = change.base[1]
        return lines + self.base[at:stop]


def _hidden_tests(region: Region, lines: Sequence[str]) -> int:
    """How many tests can be read in these lines of a region and not be collected."""
    text = region.as_text(lines)
    try:
        return (readable_tests(text) - test_names(ast.parse(text))).total()
    except SyntaxError:
        return 0


def _grouped(changes: Iterable[Change], regions: Sequence[Region]) -> Iterator[tuple[list[Change], Region]]:
    """The changes by the region that they lie in; those that reach over regions join them."""
    group: list[Change] = []
    span: tuple[int, int] | None = None
    for change in changes:
        first, last = _place(change, regions)
        if span is not None and first < span[1]:
            span = (min(first, span[0]), max(last, span[1]))
            group.append(change)
            continue
        if span is not None:
            yield group, joined(regions[slice(*span)])
        group, span = [change], (first, last)
    if span is not None:
        yield group, joined(regions[slice(*span)])


def _place(change: Change, regions: Sequence[Region]) -> tuple[int, int]:
    """The regions that a change touches; indented lines put before a top-level statement belong to the one above."""
    start, stop = change.base
    first, last = region_around(regions, start, max(start + 1, stop))
    indented = next((line[:1] in " \t" for line in change.lines if line.strip()), False)
    if start == stop == regions[first].start and first > 0 and indented and not regions[first].head:
        return region_around(regions, start - 1, start)
    return first, last
