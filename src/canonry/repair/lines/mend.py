"""A file that does not parse, mended from its own text alone."""

import re
import warnings
from dataclasses import dataclass, field

from canonry.repair.lines.assemble import assemble, logical_lines
from canonry.repair.lines.blocks import Blocks
from canonry.repair.lines.lattice import MARK, Lattice
from canonry.repair.lines.literal import Literal
from canonry.repair.lines.names import bound_names
from canonry.repair.lines.normal import normalised
from canonry.repair.lines.probe import Probe, compiles
from canonry.repair.lines.search import Budget, Habits, Search

__all__ = ["MARK", "Budget", "Mended", "mend"]


@dataclass(frozen=True, slots=True)
class Mended:
    """A mended file, or what became of it."""

    text: str
    parses: bool
    cost: float  # of all edits per 100 lines
    marked: tuple[int, ...] = ()  # 1-based lines of the result that are kept as a marked comment
    edits: tuple[tuple[int, str], ...] = field(default=())  # 1-based line of the input, what was done


def mend(
    text: str,
    *,
    target: tuple[int, int] = (3, 11),
    budget: Budget = Budget(),  # noqa: B008
    vocabulary: frozenset[str] = frozenset(),
) -> Mended:
    """The text with its meaning restored as far as the text alone tells; unchanged if it parses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if compiles(text):
            return Mended(text, True, 0.0)
        return _mend(text, budget, vocabulary)


def _mend(text: str, budget: Budget, vocabulary: frozenset[str]) -> Mended:
    clean, edits, alternates = normalised(text)
    if compiles(clean):
        return Mended(clean, True, _share(len(edits), text), edits=tuple(edits))
    probe = Probe(budget.probes)
    habits = Habits(known=bound_names(clean) | vocabulary, quote=_quote(clean))
    literal = Literal(clean.split("\n"), probe)
    result, cost = _read(clean, probe, habits, budget, alternates, literal)
    if cost > 4.0 and _quotes_lost(clean, result):
        habits.unknown = 1.3
        again, other = _read(clean, probe, habits, budget, alternates, literal)
        if compiles(again) or not compiles(result):
            result, cost = again, other
    if not compiles(result):
        result = _settle(result)
    marked = tuple(
        number for number, line in enumerate(result.split("\n"), 1) if line.lstrip().startswith(MARK.rstrip())
    )
    return Mended(result, compiles(result), _share(cost + len(edits), text), marked, tuple(edits))


def _read(
    text: str, probe: Probe, habits: Habits, budget: Budget, alternates: dict[int, str], literal: Literal
) -> tuple[str, float]:
    search = Search(probe, habits, budget)
    units = Lattice(literal.lines, search, alternates, literal).read()
    logical = logical_lines(units)
    blocks = Blocks(logical, probe)
    last = blocks.place()
    cost = last.cost + sum(unit.cost for unit in units)
    return assemble(logical, last, tabs=_tabbed(text)), cost


def _quotes_lost(before: str, after: str) -> bool:
    """Whether mending put back so many quotes that more must be missing."""
    return after.count('"') + after.count("'") >= before.count('"') + before.count("'") + 8


def _settle(text: str) -> str:
    """The text with the logical lines that still do not parse turned into marked comments."""
    lines = text.split("\n")
    for _ in range(60):
        try:
            compile("\n".join(lines), "<repair>", "exec", dont_inherit=True, flags=1024)
        except SyntaxError as error:
            number = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
            while number > 0 and (not lines[number].strip() or lines[number].lstrip().startswith("#")):
                number -= 1
            line = lines[number]
            body = line.lstrip()
            indent = line[: len(line) - len(body)]
            if not body or body.startswith("#"):
                break
            lines[number] = (
                f"{indent}pass  {MARK}{body}"
                if "expected an indented" in (error.msg or "")
                else f"{indent}{MARK}{body}"
            )
        except (ValueError, RecursionError, MemoryError):
            break
        else:
            break
    return "\n".join(lines)


def _share(cost: float, text: str) -> float:
    return round(100.0 * cost / max(1, text.count("\n") + 1), 3)


def _quote(text: str) -> str:
    return "'" if len(re.findall(r"'[^'\n]*'", text)) > 2 * len(re.findall(r'"[^"\n]*"', text)) else '"'


def _tabbed(text: str) -> bool:
    return len(re.findall(r"^\t", text, re.MULTILINE)) > len(re.findall(r"^ ", text, re.MULTILINE))
