"""Sleeps: whose wait one is, whether a loop round it asks for a condition, whether time itself may be tested."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from canonry.source.python.shapes import constructs, statements_below

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ABOUT_TIME = re.compile(
    r"(?:^|[_.])(?:ttl|expir|timeout|time_?out|timed_out|recycl|idle|keep_?alive|elapsed|duration|rate_?limit|timing"
    r"|timer|time_?stamp|latenc|(?:execution|response)_time|throttl|debounc|cool_?down|back_?off|stale)"
)
_DEADLINE = re.compile(r"(?:^|_)time_?out")
_CLOCKS = frozenset("time monotonic perf_counter now utcnow time_ns monotonic_ns perf_counter_ns".split())
_CUTTING = frozenset(
    """raises assertRaises assertRaisesRegex fail_after fail_at move_on_after move_on_at timeout timeout_at Timeout
    CancelScope""".split()
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def polls(loop: ast.stmt) -> bool:
    """Whether a loop asks for a condition: it has one, or is left early. A failing ``assert`` does not try again."""
    if isinstance(loop, ast.While):
        leaving: tuple[type[ast.stmt], ...] = (ast.Break, ast.Return, ast.Raise, ast.Assert)
        return not isinstance(loop.test, ast.Constant) or _holds(loop, leaving)
    return isinstance(loop, ast.For) and _holds(loop, (ast.Break, ast.Return))


def cuts_short(block: ast.stmt) -> bool:
    """Whether a ``with`` ends what stands in it: a timeout, a cancellation, an exception that is expected."""
    if not isinstance(block, ast.With | ast.AsyncWith):
        return False
    return any(_last_name(item.context_expr) in _CUTTING for item in block.items)


def paces(loop: ast.stmt, sleep: ast.Call) -> bool:
    """Whether a sleep ends each turn of a ``for`` loop, so that it sets the pace of what is done in it."""
    if not isinstance(loop, ast.For | ast.AsyncFor) or len(loop.body) < 2:
        return False
    last = loop.body[-1]
    value = last.value if isinstance(last, ast.Expr) else None
    return (value.value if isinstance(value, ast.Await) else value) is sleep


def runs_to_its_end(around: _Function, inner: _Function) -> bool:
    """Whether a function calls or awaits one inside it as a statement, or has it called at the end of a fixture."""
    for statement in _plain_statements(around.body):
        call = getattr(statement, "value", None)
        awaited = isinstance(call, ast.Await)
        if isinstance(call, ast.Await):
            call = call.value
        if not isinstance(call, ast.Call):
            continue
        if _names(call.func, inner.name):
            if awaited == isinstance(inner, ast.AsyncFunctionDef):
                return True
        elif _last_name(call) == "addfinalizer" and any(_names(each, inner.name) for each in call.args):
            return True
    return False


class Timing:
    """What the functions of one file say of time, each read once."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[list[ast.Call], list[ast.Assert], list[ast.Assign]]] = {}

    def tests_time(self, function: _Function, symbol: str, sleep: ast.Call, seconds: float | None) -> bool:
        """Whether time itself may be what a function tests, by the words that it uses.

        Its own name, its class's and its parameters count, the keyword arguments and the names of what it calls (a
        time-out only where it is given to what is constructed, and the sleep is at least as long), and a clock that is
        read after the sleep and asserted about.
        """
        if _speaks(symbol) or any(_speaks(each.arg) for each in function.args.args):
            return True
        calls, asserts, assigns = self._of(function)
        if any(call is not sleep and _is_about(call, seconds) for call in calls):
            return True
        line = sleep.lineno
        measured = {
            target.id
            for assign in assigns
            if assign.lineno > line and _measures(assign.value)
            for target in assign.targets
            if isinstance(target, ast.Name)
        }
        checks: list[ast.expr] = [each.test for each in asserts if each.lineno > line]
        checks += [each for each in calls if each.lineno > line and _last_name(each).startswith("assert")]
        return any(
            (isinstance(node, ast.Name) and node.id in measured) or (isinstance(node, ast.Call) and _is_clock(node))
            for check in checks
            for node in ast.walk(check)
        )

    def _of(self, function: _Function) -> tuple[list[ast.Call], list[ast.Assert], list[ast.Assign]]:
        kept = self._read.get(id(function))
        if kept is None:
            kept = self._read[id(function)] = ([], [], [])
            calls, asserts, assigns = kept
            for node in ast.walk(function):
                if node.__class__ is ast.Call:
                    calls.append(node)
                elif isinstance(node, ast.Assert):
                    asserts.append(node)
                elif isinstance(node, ast.Assign):
                    assigns.append(node)
        return kept


def _plain_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements below that are neither in a poll nor cut short; functions and classes are not entered."""
    left_out: set[int] = set()
    for statement in statements_below(body):
        if id(statement) in left_out:
            continue
        if cuts_short(statement) or polls(statement):
            left_out.update(map(id, statements_below([statement])))
        else:
            yield statement


def _is_about(call: ast.Call, seconds: float | None) -> bool:
    if _speaks(_last_name(call)) and not _DEADLINE.search(_words(_last_name(call))):
        return True
    for keyword in call.keywords:
        if keyword.arg is None or not _speaks(keyword.arg):
            continue
        if not _DEADLINE.search(_words(keyword.arg)):
            return True
        if not constructs(call):
            continue  # a deadline of this one call
        given = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
        if isinstance(given, int | float) and seconds is not None and 0 < given <= seconds:
            return True
    return False


def _measures(value: ast.expr) -> bool:
    """Whether a value is what passed until now: a clock, less something."""
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and any(isinstance(each, ast.Call) and _is_clock(each) for each in ast.walk(node))
        for node in ast.walk(value)
    )


def _is_clock(call: ast.Call) -> bool:
    return _last_name(call) in _CLOCKS


@lru_cache(maxsize=20_000)
def _speaks(name: str) -> bool:
    return _ABOUT_TIME.search(_words(name)) is not None


def _words(name: str) -> str:
    return _HUMP.sub("_", name).lower()


def _holds(loop: ast.stmt, kinds: tuple[type[ast.stmt], ...]) -> bool:
    return any(isinstance(each, kinds) for each in statements_below([loop]))


def _names(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _last_name(node: ast.expr) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
