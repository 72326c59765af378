"""For files that are no Python: their reader reads the result, and every command outside the edits is unchanged."""

from collections import Counter
from collections.abc import Iterable

from canonry.changes.splice import line_of, moved_ranges
from canonry.model.edit import Edit
from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.documents.reading import Command, Reading


def object_to_commands(path: str, before: bytes, after: bytes, edits: Iterable[Edit]) -> str | None:
    """Objects to a result that its reader passes over, and to other commands in lines that no edit touches."""
    reader = reader_of(path)
    if not reader:
        return "no reader knows this kind of file, so nobody can tell what the edits do"
    old, new = read_document(reader, before), read_document(reader, after)
    if len(new.passed_over) > len(old.passed_over):
        return f"its reader would pass over a part of it: {new.passed_over[-1].reason}"
    ranges = moved_ranges(edits)
    old_lines = {line for each in ranges for line in _lines(before, each.start, each.end)}
    new_lines = {line for each in ranges for line in _lines(after, each.new_start, each.new_end)}
    kept, found = _outside(old, old_lines), _outside(new, new_lines)
    if kept == found:
        return None
    (words, *_), _count = next(iter(((kept - found) or (found - kept)).items()))
    return f"the command `{' '.join(words)}` outside the edits would change"


def _lines(content: bytes, start: int, end: int) -> range:
    return range(line_of(content, start), line_of(content, max(start, end - 1)) + 1)


def _outside(reading: Reading, lines: set[int]) -> Counter[tuple[tuple[str, ...], str, str, str, str]]:
    return Counter(_identity(each) for each in reading.commands if not lines & _own_lines(each))


def _own_lines(command: Command) -> set[int]:
    return set(range(command.site.line, command.site.end_line + 1))


def _identity(command: Command) -> tuple[tuple[str, ...], str, str, str, str]:
    return command.words, command.tool, command.folder, command.forgiven, command.doubt
