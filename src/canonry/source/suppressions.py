"""Suppressions in comments: what they say, and which lines they cover.

``# canonry: ignore[RUN001,TST] until=2027-01-31 owner=@team reason`` behind code covers its line, and the whole
statement where that line is its first or last; on a line of its own it covers the next statement. The statement of a
compound one is its header (of a `def` or `class` with the decorators), never its body.
``# canonry: ignore-file[RUN001] reason`` covers the file. Only comments count: the same text in a string is nothing.
"""

import datetime as dt
import io
import re
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from canonry.source.facts import Site, Suppression
from canonry.source.syntax.text import SourceText, digest

MARK = b"canonry:"
"""No content without these bytes holds a suppression."""

_PRAGMA = r"(?s)canonry:\s*([a-z][a-z-]*)(?=\s|\[|$)(\s*\[([^\]]*)\])?\s*(.*)"  # compiled where a comment needs it
_LEAD = (
    r"(?:\#+|<!--)?\s*"
    r"(?:(?:noqa|type|pragma|fmt|isort|mypy|pyright|pylint|ruff|nosec|yapf)\b[^#]*\#\s*)*(?=canonry:)"
)
_NEXT = r"\s#\s*(?=canonry:)"
_END = r"\s+#\s"
_KEY = r"([A-Za-z_][\w-]*)=(\S*)"
_KINDS = {"ignore": False, "ignore-file": True}
_EMPTY = frozenset((tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER))

Span = tuple[int, int]
"""The first and the last line of a statement, both counted from 1."""


class Comment(NamedTuple):
    """A comment: its place (line and column from 1, in characters), its text, and whether its line holds no code."""

    line: int
    column: int
    text: str
    alone: bool


Cover = Callable[[Comment], Span]
"""The lines that a comment covers, ``(0, 0)`` where there are none."""


def suppressions_of_python(text: SourceText) -> tuple[Suppression, ...]:
    """The suppressions of a source that parses."""
    if MARK not in text.content:
        return ()
    try:
        comments, statements = _tokens(text.content)
    except (tokenize.TokenError, SyntaxError, ValueError):  # what another version of Python reads
        return suppressions_of_broken(text)
    return suppressions_of_comments(comments, in_statements(statements))


def suppressions_of_broken(text: SourceText) -> tuple[Suppression, ...]:
    """The suppressions of a source that does not parse: statements are lines, as far as anybody can tell."""
    if MARK not in text.content:
        return ()
    from canonry.source.syntax.newer import parse_anything, walk_nodes

    comments: list[Comment] = []
    lines = text.content.splitlines()
    for node in walk_nodes(parse_anything(text.content).root_node):
        if node.type == "comment" and MARK in (node.text or b""):
            line, column = text.position(node.start_byte)
            alone = lines[line - 1].lstrip().startswith(b"#")
            comments.append(Comment(line, column, (node.text or b"").decode("utf-8", "replace"), alone))
    full = [(at, at) for at, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith(b"#")]
    return suppressions_of_comments(comments, in_statements(full))


def suppressions_of_comments(comments: Iterable[Comment], covered: Cover) -> tuple[Suppression, ...]:
    """What the comments of a file say, each with the lines that it covers."""
    return tuple(found for comment in comments for found in _read(comment, covered))


def in_statements(statements: Sequence[Span]) -> Cover:
    """What comments cover among statements that follow one another, none inside another."""

    def covered(comment: Comment) -> Span:
        line = comment.line
        if comment.alone:
            inside = bisect_right(statements, (line, -1)) - 1
            if inside >= 0 and statements[inside][1] > line:
                return line + 1, line + 1  # between the lines of a statement: the next of them
            after = bisect_left(statements, (line + 1, 0))
            return statements[after] if after < len(statements) else (0, 0)
        at = bisect_right(statements, (line, line + 1_000_000_000)) - 1
        if at >= 0 and line in statements[at]:
            return statements[at]
        return line, line

    return covered


def _tokens(content: bytes) -> tuple[list[Comment], list[Span]]:
    """The comments with the mark, and the logical lines; decorators belong to what they decorate."""
    comments: list[Comment] = []
    statements: list[Span] = []
    first = 0
    decorates = decorated = False
    source = content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = source.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if "canonry:" in token.string:
                line, column = token.start
                comments.append(Comment(line, column + 1, token.string, not lines[line - 1][:column].strip()))
        elif token.type == tokenize.NEWLINE and first:
            if decorated:
                statements[-1] = (statements[-1][0], token.start[0])
            else:
                statements.append((first, token.start[0]))
            decorated, decorates, first = decorates, False, 0
        elif token.type not in _EMPTY and not first:
            first, decorates = token.start[0], token.string == "@"
    return comments, statements


def _read(comment: Comment, covered: Cover) -> Iterable[Suppression]:
    lead = re.match(_LEAD, comment.text)
    if lead is None:
        return  # also code that is commented out, with what stands behind it
    starts = [lead.end(), *(match.end() for match in re.compile(_NEXT).finditer(comment.text, lead.end()))]
    for start, end in zip(starts, [*starts[1:], len(comment.text)], strict=True):
        match = re.compile(_PRAGMA).match(comment.text, start, end)
        if match is None or not (match[1] in _KINDS or match[2]):
            continue  # prose that begins with our name
        yield _suppression(match, comment, covered)


def _suppression(match: re.Match[str], comment: Comment, covered: Cover) -> Suppression:
    kind, listed, rest = match[1], match[3], match[4]
    codes = tuple(code.strip() for code in (listed or "").split(",") if code.strip())
    problems: list[str] = []
    if kind not in _KINDS:
        problems.append(f"`{kind}` is no instruction; expected `ignore` or `ignore-file`")
    elif not codes:
        problems.append(f"it names no rule; write `{kind}[RUN001]` with the rules that it is about")
    until, owner, reason = _words(re.split(_END, rest.rstrip("#- >"), maxsplit=1)[0], problems)
    whole = _KINDS.get(kind, False)
    first, last = (0, 0) if whole else covered(comment)
    width = len(comment.text.splitlines()[0]) if comment.text else 0
    said = digest(" ".join(match[0].split()).encode("utf-8", "replace"))
    site = Site(comment.line, comment.column, comment.line, comment.column + width, said, "<module>")
    return Suppression(codes, until, owner, reason, site, whole, first, last, tuple(problems))


def _words(rest: str, problems: list[str]) -> tuple[str, str, str]:
    """The date, the owner and the reason. A key stands anywhere; a word that looks like one only before the reason."""
    values: dict[str, str] = {}
    reason: list[str] = []
    for word in rest.split():
        match = re.fullmatch(_KEY, word)
        if match is None or (match[1] not in ("until", "owner") and reason):
            reason.append(word)
        elif match[1] not in ("until", "owner"):
            problems.append(f"unknown key `{match[1]}`; expected `until` or `owner`")
        elif match[1] in values:
            problems.append(f"`{match[1]}` stands twice")
        else:
            values[match[1]] = match[2]
    until = values.get("until", "")
    if "until" in values and not is_date(until):
        problems.append(f"`{until}` is no date; `until` expects one such as `2027-01-31`")
        until = ""
    if "owner" in values and not values["owner"]:
        problems.append("`owner` is empty; name who answers for it")
    said = " ".join(reason).lstrip("-: ").strip()
    if not said:
        problems.append("it gives no reason; write why behind it")
    return until, values.get("owner", ""), said


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar, written as ``2027-01-31``."""
    try:
        return len(text) == 10 and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False
