"""The parts of a base that can be parsed alone, so that a trial costs its own part and not the whole file."""

import ast
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Oracle = Callable[[str], bool]
"""Whether a text parses at the target version."""


@dataclass(frozen=True, slots=True)
class Region:
    """Base lines ``[start:stop)`` of the top-level statement number ``owner``, and what makes them a text of their own.

    ``head`` opens the class that members stand in; ``tail`` is a statement that must still fit behind them.
    """

    start: int
    stop: int
    owner: int
    head: str = ""
    tail: str = ""

    def reads(self, lines: Sequence[str], oracle: Oracle) -> bool:
        """Whether these lines can stand here: they parse, and the block that they stand in goes on behind them."""
        return oracle(self.as_text(lines))

    def as_text(self, lines: Sequence[str]) -> str:
        """The lines as a module of their own."""
        return "\n".join([self.head, *lines, self.tail, ""])


def regions_of(tree: ast.Module, lines: Sequence[str]) -> list[Region]:
    """The regions of a base in order: top-level statements, and the members of classes; together they are the text."""
    starts = [(0, -1, "", ""), *_starts(tree, lines)]
    stops = [start for start, *_ in starts[1:]] + [len(lines)]
    return [
        Region(start, stop, owner, head, tail)
        for (start, owner, head, tail), stop in zip(starts, stops, strict=True)
        if stop > start
    ]


def _starts(tree: ast.Module, lines: Sequence[str]) -> Iterator[tuple[int, int, str, str]]:
    for owner, node in enumerate(tree.body):
        members = _members(node, lines)
        indent = _indent(lines[_first_line(members[0])]) if members else ""
        yield _first_line(node), owner, "", f"{indent}_ = 0" if members else ""
        for member in members:
            tail = "" if member is members[-1] else f"{indent}_ = 0"
            yield _first_line(member), owner, f"class _:\n{indent}_ = 0", tail


def _members(node: ast.stmt, lines: Sequence[str]) -> list[ast.stmt]:
    """The statements of a class body that begin lines of their own; its docstring stays with the head."""
    if not isinstance(node, ast.ClassDef) or node.body[0].lineno == node.lineno:
        return []
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    members = node.body[1:] if told else node.body
    return [member for member in members if not lines[_first_line(member)][: member.col_offset].strip()]


def region_around(regions: Sequence[Region], start: int, stop: int) -> tuple[int, int]:
    """The indexes ``[first:last)`` of the regions that base lines ``[start:stop)`` touch.

    Where they leave a class in its middle, all of the class above them is included.
    """
    first = min(bisect_right(regions, start, key=lambda region: region.stop), len(regions) - 1)
    last = first + 1
    while last < len(regions) and regions[last].start < stop:
        last += 1
    while regions[first].head and regions[last - 1].owner != regions[first].owner:
        first -= 1
    return first, last


def joined(regions: Sequence[Region]) -> Region:
    """One region for neighbours as `region_around` gives them."""
    first, last = regions[0], regions[-1]
    return Region(first.start, last.stop, first.owner, first.head, last.tail)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)]) - 1


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
