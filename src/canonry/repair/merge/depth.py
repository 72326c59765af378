"""Changes that open or close a block take the lines behind them to another depth."""

from collections.abc import Iterable, Iterator, Sequence

from canonry.repair.merge.align import skeleton
from canonry.repair.merge.changes import Change

_NEAR = 12


def widened(changes: Iterable[Change], base: Sequence[str], broken: Sequence[str]) -> Iterator[Change]:
    """The changes, those that open or close a block widened over the lines that only moved with it.

    Changes between such lines become part of the wide one; its `narrow` ones leave the depth as it was.
    """
    waiting = list(changes)
    at = 0
    while at < len(waiting):
        wide = _wide(waiting, at, base, broken)
        yield wide
        at += max(1, len(wide.narrow))


def _wide(changes: list[Change], at: int, base: Sequence[str], broken: Sequence[str]) -> Change:
    first = changes[at]
    depth = _depth_won(first, base, broken)
    if not depth or not _has_head(first.lines if depth > 0 else base[slice(*first.base)]):
        return first
    lines = list(first.lines)
    inside = [first]
    stop, last = first.base[1], first.broken[1]
    while True:
        following = changes[at + len(inside)] if at + len(inside) < len(changes) else None
        until = following.base[0] if following else len(base)
        stop, last, moved = _moved(base, broken, (stop, until), last, depth)
        lines += moved
        if following is None or not moved or stop != until:
            break
        lines += following.lines
        inside.append(following)
        stop, last = following.base[1], following.broken[1]
    return Change((first.base[0], stop), (first.broken[0], last), tuple(lines), tuple(inside))


def _has_head(lines: Sequence[str]) -> bool:
    return any(line.partition("#")[0].rstrip().endswith(":") for line in lines)


def _depth_won(change: Change, base: Sequence[str], broken: Sequence[str]) -> int:
    """By how many columns the line behind a change moved; 0 where another line follows."""
    mine, theirs = _worded(base, change.base[1]), _worded(broken, change.broken[1])
    if mine is None or theirs is None or skeleton(mine) != skeleton(theirs):
        return 0
    return _width(theirs) - _width(mine)


def _moved(
    base: Sequence[str], broken: Sequence[str], span: tuple[int, int], last: int, depth: int
) -> tuple[int, int, list[str]]:
    """The base lines of the span at their new depth as far as it is the same for all, and where both sides end."""
    stop, until = span
    lines: list[str] = []
    for index in range(stop, until):
        line = base[index]
        if not skeleton(line):
            lines.append(_shifted(line, depth))
            continue
        while last < len(broken) and not skeleton(broken[last]):
            last += 1
        if last == len(broken) or skeleton(broken[last]) != skeleton(line):
            return index, last, lines
        if _width(broken[last]) - _width(line) != depth:
            return index, last, lines
        lines.append(_shifted(line, depth))
        last += 1
    return until, last, lines


def _worded(lines: Sequence[str], start: int) -> str | None:
    return next((line for line in lines[start : start + _NEAR] if skeleton(line)), None)


def _shifted(line: str, depth: int) -> str:
    return line if not line.strip() else " " * max(0, _width(line) + depth) + line.lstrip()


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())
