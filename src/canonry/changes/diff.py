"""A plan, or a change that was made, as a unified difference that `git apply` and `patch` take.

Lines are what ends with ``\\n``, as git sees it: a carriage return belongs to its line. Bytes that are no UTF-8 are
surrogate escapes in the text, so that ``encode("utf-8", "surrogateescape")`` gives every byte back.
"""

import os
from collections.abc import Callable, Iterator, Sequence

from canonry.changes.lines import changed_runs
from canonry.changes.splice import result_of
from canonry.model.change_plan import ChangePlan

Read = Callable[[str], bytes | None]
"""The bytes of a path of the tree, None where there is no file."""
_CONTEXT = 3
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def plan_diff(plan: ChangePlan, read: Read) -> str:
    """What a plan would do to the files that ``read`` gives. Raises `ConflictError` where edits do not fit."""
    parts = []
    for change in sorted(plan.files, key=lambda each: each.path):
        before = None if change.digest is None else read(change.path)
        after = result_of(change, before)
        parts.append(file_diff(change.path, before, after, mode=change.mode))
    return "".join(parts)


def file_diff(path: str, before: bytes | None, after: bytes | None, *, mode: int | None = None) -> str:
    """What became of one file; None is a file that is not there. Empty where nothing did."""
    if before == after:
        return ""
    old, new = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    kind = "100755" if (mode or 0) & 0o100 else "100644"
    lines = [f"diff --git {old} {new}\n"]
    if before is None:
        lines.append(f"new file mode {kind}\n")
    elif after is None:
        lines.append(f"deleted file mode {kind}\n")
    hunks = list(_hunks(_lines(before or b""), _lines(after or b"")))
    if hunks:
        lines.append(f"--- {'/dev/null' if before is None else _ended(old)}\n")
        lines.append(f"+++ {'/dev/null' if after is None else _ended(new)}\n")
    return "".join([*lines, *hunks])


def _hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[str]:
    group: list[tuple[int, int, int, int]] = []
    for run in changed_runs(old, new):
        if group and run[0] - group[-1][1] > 2 * _CONTEXT:
            yield _hunk(old, new, group)
            group = []
        group.append(run)
    if group:
        yield _hunk(old, new, group)


def _hunk(old: Sequence[bytes], new: Sequence[bytes], runs: Sequence[tuple[int, int, int, int]]) -> str:
    lead = min(_CONTEXT, runs[0][0])
    rest = min(_CONTEXT, len(old) - runs[-1][1])
    first, last = runs[0][0] - lead, runs[-1][1] + rest
    start, end = runs[0][2] - lead, runs[-1][3] + rest
    parts = [f"@@ -{_range(first, last)} +{_range(start, end)} @@\n"]
    at = first
    for one, other, to, until in runs:
        parts += [_line(" ", line) for line in old[at:one]]
        parts += [_line("-", line) for line in old[one:other]]
        parts += [_line("+", line) for line in new[to:until]]
        at = other
    parts += [_line(" ", line) for line in old[at:last]]
    return "".join(parts)


def _range(first: int, last: int) -> str:
    count = last - first
    start = first + 1 if count else first
    return str(start) if count == 1 else f"{start},{count}"


def _line(sign: str, line: bytes) -> str:
    text = sign + line.decode("utf-8", "surrogateescape")
    return text if text.endswith("\n") else f"{text}\n\\ No newline at end of file\n"


def _lines(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


def _quoted(name: str) -> str:
    """A name as git writes it: in quotes with escapes where it holds a quote, a backslash or a control character."""
    raw = os.fsencode(name)
    if all(byte >= 0x20 and byte != 0x7F and byte not in _ESCAPES for byte in raw) and _is_text(raw):
        return name
    escaped = (_ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in raw)
    return f'"{"".join(escaped)}"'


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _ended(name: str) -> str:
    """A name with spaces is followed by a tab, so that `patch` knows where it ends."""
    return f"{name}\t" if " " in name and not name.startswith('"') else name
