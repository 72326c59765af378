"""Edits of several codemods and of several turns over one file, put together."""

import bisect
from collections.abc import Iterable, Iterator, Sequence

from canonry.changes.splice import moved_ranges, sort_edits
from canonry.migrate.answers import Change, Splice
from canonry.migrate.codemod import Codemod
from canonry.migrate.imports import import_edits, orphan_edits
from canonry.migrate.module import Module
from canonry.model.edit import Edit, Grade

_IMPORTS = "imports"


class Taken:
    """The ranges that are to be edited; tells whether another one can be made beside them."""

    def __init__(self) -> None:
        self._starts: list[tuple[int, int]] = []
        self._same: dict[tuple[int, int], bytes] = {}

    def admits(self, splices: Iterable[Splice]) -> bool:
        """Whether all of these can be made: none meets another one, unless both are the same."""
        own = Taken()
        for each in splices:
            if not self._admits(each) or not own._admits(each):
                return False
            own.take([each])
        return True

    def take(self, splices: Iterable[Splice]) -> None:
        """Takes the ranges of these."""
        for each in splices:
            place = (each.start, each.end)
            if place not in self._same:
                bisect.insort(self._starts, place)
                self._same[place] = each.text

    def _admits(self, splice: Splice) -> bool:
        place = (splice.start, splice.end)
        if place in self._same:
            return self._same[place] == splice.text
        index = bisect.bisect_left(self._starts, place)
        before = self._starts[index - 1] if index else None
        after = self._starts[index] if index < len(self._starts) else None
        if before is not None and before[1] > splice.start:
            return False
        return after is None or after[0] >= splice.end


def superseded(splices: Iterable[Splice], removals: Sequence[Splice]) -> list[Splice]:
    """The edits without those inside what is taken away."""
    return [
        each
        for each in splices
        if not any(gone.start <= each.start and each.end <= gone.end and gone != each for gone in removals)
    ]


def made_of(splices: Iterable[tuple[Splice, str, Grade]], content: bytes) -> list[Edit]:
    """The edits of a content, each with the codemod and the grade that it comes from."""
    return sort_edits(
        Edit(
            start=each.start,
            end=each.end,
            expected=content[each.start : each.end],
            replacement=each.text,
            rule=rule,
            grade=grade,
        )
        for each, rule, grade in splices
        if content[each.start : each.end] != each.text
    )


def with_imports(module: Module, chosen: list[tuple[Codemod, Change]]) -> list[Edit]:
    """The edits of changes, with the imports that they need and without those that they orphan."""
    every = list(graded(chosen))
    splices = [splice for splice, _, _ in every]
    worst = max((change.grade for _, change in chosen), key=lambda grade: grade.rank)
    needs = [need for _, change in chosen for need in change.needs]
    added = import_edits(module, needs, splices)
    gone = [
        each
        for each in orphan_edits(module, [*splices, *added])
        if not any(splice.start <= each.start < splice.end for splice in splices if splice != each)
    ]  # an import inside of what goes goes with it
    kept = set(superseded(splices, gone))
    added, every = _in_one_place(added, [each for each in every if each[0] in kept])
    every += [(each, _IMPORTS, worst) for each in (*added, *gone)]
    return made_of(every, module.content)


def _in_one_place(
    added: list[Splice], graded: list[tuple[Splice, str, Grade]]
) -> tuple[list[Splice], list[tuple[Splice, str, Grade]]]:
    """Imports and edits of which no two insert at the same offset: there the imports stand before the rest."""
    places = {each.start: each for each in added if each.start == each.end}
    joined: set[int] = set()
    found = []
    for each, rule, grade in graded:
        first = places.get(each.start) if each.start == each.end else None
        if first is not None:
            joined.add(first.start)
        found.append((each if first is None else Splice(each.start, each.end, first.text + each.text), rule, grade))
    return [each for each in added if each.start not in joined or each.start != each.end], found


def graded(chosen: list[tuple[Codemod, Change]]) -> Iterator[tuple[Splice, str, Grade]]:
    """The edits of changes, each with its codemod and its grade."""
    for codemod, change in chosen:
        for each in change.edits:
            yield each, codemod.name, change.grade


def joined(content: bytes, first: Sequence[Edit], second: Sequence[Edit], between: bytes) -> list[Edit]:
    """The edits of ``content`` that do what ``first``, which makes ``between``, and then ``second`` do."""
    if not first or not second:
        return list(first or second)
    earlier = list(zip(sort_edits(first), moved_ranges(first), strict=True))
    later = sort_edits(second)
    regions = _regions(
        [(moved.new_start, moved.new_end) for _, moved in earlier], [(each.start, each.end) for each in later]
    )
    found: list[Edit] = []
    shift = 0  # of all earlier edits before the region: how much longer the text became
    for start, end in regions:
        inside = [(edit, moved) for edit, moved in earlier if start <= moved.new_start and moved.new_end <= end]
        mine = [each for each in later if start <= each.start and each.end <= end]
        old_start = start - shift
        shift += sum(len(edit.replacement) - (edit.end - edit.start) for edit, _ in inside)
        old_end = end - shift
        text, at = [], start
        for each in mine:
            text += [between[at : each.start], each.replacement]
            at = each.end
        text.append(between[at:end])
        parts = [*(edit for edit, _ in inside), *mine]
        replacement, expected = b"".join(text), content[old_start:old_end]
        if replacement != expected:
            found.append(
                Edit(
                    start=old_start,
                    end=old_end,
                    expected=expected,
                    replacement=replacement,
                    rule=parts[0].rule,
                    grade=max((part.grade for part in parts), key=lambda grade: grade.rank),
                )
            )
    return found


def _regions(*ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges as few as possible: those that share bytes or touch are one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(each for several in ranges for each in several):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found
