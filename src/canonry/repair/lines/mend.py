"""A file that does not parse, mended from its own text alone."""

import ast
import re
import warnings
from dataclasses import dataclass, replace

from canonry.repair.lines.assemble import assemble, logical_lines
from canonry.repair.lines.blocks import Blocks
from canonry.repair.lines.doubts import doubtful_lines
from canonry.repair.lines.lattice import MARK, Lattice
from canonry.repair.lines.literal import Literal
from canonry.repair.lines.names import bound_names
from canonry.repair.lines.normal import normalised
from canonry.repair.lines.probe import Probe, compiles
from canonry.repair.lines.search import DEFAULT, Budget, Habits, Search
from canonry.repair.lines.slips import mend_slips
from canonry.source.syntax.parse import parse_source

__all__ = ["MARK", "Budget", "Mended", "mend"]

_PROBES, _NODES = 4, 40  # more work for each line of a long file
_SLIPS = 20_000  # pieces of text compiled to find slips
_ROUNDS = 20  # of marking a line that still does not parse
_PLACED = 6_000  # lines whose blocks are placed again in all of these rounds together
_PUT_IN = frozenset({"pass", "try:", "finally:", "if False:"})
_STRANGE = 1.3  # cost of a name that nothing binds, once lines lost their quotes
_REQUOTED = 2  # lines whose quotes were mended, from which on names that nothing binds are taken for lost texts


@dataclass(frozen=True, slots=True)
class Mended:
    """A mended file, or what became of it."""

    text: str
    parses: bool
    cost: float  # of all edits per 100 lines
    marked: tuple[int, ...] = ()  # 1-based lines of the result that are kept as a marked comment
    edits: tuple[tuple[int, str], ...] = ()  # 1-based line of the result (0: of the whole), what was done
    unsure: tuple[int, ...] = ()  # 1-based lines of the result that may have meant something else


def mend(
    text: str,
    *,
    target: tuple[int, int] = (3, 11),
    budget: Budget = DEFAULT,
    vocabulary: frozenset[str] = frozenset(),
) -> Mended:
    """The text with its meaning restored as far as the text alone tells; unchanged if it parses, or if nothing helps.

    `vocabulary` holds names that are known to exist although the text does not bind them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if compiles(text, target):
            return Mended(text, True, 0.0)
        slips = mend_slips(text, Probe(_SLIPS), target)
        if slips is not None:
            cost = round(100.0 * slips.cost / (text.count("\n") + 1), 3)
            return Mended(slips.text, True, cost, edits=_edits(text, slips.text), unsure=slips.unsure)
        result, cost, whole, ambiguous = _mend(text, target, budget, vocabulary)
    tree, _, _ = parse_source(result.encode("utf-8", "replace"), target)
    if tree is None:
        return Mended(text, False, 100.0)
    marked = tuple(
        number for number, line in enumerate(result.split("\n"), 1) if line.lstrip().startswith(MARK.rstrip())
    )
    edits = tuple((0, what) for what in whole) + _edits(text, result)
    unsure = doubtful_lines(text, result, known=bound_names(text), ambiguous=ambiguous)
    return Mended(result, True, round(100.0 * cost / (text.count("\n") + 1), 3), marked, edits, unsure)


def _mend(
    text: str, target: tuple[int, int], budget: Budget, vocabulary: frozenset[str]
) -> tuple[str, float, list[str], frozenset[str]]:
    """The mended text, the cost of all edits, what was done to the text as a whole, and the lines with rivals."""
    clean, whole, alternates = normalised(text)
    if compiles(clean, target):
        return clean, float(len(whole)), whole, frozenset()
    lines = clean.count("\n") + 1
    probe = Probe(budget.probes + _PROBES * lines)
    budget = replace(budget, nodes=budget.nodes + _NODES * lines)
    habits = Habits(known=bound_names(clean) | vocabulary, quote=_quote(clean))
    literal = Literal(clean.split("\n"), probe)
    result, cost, requoted, ambiguous = _read(clean, probe, habits, budget, alternates, literal)
    if requoted >= _REQUOTED:
        habits.unknown = _STRANGE
        again, other, _, rivals = _read(clean, probe, habits, budget, alternates, literal)
        if compiles(again, target) or not compiles(result, target):
            result, cost, ambiguous = again, other, rivals
    if not compiles(result, target):
        result = _settle(result)
    return result, cost + len(whole), whole, ambiguous


def _edits(before: str, after: str) -> tuple[tuple[int, str], ...]:
    """What was done to each line of the result that the broken text does not hold."""
    lines = before.split("\n")
    known = set(lines)
    bodies = {line.strip() for line in lines}
    found: list[tuple[int, str]] = []
    for number, line in enumerate(after.split("\n"), 1):
        body = line.strip()
        if line in known or not body:
            continue
        if body.startswith(MARK.rstrip()):
            what = "kept as a marked comment"
        elif body in bodies:
            what = "indentation changed"
        elif body in _PUT_IN:
            what = "put in"
        else:
            what = "mended"
        found.append((number, what))
    return tuple(found)


def _read(
    text: str, probe: Probe, habits: Habits, budget: Budget, alternates: dict[int, str], literal: Literal
) -> tuple[str, float, int, frozenset[str]]:
    search = Search(probe, habits, budget)
    units = Lattice(literal.lines, search, alternates, literal).read()
    requoted = sum(unit.cost >= 0.3 and _requoted(unit.text, literal.lines[unit.source]) for unit in units)
    cost = sum(unit.cost for unit in units)
    ambiguous = search.with_rivals({unit.text.rstrip() for unit in units if unit.cost > 0.0})
    logical = logical_lines(units)
    for line in logical:
        if line.kind == "code" and not probe.statement("\n".join(line.lines).rstrip()):
            line.kind = "marked"
            cost += 4.0
    tabs = _tabbed(text)
    result = ""
    for _ in range(max(3, min(_ROUNDS, _PLACED // len(literal.lines)))):
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
    return result, cost + last.cost, requoted, ambiguous


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
    for _ in range(max(3, min(80, 60_000 // len(lines)))):
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


def _quote(text: str) -> str:
    return "'" if len(re.findall(r"'[^'\n]*'", text)) > 2 * len(re.findall(r'"[^"\n]*"', text)) else '"'


def _tabbed(text: str) -> bool:
    return len(re.findall(r"^\t", text, re.MULTILINE)) > len(re.findall(r"^ ", text, re.MULTILINE))
