"""What a test's verdict rests on: skips, expected failures, fixed waits, empty bodies, assertions under a condition."""

import ast
from collections.abc import Iterable, Iterator

from canonry.source.facts import Skip, Tautology, Wait
from canonry.source.python.draft import Draft
from canonry.source.python.scope import Scope, join, reference
from canonry.source.python.shapes import statements_below
from canonry.source.python.tautologies import always_true, checks_nothing
from canonry.source.python.timing import Timing, cuts_short, paces, polls, runs_to_its_end
from canonry.source.syntax.text import SourceText

_SLEEPS = frozenset("time.sleep asyncio.sleep anyio.sleep trio.sleep gevent.sleep eventlet.sleep".split())
_RUNNERS = frozenset(("run", "run_until_complete"))
_SKIP_CALLS = frozenset(("pytest.skip", "self.skipTest", "cls.skipTest", "_pytest.outcomes.skip"))
_SKIP_ERRORS = frozenset(("unittest.SkipTest", "unittest.case.SkipTest", "pytest.skip.Exception"))
_SKIP_MARKS = frozenset(("pytest.mark.skip", "unittest.skip", "unittest.case.skip"))
_CONDITIONAL_MARKS = {
    "pytest.mark.skipif": True,
    "unittest.skipIf": True,
    "unittest.case.skipIf": True,
    "unittest.skipUnless": False,
    "unittest.case.skipUnless": False,
}
_MARK_ENDS = ("skip", "skipif", "xfail", "skipIf", "skipUnless", "expectedFailure")
_DEPTH = 20
_IMPORT_ERRORS = frozenset(("ImportError", "ModuleNotFoundError"))
_PRECONDITIONS = frozenset(
    """OSError IOError EnvironmentError FileNotFoundError PermissionError NotADirectoryError IsADirectoryError
    ValueError KeyError LookupError AttributeError NotImplementedError""".split()
)
_SET_UPS = ("test", "setUp", "setup", "asyncSetUp")
_LOGGERS = frozenset("logger log logging LOG LOGGER _logger".split())
_LOG_METHODS = frozenset("debug info warning warn error critical exception log".split())
_STATUS = frozenset("status_code status ok is_success success".split())
_HTTP_STATUS = frozenset("status_code ok is_success".split())
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Try = ast.Try | ast.TryStar


class Verdicts:
    """What one file's tests rest on. ``caught`` and ``around`` (loops, ``with``) stand around what is read."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self.tautologies: list[Tautology] = []
        self.skips: list[Skip] = []
        self.waits: list[Wait] = []
        self.numbers: dict[str, float | None] = {}
        self.caught: list[tuple[_Try, ast.ExceptHandler]] = []
        self.around: list[ast.stmt] = []
        self._run: set[str] = set()
        self._timing = Timing()
        self._may_skip = any(word in text.content for word in (b"kip", b"xfail", b"expectedFailure"))

    # assertions ------------------------------------------------------------------------------------------------------

    def asserted(self, node: ast.Assert, draft: Draft) -> None:
        """Notes an ``assert`` that holds whatever happens."""
        kind, why = always_true(node.test)
        if kind:
            kind = self._or_marker(kind)
            self.tautologies.append(Tautology(kind, why, self.text.site(node, draft.symbol)))

    def checked(self, node: ast.Call, name: str, draft: Draft) -> None:
        """Notes a call of unittest's assertion methods that passes whatever happens."""
        kind, why = checks_nothing(node, name)
        if kind:
            kind = self._or_marker(kind)
            self.tautologies.append(Tautology(kind, why, self.text.site(node, draft.symbol)))

    def _or_marker(self, kind: str) -> str:
        """``marker`` for a constant in a handler of a ``try`` that fails at its end: it marks the good way."""
        return "marker" if kind == "constant" and self.caught and _fails_at_end(self.caught[-1][0]) else kind

    # waits -----------------------------------------------------------------------------------------------------------

    def number(self, name: str, value: ast.Constant) -> None:
        """Remembers a name that is bound to a number; one that is bound to several is unknown."""
        if value.value.__class__ in (int, float):
            known = self.numbers.get(name, value.value)
            self.numbers[name] = value.value if known == value.value else None

    def runs(self, node: ast.Call, scope: Scope) -> None:
        """Remembers a function that is run to its end: ``asyncio.run(scene())``."""
        for argument in node.args[:1]:
            first = argument.func if isinstance(argument, ast.Call) else argument
            if isinstance(first, ast.Name):
                self._run.add(scope.get(first.id) or "")

    def slept(
        self, node: ast.Call, statement: ast.expr | None, target: str | None, attributes: list[str], draft: Draft
    ) -> None:
        """Notes a sleep that is a statement of its own."""
        if target is None or join(target, attributes[::-1]) not in _SLEEPS or not _is_awaited(statement, node):
            return
        if draft.node is None or any(polls(each) or cuts_short(each) for each in self.around):
            return
        given = [*node.args, *(each.value for each in node.keywords if each.arg in ("delay", "secs", "seconds"))]
        if not given:
            return
        seconds = self._amount(given[0], draft)
        if seconds is not None and seconds <= 0:
            return
        home = self._home(draft)
        if home is not None:
            expression = join(target, attributes[::-1])
            whole = draft.node if home == draft.symbol or draft.parent is None else draft.parent.node
            timed = whole is not None and self._timing.tests_time(whole, home, node, seconds)
            pace = bool(self.around) and paces(self.around[-1], node)
            self.waits.append(Wait(expression, seconds, home, self.text.site(node, draft.symbol), timed, pace))

    def _home(self, draft: Draft) -> str | None:
        """The function whose wait it is: the function itself, or the one around it that runs it to its end."""
        if not draft.nested or draft.owner:
            return draft.symbol
        around = draft.parent
        if around is None or around.node is None or draft.node is None or around.nested:
            return None
        runs = f":{draft.symbol}" in self._run or runs_to_its_end(around.node, draft.node)
        return around.symbol if runs else None

    def _amount(self, node: ast.expr, draft: Draft, depth: int = _DEPTH) -> float | None:
        if isinstance(node, ast.Constant):
            return float(node.value) if node.value.__class__ in (int, float) else None
        if isinstance(node, ast.Name):
            return self.numbers.get(node.id)
        if depth and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult | ast.Div | ast.Sub):
            left, right = (self._amount(each, draft, depth - 1) for each in (node.left, node.right))
            if left is None or right is None:
                return None
            if isinstance(node.op, ast.Add):
                return left + right
            if isinstance(node.op, ast.Mult):
                return left * right
            if isinstance(node.op, ast.Sub):
                return left - right
            return left / right if right else None
        return None

    # skips -----------------------------------------------------------------------------------------------------------

    def skipped(self, node: ast.Call, root: str, target: str | None, attributes: list[str], draft: Draft) -> None:
        """Notes a skip, or an expected failure, inside a handler; and one without a reason anywhere."""
        name = join(target or root, attributes[::-1])
        if name == "pytest.xfail" and not _has_reason(node):
            self._skip("xfail", name, node, draft.symbol)
        elif self.caught and (name in _SKIP_CALLS or name == "pytest.xfail"):
            self._in_handler(name, node, draft)

    def raised(self, node: ast.Raise, raised: str, draft: Draft) -> None:
        """Notes a skip that is raised inside a handler."""
        if self.caught:
            self._in_handler(raised, node, draft)

    def _in_handler(self, name: str, node: ast.Call | ast.Raise, draft: Draft) -> None:
        attempt, handler = self.caught[-1]
        kind = "handler"
        if handler.type is not None and _names_of(handler.type) <= _IMPORT_ERRORS:
            imports = all(_imports(each) for each in attempt.body)
            kind = "import" if imports else "handler-import"
        elif not any(_is_statement(each, node) for each in handler.body):
            kind = "handler-branch"
        elif handler.type is not None and _names_of(handler.type) <= _PRECONDITIONS:
            kind = "handler-precondition"
        self._skip(kind, name, node, draft.symbol, line=handler.lineno)

    def marks(self, decorators: Iterable[ast.expr], scope: Scope, symbol: str) -> None:
        """Notes unconditional skips and unexplained expected failures among decorators or marks."""
        for node in decorators if self._may_skip else ():
            name = reference(node, scope).removeprefix("*.")
            if not name.endswith(_MARK_ENDS):
                continue
            call = node if isinstance(node, ast.Call) else None
            if name in _SKIP_MARKS:
                self._skip("mark", name, node, symbol)
            elif name in _CONDITIONAL_MARKS:
                if call is not None and call.args and _is_settled(call.args[0], holds=_CONDITIONAL_MARKS[name]):
                    self._skip("mark", name, node, symbol)
            elif name == "pytest.mark.xfail":
                if call is None or not _has_reason(call):
                    self._skip("xfail", name, node, symbol)
            elif name in ("unittest.expectedFailure", "unittest.case.expectedFailure"):
                self._skip("expected", name, node, symbol)

    def module(self, body: Iterable[ast.stmt], scope: Scope) -> None:
        """Notes a skip that is a statement of the module itself."""
        for statement in body if self._may_skip else ():
            if statement.__class__ is ast.Expr or statement.__class__ is ast.Raise:
                name, node = _skip_of(statement, scope)
                if node is not None:
                    self._skip("module", name, node, "<module>")

    def body(self, node: _Function, draft: Draft) -> str:
        """Notes an unconditional skip in a function's body; returns what the body is instead of a test, or nothing."""
        body = list(_always_run(node.body)) if self._may_skip else []
        for number, statement in enumerate(body):
            kind = statement.__class__
            if kind is ast.Raise or (kind is ast.Expr and _is_named_skip(statement.value)):  # type: ignore[attr-defined]
                name, skip = _skip_of(statement, draft.scope)
                if skip is not None and not _leaves_before(body[:number]):
                    self._skip("body", name, skip, draft.symbol)
        return _placeholder(node.body)

    def _skip(self, kind: str, name: str, node: ast.expr | ast.stmt, symbol: str, *, line: int = 0) -> None:
        self.skips.append(Skip(kind, name, self.text.site(node, symbol), line))


def may_run_as_test(node: _Function) -> bool:
    """Whether pytest or unittest may run the function: a test, a set-up, or something decorated."""
    return bool(node.decorator_list) or node.name.startswith(_SET_UPS)


def asks_status(test: ast.expr) -> bool:
    """Whether a condition asks for a status that one hopes for."""
    if test.__class__ is ast.Compare and len(test.ops) == 1:
        left, operator = test.left, test.ops[0]
        hopes = isinstance(operator, ast.Eq | ast.In | ast.Lt | ast.LtE) and _part(left) in _STATUS
        return hopes and not _names_failures(test.comparators[0])
    return test.__class__ is ast.Attribute and test.attr in _HTTP_STATUS


def _names_failures(status: ast.expr) -> bool:
    """Whether all numbers that a status is compared with are those of failures (400 and above)."""
    each = status.elts if isinstance(status, ast.Tuple | ast.List | ast.Set) else [status]
    codes = [one.value for one in each if isinstance(one, ast.Constant) and isinstance(one.value, int)]
    return bool(codes) and len(codes) == len(each) and all(code >= 400 for code in codes)


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return ""


def _is_awaited(statement: ast.expr | None, node: ast.Call) -> bool:
    """Whether the statement that is being read is the call, awaited, yielded or run to its end."""
    if isinstance(statement, ast.Await | ast.Yield | ast.YieldFrom):
        statement = statement.value
    if isinstance(statement, ast.Call) and statement is not node and statement.args:
        function = statement.func
        if isinstance(function, ast.Attribute) and function.attr in _RUNNERS:
            statement = statement.args[0]
    return statement is node


def _is_named_skip(value: ast.expr) -> bool:
    function = value.func if value.__class__ is ast.Call else None
    if function.__class__ is ast.Attribute:
        return function.attr in ("skip", "skipTest")
    return function.__class__ is ast.Name and function.id == "skip"


def _skip_of(statement: ast.stmt, scope: Scope) -> tuple[str, ast.expr | ast.stmt | None]:
    """The skip that a statement is, with its name."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        name = reference(statement.value, scope).removeprefix("*.")
        if not name:
            function = statement.value.func
            if isinstance(function, ast.Attribute) and function.attr == "skipTest":
                name = "self.skipTest"
        return (name, statement.value) if name in _SKIP_CALLS else ("", None)
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        name = reference(statement.exc, scope)
        return (name, statement) if name in _SKIP_ERRORS else ("", None)
    return "", None


def _imports(statement: ast.stmt) -> bool:
    """Whether a statement imports, or notes that the import went well."""
    if isinstance(statement, ast.Assign):
        return not any(isinstance(each, ast.Call) for each in ast.walk(statement.value))
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _always_run(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run whenever the body does, unless an earlier one raises: blocks without a condition too.

    A block that expects or suppresses something may end at any statement but its first, which no skip that is an
    ``Exception`` leaves: only a call of ``skip`` counts there, and only where no skip is what is expected.
    """
    waiting = [*body][::-1]
    while waiting:
        statement = waiting.pop()
        yield statement
        if isinstance(statement, ast.With | ast.AsyncWith):
            if _may_end_early(statement):
                first = statement.body[0]
                if first.__class__ is ast.Expr and not _expects_skip(statement):
                    yield first
            else:
                waiting += statement.body[::-1]
        elif isinstance(statement, _Try) and not statement.handlers:
            waiting += [*statement.body, *statement.finalbody][::-1]


def _may_end_early(block: ast.With | ast.AsyncWith) -> bool:
    return cuts_short(block) or any(_called(item.context_expr) == "suppress" for item in block.items)


def _expects_skip(block: ast.With | ast.AsyncWith) -> bool:
    """Whether a block may take the exception that a skip is: anything but ``Exception`` and errors by name."""
    for item in block.items:
        call = item.context_expr
        for kinds in call.args[:1] if isinstance(call, ast.Call) else ():
            for kind in _elements(kinds):
                plain = isinstance(kind, ast.Name) and kind.id == "Exception"
                if not (plain or _part(kind).endswith("Error")):
                    return True
    return False


def _fails_at_end(attempt: _Try) -> bool:
    """Whether the body of a ``try``, or what runs when nothing was raised, ends in a failure."""
    for body in (attempt.body, attempt.orelse):
        while body and isinstance(body[-1], ast.With | ast.AsyncWith):
            body = body[-1].body
        last = body[-1] if body else None
        if isinstance(last, ast.Assert) and isinstance(last.test, ast.Constant) and not last.test.value:
            return True
        if isinstance(last, ast.Expr) and _called(last.value) == "fail":
            return True
        if isinstance(last, ast.Raise) and last.exc is not None and _called(last.exc) == "AssertionError":
            return True
    return False


def _called(node: ast.expr) -> str:
    return _part(node.func if isinstance(node, ast.Call) else node)


def _elements(kinds: ast.expr) -> list[ast.expr]:
    return kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]


def _leaves_before(body: Iterable[ast.stmt]) -> bool:
    """Whether a statement may return before."""
    return any(isinstance(each, ast.Return) for each in statements_below(body))


def _is_statement(statement: ast.stmt, node: ast.AST) -> bool:
    return statement is node or (isinstance(statement, ast.Expr) and statement.value is node)


def _names_of(kinds: ast.expr) -> set[str]:
    return {kind.id if isinstance(kind, ast.Name) else "?" for kind in _elements(kinds)}


def _has_reason(call: ast.Call) -> bool:
    """Whether a reason is given; a condition, the first argument of the mark, is one."""
    given = [*call.args[:1], *(each.value for each in call.keywords if each.arg in ("reason", "condition", None))]
    return any(not (isinstance(each, ast.Constant) and not each.value) for each in given)


def _is_settled(condition: ast.expr, *, holds: bool) -> bool:
    """Whether a condition is a constant with that truth; a text is code, and only ``"True"`` is settled."""
    if not isinstance(condition, ast.Constant):
        return False
    if isinstance(condition.value, str):
        return condition.value.strip() == str(holds)
    return bool(condition.value) is holds


def _placeholder(body: list[ast.stmt]) -> str:
    """What a body is that does nothing: ``pass``, ``...``, a docstring, a bare return, or printing; else empty."""
    kind = "docstring"
    for statement in body:
        if statement.__class__ is ast.Pass:
            kind = kind if kind == "print" else "pass"
        elif isinstance(statement, ast.Return):
            if statement.value is not None and getattr(statement.value, "value", statement) is not None:
                return ""
            kind = kind if kind == "print" else "return"
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            if statement.value.value is ...:
                kind = "ellipsis"
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and _talks(statement.value):
            kind = "print"
        else:
            return ""
    return kind


def _talks(call: ast.Call) -> bool:
    """Whether the call prints or logs, and calls nothing else for it."""
    function = call.func
    if isinstance(function, ast.Attribute):
        holder = function.value
        named = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
        if function.attr not in _LOG_METHODS or named not in _LOGGERS:
            return False
    elif not (isinstance(function, ast.Name) and function.id == "print"):
        return False
    given = (*call.args, *(keyword.value for keyword in call.keywords))
    return not any(isinstance(each, ast.Call | ast.Await) for value in given for each in ast.walk(value))
