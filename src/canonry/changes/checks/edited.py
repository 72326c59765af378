"""A Python file before and after its edits, as the checks look at it."""

import bisect
import codecs
from collections.abc import Iterable

from canonry.changes.parsed import ParsedText
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
