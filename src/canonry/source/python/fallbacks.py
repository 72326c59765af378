"""Fallbacks: places that hand out a double when the real thing is away."""

import ast
import re
from collections.abc import Iterable, Iterator

from canonry.source.facts import Fallback
from canonry.source.python.doubles import WORDS, is_parameter, mock_call
from canonry.source.python.draft import Draft
from canonry.source.python.scope import dotted_parts, reference
from canonry.source.python.shapes import constructs, statements_below
from canonry.source.syntax.text import SourceText

_AVAILABLE = re.compile(r"(?:^|_)(?:available|installed|importable|reachable)$", re.IGNORECASE)
_HAS = re.compile(r"(?:HAS|HAVE)_")
_GIVING_UP = frozenset("skip skipTest fail xfail exit _exit abort importorskip".split())
_NARROW = frozenset(
    "KeyError IndexError AttributeError StopIteration ValueError TypeError Empty JSONDecodeError".split()
)
_ASKING = frozenset("get pop getattr setdefault append add extend update".split())  # may give None on purpose
_IDLE = frozenset("print info debug warning error exception log len str repr format getLogger append".split())
_Try = ast.Try | ast.TryStar
_Made = tuple[str, str]
"""What says that it is a double (``mock``, ``class``, ``name``, ``part``), and the reference of its maker."""


class Fallbacks:
    """The fallbacks of one file."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self.found: list[Fallback] = []
        self.imported: dict[str, str] = {}
        """What the module binds; shared with the walk."""

    def handler(self, node: _Try, handler: ast.ExceptHandler, draft: Draft) -> None:
        """Notes a handler that hands out a double after its ``try`` went for the real thing."""
        if _gives_up(handler.body) or not _does_something(node.body):
            return
        given = _given_doubles(node.body)
        if _makes_doubles(node.body, draft, given):
            return
        bound = set(_bound(node.body))
        found = _best(handler.body, draft, bound)
        if found is None or not (bound or _hands_out(node.body)):
            return
        how, (by, maker), same, place = found
        narrow = handler.type is not None and all(name in _NARROW for name in _names(handler.type))
        if narrow and by == "part":
            return  # the real thing, made in another way
        site = self.text.site(place, draft.symbol)
        partly = bool(given) and _makes_doubles(node.body, draft)
        self.found.append(Fallback("handler", how, by, maker, site, same=same, narrow=narrow, partly=partly))

    def branch(self, node: ast.If, draft: Draft) -> None:
        """Notes a double in the branch that an availability check leaves for the case that nothing is there."""
        side = _available(node.test, draft, self.imported)
        if side is None:
            return
        away, there = (node.orelse, node.body) if side else (node.body, node.orelse)
        if not away or _gives_up(away) or _makes_doubles(there, draft):
            return
        found = _best(away, draft, set(_bound(there)))
        if found is not None:
            how, (by, maker), same, place = found
            self.found.append(Fallback("branch", how, by, maker, self.text.site(place, draft.symbol), same=same))

    def choice(self, node: ast.IfExp | ast.BoolOp, draft: Draft) -> None:
        """Notes ``real() if AVAILABLE else Mock()`` and ``real() or Mock()``."""
        if isinstance(node, ast.IfExp):
            side = _available(node.test, draft, self.imported)
            if side is None:
                return
            away, there = (node.orelse, node.body) if side else (node.body, node.orelse)
        else:
            if not isinstance(node.op, ast.Or):
                return
            away, there = node.values[-1], node.values[0]
            if not isinstance(there, ast.Call | ast.Await) or isinstance(away, ast.Name | ast.Attribute):
                return  # a name or attribute may be unset on purpose
            if isinstance(there, ast.Call) and (_names(there.func) or [""])[0].rpartition(".")[2] in _ASKING:
                return
        made = _maker(away, draft, {})
        if made is None or made[0] in ("part", "name") or _maker(there, draft, {}) is not None:
            return
        site, same = self.text.site(node, draft.symbol), isinstance(node, ast.IfExp)
        self.found.append(Fallback("choice", "chooses", *made, site, same=same))


def _best(body: list[ast.stmt], draft: Draft, bound: set[str]) -> tuple[str, _Made, bool, ast.stmt] | None:
    """The double that the statements hand out: what is returned or yielded first, then what is assigned."""
    made: dict[str, _Made] = {}
    kept: list[tuple[str, _Made, bool, ast.stmt]] = []
    for statement in statements_below(body):
        how, value, names = _handed_out(statement)
        if isinstance(statement, ast.ClassDef):
            if WORDS[statement.name] == "double":
                made[statement.name] = ("class", f":{statement.name}")
                kept.append(("defines", made[statement.name], statement.name in bound, statement))
            continue
        maker = _maker(value, draft, made) if value is not None else None
        if maker is None:
            continue
        made.update(dict.fromkeys(names, maker))
        if how != "assigns" or any(name in bound for name in names):
            kept.append((how, maker, True, statement))
    kept.sort(key=lambda each: (each[0] not in ("returns", "yields"), not each[2]))
    return kept[0] if kept else None


def _handed_out(statement: ast.stmt) -> tuple[str, ast.expr | None, list[str]]:
    if isinstance(statement, ast.Return):
        return "returns", statement.value, []
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
        return "yields", statement.value.value, []
    if isinstance(statement, ast.Assign):
        return "assigns", statement.value, [name for target in statement.targets for name in _names(target)]
    if isinstance(statement, ast.AnnAssign):
        return "assigns", statement.value, _names(statement.target)
    return "", None, []


def _maker(value: ast.expr, draft: Draft, made: dict[str, _Made]) -> _Made | None:
    """What makes the value a double."""
    if isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Name | ast.Attribute):
        named = ".".join(_names(value))
        return made.get(named) or _named(value, draft)
    if not isinstance(value, ast.Call):
        return None
    found = _named(value.func, draft)
    if found is None and isinstance(value.func, ast.Name | ast.Attribute) and ".".join(_names(value.func)) in made:
        return made[".".join(_names(value.func))]
    if found is not None:
        return found
    for each in (*value.args, *(keyword.value for keyword in value.keywords)):
        inner = _named(each.func, draft) if isinstance(each, ast.Call) else None
        if inner is not None and inner[0] != "name":
            return ("part", inner[1])
    return None


def _named(function: ast.expr, draft: Draft) -> _Made | None:
    parts = dotted_parts(function)
    if parts is None:
        return None
    name = parts[1][-1] if parts[1] else parts[0]
    target = reference(function, draft.scope)
    word = WORDS[target or name]
    if word == "mock":
        last = mock_call(target)
        if last and not last.startswith("patch"):
            return ("mock", target)
        return None
    if word == "double":
        return ("class", target or name)
    return ("name", target or name) if word == "maker" or WORDS[name] == "maker" else None


def _given_doubles(body: Iterable[ast.stmt]) -> frozenset[int]:
    """The names that are given to what is constructed, by identity: a real thing may be made with a double."""
    given: set[int] = set()
    for statement in statements_below(body):
        value = _handed_out(statement)[1]
        if isinstance(value, ast.Await):
            value = value.value
        if isinstance(value, ast.Call) and constructs(value):
            each = (*value.args, *(keyword.value for keyword in value.keywords))
            given.update(id(one) for one in each if isinstance(one, ast.Name))
    return frozenset(given)


def _makes_doubles(body: Iterable[ast.stmt], draft: Draft, given: frozenset[int] = frozenset()) -> bool:
    """Whether the statements make or name a double; what they bind themselves may stand for one only later.

    Nodes of ``given`` are passed over.
    """
    body = list(body)
    bound = set(_bound(body))
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                if _named(node.func, draft) is not None and not bound.intersection(_names(node.func)):
                    return True
            elif (
                isinstance(node, ast.Name | ast.Attribute)
                and id(node) not in given
                and mock_call(reference(node, draft.scope))
                and not bound.intersection(_names(node))
            ):
                return True
    return False


def _does_something(body: Iterable[ast.stmt]) -> bool:
    """Whether the statements import, await or call something that does more than to talk."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom | ast.Await):
                return True
            if isinstance(node, ast.Call) and (_names(node.func) or [""])[-1].rpartition(".")[2] not in _IDLE:
                return True
    return False


def _gives_up(body: Iterable[ast.stmt]) -> bool:
    """Whether the statements raise, skip, fail or leave, or hand out a mark that skips."""
    body = list(body)
    bound: set[str] | None = None
    for statement in statements_below(body):
        if isinstance(statement, ast.Raise):
            return True
        if isinstance(statement, ast.Assert):
            bound = set(_bound(body)) if bound is None else bound
            if not _asks_if_there(statement.test, bound):
                return True
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call | ast.Attribute):
                names = _names(node.func if isinstance(node, ast.Call) else node)
                if names and names[0].rpartition(".")[2] in _GIVING_UP:
                    return True
    return False


def _asks_if_there(test: ast.expr, bound: set[str]) -> bool:
    """Whether a condition only asks whether a name that the same statements bind holds something."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot):
        against = test.comparators[0]
        test = test.left if isinstance(against, ast.Constant) and against.value is None else test
    return isinstance(test, ast.Name) and test.id in bound


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements_below(body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0]
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _names(target)
        elif isinstance(statement, ast.AnnAssign):
            yield from _names(statement.target)
        elif isinstance(statement, ast.With | ast.AsyncWith):
            for item in statement.items:
                if item.optional_vars is not None:
                    yield from _names(item.optional_vars)


def _hands_out(body: Iterable[ast.stmt]) -> bool:
    return any(_handed_out(statement)[0] in ("returns", "yields") for statement in statements_below(body))


def _names(node: ast.expr) -> list[str]:
    """The dotted names of an expression or of the elements of a tuple; of ``a[b]`` those of the text ``a[]``."""
    if isinstance(node, ast.Subscript):
        return [f"{name}[]" for name in _names(node.value)]
    if isinstance(node, ast.Tuple | ast.List):
        return [name for element in node.elts for name in _names(element)]
    parts = dotted_parts(node)
    return [".".join([parts[0], *parts[1]])] if parts is not None else []


def _available(test: ast.expr, draft: Draft, bindings: dict[str, str]) -> bool | None:
    """True where a condition holds when the real thing is there, False where it holds when it is not, else None."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _available(test.operand, draft, bindings)
        return None if inner is None else not inner
    if isinstance(test, ast.BoolOp):
        sides = [side for side in (_available(value, draft, bindings) for value in test.values) if side is not None]
        return sides[0] if sides else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.left, ast.Name):
        against = test.comparators[0]
        imported = test.left.id in bindings and not is_parameter(test.left.id, draft)
        if imported and isinstance(against, ast.Constant) and against.value is None:
            if isinstance(test.ops[0], ast.Is):
                return False
            return True if isinstance(test.ops[0], ast.IsNot) else None
        return None
    names = _names(test.func if isinstance(test, ast.Call) else test)
    name = names[0].rpartition(".")[2] if names else ""
    return True if _AVAILABLE.search(name) or _HAS.match(name) else None
