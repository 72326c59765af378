"""How one clone differs from another, in a few words."""

from array import array
from collections.abc import Sequence

from canonry.source.functions.shapes import Shape

_SHOWN = 4


def name_difference(home: Shape, other: Shape) -> str:
    """Which local names of ``home`` another function with the same ``renamed`` digest calls something else."""
    pairs = zip(home.names.split(), other.names.split(), strict=True)
    renamed = [f"`{ours}` is `{theirs}` here" for ours, theirs in pairs if ours != theirs]
    return _listed(renamed) if renamed else "its own names, and no other"


def statement_difference(home: Shape, other: Shape) -> str:
    """How many statements of two functions with elements differ, and in which lines."""
    ours, theirs = array("Q", home.elements), array("Q", other.elements)
    changed = _lines(other, set(theirs) - set(ours))
    missing = _lines(home, set(ours) - set(theirs))
    if not changed and not missing:
        return "only literals or names differ" if ours == theirs else "only literals, names or the order differ"
    if not missing:
        return f"{_statements(len(changed))} more ({_in_lines(changed)})"
    if not changed:
        return f"{_statements(len(missing))} less ({_in_lines(missing)} there)"
    count = max(len(changed), len(missing))
    verb = "differs" if count == 1 else "differ"
    return f"{count} of {len(theirs)} statements {verb} ({_in_lines(changed)} here, {_in_lines(missing)} there)"


def _lines(shape: Shape, elements: set[int]) -> list[int]:
    lines = array("I", shape.lines)
    return sorted(line for line, element in zip(lines, array("Q", shape.elements), strict=True) if element in elements)


def _in_lines(lines: Sequence[int]) -> str:
    distinct = [str(line) for line in dict.fromkeys(lines)]
    return f"line {distinct[0]}" if len(distinct) == 1 else f"lines {_listed(distinct)}"


def _statements(count: int) -> str:
    return "1 statement" if count == 1 else f"{count} statements"


def _listed(words: Sequence[str]) -> str:
    """``a, b and c``; what is too much is counted."""
    shown = list(words[:_SHOWN])
    if len(words) > len(shown):
        return f"{', '.join(shown)} and {len(words) - len(shown)} more"
    return ", ".join(shown[:-1]) + (" and " if len(shown) > 1 else "") + shown[-1]
