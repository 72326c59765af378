"""A file that does not parse, mended from its own text alone."""

import ast
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


_ROUNDS = 20  # of marking a line that still does not parse


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
    result, cost, requoted = _read(clean, probe, habits, budget, alternates, literal)
    if requoted >= 2:
        habits.unknown = 1.3
        again, other, _ = _read(clean, probe, habits, budget, alternates, literal)
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
) -> tuple[str, float, int]:
    search = Search(probe, habits, budget)
    units = Lattice(literal.lines, search, alternates, literal).read()
    requoted = sum(unit.cost >= 0.5 and _requoted(unit.text, literal.lines[unit.source]) for unit in units)
    cost = sum(unit.cost for unit in units)
    logical = logical_lines(units)
    for line in logical:
        if line.kind == "code" and not probe.statement("\n".join(line.lines).rstrip()):
            line.kind = "marked"
            cost += 4.0
    tabs = _tabbed(text)
    result = ""
    for _ in range(_ROUNDS):
        last = Blocks(logical, probe).place()
        result, origin = assemble(logical, last, tabs=tabs)
        wrong = _wrong_line(result)
        if wrong < 0:
            break
        at = origin[min(wrong, len(origin) - 1)]
        while at >= 0 and logical[at].kind != "code":
            at -= 1
        if at < 0:
            break
        logical[at].kind = "marked"
        cost += 4.0
    return result, cost + last.cost, requoted


def _wrong_line(text: str) -> int:
    """The line, counted from 0, where Python stops reading; -1 if it reads the whole text."""
    try:
        compile(text, "<repair>", "exec", dont_inherit=True, flags=ast.PyCF_ONLY_AST)
    except SyntaxError as error:
        return max(0, (error.lineno or 1) - 1)
    except (ValueError, RecursionError, MemoryError):
        return 0
    return -1


def _requoted(after: str, before: str) -> bool:
    """Whether only the quotes of a line of code were mended."""
    if '"""' in after:
        return False
    bare = before.replace('"', "").replace("'", "").strip()
    return bare == after.replace('"', "").replace("'", "").strip()


def _settle(text: str) -> str:
    """The text with the lines that still do not parse turned into marked comments, and bodies where they lack."""
    lines = text.split("\n")
    for _ in range(80):
        try:
            compile("\n".join(lines), "<repair>", "exec", dont_inherit=True, flags=ast.PyCF_ONLY_AST)
        except SyntaxError as error:
            number = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
            opener = re.search(r"expected an indented block after .* on line (\d+)", error.msg or "")
            while number > 0 and (not lines[number].strip() or lines[number].lstrip().startswith("#")):
                number -= 1
            body = lines[number].lstrip()
            indent = lines[number][: len(lines[number]) - len(body)]
            if opener:
                head = lines[int(opener.group(1)) - 1]
                inner = head[: len(head) - len(head.lstrip())] + "    pass"
                lines.insert(number if number >= int(opener.group(1)) else number + 1, inner)
            elif not body or body.startswith("#"):
                break
            else:
                lines[number] = f"{indent}{MARK}{body}"
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
