"""A baseline: greedy search that follows the parser's error position, one small edit at a time."""

import ast
import warnings

_INSERTIONS = ('"', "'", '"""', ")", "]", "}", "(", "[", ":", ",", "pass")
MOST_EDITS = 30


def greedy_repair(text: str, *, edits: int = MOST_EDITS) -> str | None:
    """The text after at most so many edits, each the one that moves the first error furthest; None where that fails."""
    place = _error(text)
    for _ in range(edits):
        if place is None:
            return text
        best = max(_candidates(text, *place), key=lambda each: _reach(_error(each)))
        reached = _error(best)
        if _reach(reached) <= place and reached is not None:
            best = _without_line(text, place[0])
            reached = _error(best)
        text, place = best, reached
    return text if place is None else None


def _error(text: str) -> tuple[int, int] | None:
    """The line and the column, both from 1, where reading fails; None where it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1, error.offset or 1
    except (ValueError, RecursionError, MemoryError):
        return 1, 1
    return None


def _reach(place: tuple[int, int] | None) -> tuple[int, int]:
    return (1_000_000_000, 0) if place is None else place


def _candidates(text: str, line: int, column: int) -> list[str]:
    """The text with something put in, taken out or commented out near the error."""
    lines = text.split("\n")
    number = min(line, len(lines)) - 1
    here = lines[number]
    found: list[str] = []
    for at in {max(0, min(column - 1, len(here))), len(here)}:
        found += [_with(lines, number, here[:at] + piece + here[at:]) for piece in _INSERTIONS]
        found += [_with(lines, number, here[:at] + here[at + 1 :]), _with(lines, number, here[: at - 1] + here[at:])]
    indent = here[: len(here) - len(here.lstrip())]
    found += [_with(lines, number, "    " + here), _with(lines, number, here[4:] if indent else here)]
    found.append(_with(lines, number, indent + "pass  # " + here.lstrip()))
    return found


def _without_line(text: str, line: int) -> str:
    lines = text.split("\n")
    number = min(line, len(lines)) - 1
    return _with(lines, number, "# " + lines[number])


def _with(lines: list[str], number: int, line: str) -> str:
    return "\n".join([*lines[:number], line, *lines[number + 1 :]])
