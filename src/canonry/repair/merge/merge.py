"""Re-applies the real changes of a broken text to its healthy ancestor, with the parser as the oracle."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from canonry.repair.merge.changes import Change, Damage, changes_of, parts_of
from canonry.repair.merge.readings import MendedPlaces, Mending, mended_lines
from canonry.repair.merge.regions import Oracle, Region, joined, region_around, regions_of

_MOST_PARSES = 250
_MOST_LEFT_OUT = 8


@dataclass(frozen=True, slots=True)
class Refusal:
    """Lines of the broken text (``line`` is the first, from 1) that the result does not hold as they stand, and why."""

    line: int
    lines: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class MergedText:
    """The base with the changes that could be re-applied; ``parses`` counts trials."""

    text: str
    applied: int
    refused: tuple[Refusal, ...]
    parses: int


def merge(
    base: str,
    broken: str,
    tree: ast.Module,
    *,
    oracle: Oracle,
    mending: Mending = Mending(),  # noqa: B008
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
    accepted: list[Change] = field(default_factory=list)
    own: list[Change] = field(default_factory=list)
    """What was accepted in the present region."""
    refused: list[Refusal] = field(default_factory=list)
    _places: MendedPlaces | None = None

    def run(self) -> MergedText:
        changes: list[Change] = []
        for found in changes_of(self.base, self.broken):
            if isinstance(found, Damage):
                continue
            changes.append(found)
        regions = regions_of(self.tree, self.base)
        for group, region in _grouped(changes, regions, self.base):
            self.own = []
            self._settle(group, region)
            self.accepted += self.own
        self.own = self.accepted
        self.accepted = []
        return MergedText("\n".join(self._render(0, len(self.base))), len(self.own), tuple(self.refused), self.parses)

    def _settle(self, changes: list[Change], region: Region) -> None:
        """Accepts as many of these changes as the region can hold, exact ones first."""
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
        parts = parts_of(change, self.base, self.broken)
        if len(parts) == 1 and (parts[0].base, parts[0].broken) != (change.base, change.broken):
            self._settle_one(parts[0], region) if not self._accept(parts, region) else None
        elif len(parts) > 1:
            self._settle(parts, region)
        else:
            first, last = change.broken
            self.refused.append(Refusal(first + 1, tuple(self.broken[first:last]), "does not parse in its place"))

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
            self._places = MendedPlaces(self.broken, self.mending.text)
        whole = self._places.lines(*change.broken)
        for lines in mended_lines(old, change.lines, whole, self.mending):
            yield Change(change.base, change.broken, tuple(lines))

    def _fits(self, changes: list[Change], region: Region) -> bool:
        if self.parses >= _MOST_PARSES:
            return False
        self.parses += 1
        return region.reads(self._render(region.start, region.stop, changes), self.oracle)

    def _render(self, start: int, stop: int, more: Sequence[Change] = ()) -> list[str]:
        """Base lines ``[start:stop)`` with the accepted changes and these."""
        lines: list[str] = []
        at = start
        inside = [
            c for c in self.accepted if start <= c.base[0] < max(stop, c.base[1]) <= stop and c.base != (start, start)
        ]
        inside += [*self.own, *more]
        for change in sorted(inside, key=lambda c: (c.base, c.broken)):
            lines += self.base[at : change.base[0]]
            lines += change.lines
            at = change.base[1]
        return lines + self.base[at:stop]


def _grouped(
    changes: Sequence[Change], regions: Sequence[Region], base: Sequence[str]
) -> Iterator[tuple[list[Change], Region]]:
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
