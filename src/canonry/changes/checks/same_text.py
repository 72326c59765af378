"""Check 3: comments and strings outside the edited ranges are what and where they were.

A string is one thing: no edit starts or ends inside it, nor inside a comment. A comment in a range that is replaced
has to stand in what replaces it, unless the file as a whole becomes another one and a reader was asked. A docstring
stays the docstring of what it describes.
"""

import ast
from collections.abc import Iterator, Sequence

from canonry.changes.checks.edited import EditedSource
from canonry.changes.parsed import ParsedText, Part
from canonry.changes.strings import TextToken, may_nest, tokens_between
from canonry.model.edit import Grade
from canonry.source.syntax.text import SourceText

_DOCUMENTED = frozenset((ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))


def object_to_text(source: EditedSource) -> str | None:
    """Objects to strings and comments that an edit cuts, swallows, drops or moves out of their place."""
    around = _around(source)
    if around is None or _object_to_tokens(source, *around):
        objection = _object_to_tokens(source, source.old.tokens, source.new.tokens)
        if objection:
            return objection
    return _object_to_docstrings(source)


def _around(source: EditedSource) -> tuple[list[TextToken], list[TextToken]] | None:
    """The strings and comments of source and result but for those in parts that no edit touches; None if some may nest.

    A part that both hold has the same ones in both, and begins and ends in none.
    """
    if may_nest(source.before) or may_nest(source.after):
        return None
    old, new = list[TextToken](), list[TextToken]()
    before, after = source.before.content, source.after.content
    at = there = 0
    for was, now in sorted(source.held.items(), key=lambda pair: pair[0].start):
        if was.start < at or source.touched(was.start, was.end) is not None:
            continue
        if before[at : was.start] != after[there : now.start] or source.touched(at, was.start) is not None:
            old += tokens_between(before, at, was.start)
            new += tokens_between(after, there, now.start)
        at, there = was.end, now.end
    old += tokens_between(before, at, len(before))
    new += tokens_between(after, there, len(after))
    return old, new


def _object_to_tokens(source: EditedSource, old: list[TextToken], new: list[TextToken]) -> str | None:
    """Objects to strings and comments that an edit cuts, swallows, drops or moves, told from these of both texts."""
    before, after = source.before.content, source.after.content
    kept = []
    touched = beside(old, [(each.start, each.end) for each in source.ranges])
    for token, number in zip(old, touched, strict=True):
        if number < 0:
            kept.append((source.moved(token.start), before[token.start : token.end]))
            continue
        touching = source.ranges[number]
        if token.start < touching.start or touching.end < token.end:
            return f"an edit would cut through {_named(token)} in {_line(source.before, token)}"
        if (
            token.comment
            and not becomes_another(source)
            and before[token.start : token.end] not in _comments(new, after, touching.new_start, touching.new_end)
        ):
            return f"the comment in {_line(source.before, token)} would be lost"
    found = []
    touched = beside(new, [(each.new_start, each.new_end) for each in source.ranges])
    for token, number in zip(new, touched, strict=True):
        if number < 0:
            found.append((token.start, after[token.start : token.end]))
            continue
        touching = source.ranges[number]
        if token.start < touching.new_start or touching.new_end < token.end:
            return f"{_named(token)} in {_line(source.after, token)} of the result would take in more than the edit"
    for (_, was), (at, text) in zip(kept, found, strict=False):
        if was != text:
            return f"outside the edits a string or comment would change (result, line {source.after.position(at)[0]})"
    if kept != found:
        return "outside the edits a string or comment would come, go or move"
    return None


def beside(tokens: Sequence[TextToken], ranges: Sequence[tuple[int, int]]) -> Iterator[int]:
    """For each token the number of the range that shares bytes with it or lies inside of it, -1 where none does.

    Both are in order, so one walk over them is enough; a range without bytes is one where something is put in.
    """
    first, count = 0, len(ranges)
    for token in tokens:
        start, end = token.start, token.end
        while first < count and ranges[first][1] < start:
            first += 1
        number = first
        while number < count and ranges[number][0] <= end:
            left, right = ranges[number]
            if (start < left < end) if left == right else (left < end and start < right):
                break
            number += 1
        else:
            number = -1
        yield number


def becomes_another(source: EditedSource) -> bool:
    """Whether one edit, which a reader was asked about, makes another file of this one."""
    first = source.edits[0] if len(source.edits) == 1 else None
    whole = first is not None and first.start == 0 and first.end == len(source.before.content)
    return first is not None and whole and first.grade is not Grade.SAFE


def _comments(tokens: list[TextToken], content: bytes, start: int, end: int) -> set[bytes]:
    inside = (token for token in tokens if token.comment and start <= token.start and token.end <= end)
    return {content[token.start : token.end] for token in inside}


def _named(token: TextToken) -> str:
    return "the comment" if token.comment else "the string"


def _line(text: SourceText, token: TextToken) -> str:
    return f"line {text.position(token.start)[0]}"


def _object_to_docstrings(source: EditedSource) -> str | None:
    old = _docstrings(source.old, source.gone)
    kept = {source.moved(start): start for start, end in old if source.touched(start, end) is None}
    new = _docstrings(source.new, source.come)
    found = {start for start, end in new if source.made(start, end) is None}
    for at in sorted(kept.keys() - found):
        return f"the docstring in line {source.before.position(kept[at])[0]} would be one no longer"
    for at in sorted(found - kept.keys()):
        return f"the string in line {source.after.position(at)[0]} of the result would become a docstring"
    return None


def _docstrings(source: ParsedText, parts: list[Part]) -> list[tuple[int, int]]:
    """Where docstrings stand in these parts; that of the module and those of its classes belong to no single part."""
    found, text = [], source.text
    outer = [source.tree, *(each for each in source.tree.body if isinstance(each, ast.ClassDef))]
    for node in (*outer, *(node for part in parts for node in part.nodes)):
        if node.__class__ not in _DOCUMENTED or not node.body:  # type: ignore[attr-defined]
            continue
        first = node.body[0]  # type: ignore[attr-defined]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            end = text.offset(first.end_lineno or first.lineno, first.end_col_offset or 0)
            found.append((text.offset(first.lineno, first.col_offset), end))
    return found
