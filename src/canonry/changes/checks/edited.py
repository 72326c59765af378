"""A Python file before and after its edits, as the checks look at it."""

import ast
import bisect
import codecs
from collections.abc import Iterable
from functools import cached_property

from canonry.changes.parsed import ParsedText, Part
from canonry.changes.splice import MovedRange, moved_ranges, sort_edits
from canonry.model.edit import Edit


class EditedSource:
    """Source and result, and the edits with offsets in the texts without their byte order mark.

    ``before`` is the source as it lies there, of which ``old`` is the text; ``new`` is that of the result.
    """

    def __init__(self, before: bytes, old: ParsedText, new: ParsedText, edits: Iterable[Edit]) -> None:
        mark = len(codecs.BOM_UTF8) if before.startswith(codecs.BOM_UTF8) else 0
        self.edits = [_shifted(edit, mark) for edit in sort_edits(edits)]
        self.old, self.new = old, new
        self.before, self.after = old.text, new.text
        self.ranges: list[MovedRange] = moved_ranges(self.edits)
        self._ends = [each.end for each in self.ranges]
        self._new_ends = [each.new_end for each in self.ranges]

    @cached_property
    def held(self) -> dict[Part, Part]:
        """The parts of the source that the result holds, too: the same bytes, at the place that they moved to.

        The same bytes are the same nodes wherever they are one statement, or one head of a class.
        """
        old = {(self.moved(each.start), self.moved(each.end), each.head, each.inner): each for each in self.old.parts}
        before, after = self.before.content, self.after.content
        found: dict[Part, Part] = {}
        for new in self.new.parts:
            was = old.get((new.start, new.end, new.head, new.inner))
            if was is not None and before[was.start : was.end] == after[new.start : new.end]:
                found[was] = new
        return found

    @cached_property
    def gone(self) -> list[Part]:
        """The parts of the source that the result does not hold."""
        return [each for each in self.old.parts if each not in self.held]

    @cached_property
    def come(self) -> list[Part]:
        """The parts of the result that the source does not hold."""
        held = set(self.held.values())
        return [each for each in self.new.parts if each not in held]

    def statements(self, start: int, end: int) -> list[ast.stmt] | None:
        """The statements of the result's module that stand where these bytes of the source went, edits inside made.

        Whole statements of a module are what their text parses to alone. None where an edit or a statement crosses a
        border: only parsing that text alone tells then.
        """
        first, last = start, end
        for edit in self.edits:
            if edit.start < start < edit.end or edit.start < end < edit.end:
                return None
            grown = len(edit.replacement) - (edit.end - edit.start)
            first += grown if edit.end <= start and edit.start < start else 0
            last += grown if edit.end <= end else 0
        spans = self._new_spans
        low = bisect.bisect_left(spans, (first,))
        high = bisect.bisect_left(spans, (last,))
        if (low and spans[low - 1][1] > first) or (high > low and spans[high - 1][1] > last):
            return None
        return self.new.tree.body[low:high]

    @cached_property
    def _new_spans(self) -> list[tuple[int, int]]:
        return [self.new.span(each) for each in self.new.tree.body]

    def touched(self, start: int, end: int) -> MovedRange | None:
        """The edit that shares bytes with this range of the source, or puts new ones inside it."""
        for index in range(bisect.bisect_left(self._ends, start), len(self.ranges)):
            each = self.ranges[index]
            if each.start > end:
                return None
            if _share(each.start, each.end, start, end):
                return each
        return None

    def made(self, start: int, end: int) -> MovedRange | None:
        """The edit whose new bytes share some with this range of the result."""
        for index in range(bisect.bisect_left(self._new_ends, start), len(self.ranges)):
            each = self.ranges[index]
            if each.new_start > end:
                return None
            if _share(each.new_start, each.new_end, start, end):
                return each
        return None

    def moved(self, offset: int) -> int:
        """Where a byte of the source that no edit touches stands in the result."""
        index = bisect.bisect_right(self._ends, offset)
        if index == 0:
            return offset
        last = self.ranges[index - 1]
        return offset + last.new_end - last.end


def _share(start: int, end: int, first: int, last: int) -> bool:
    if start == end:  # nothing is replaced there: only what stands around it is touched
        return first < start < last
    return start < last and first < end


def _shifted(edit: Edit, by: int) -> Edit:
    if not by:
        return edit
    return Edit(
        start=edit.start - by,
        end=edit.end - by,
        expected=edit.expected,
        replacement=edit.replacement,
        rule=edit.rule,
        grade=edit.grade,
    )
