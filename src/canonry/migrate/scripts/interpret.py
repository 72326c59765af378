# ruff: noqa: N802, N815 - handlers are named after the kinds of nodes
"""Reads a script as Python would run it, as far as it goes without running anything, up to the tests that it starts.

Nothing is executed: statements are followed with values that are known from the text; what comes from outside is
`Unknown`. Where a condition is unknown both ways are followed, one run each (`runs_of`); a script whose runs start
different tests is refused. So what is told of an option is what the script does with it, not what its name suggests.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from canonry.changes.nodes import nodes_of
from canonry.migrate.scripts import library, parsers
from canonry.migrate.scripts.effects import is_environment, tell_of_change, tell_of_end
from canonry.migrate.scripts.expressions import TURNS, Expressions, listed
from canonry.migrate.scripts.values import (
    ROOT,
    CannotReadError,
    Class,
    Ended,
    External,
    Function,
    Instance,
    Jumped,
    Namespace,
    Parser,
    Process,
    Returned,
    Scope,
    Started,
    Unknown,
    written_as,
)

_STEPS = 60_000
_ALL_STEPS = 600_000
_RUNS = 64
_DEPTH = 40


class Script:
    """A script to be read: its tree, its path from the root, and which paths there are."""

    def __init__(self, tree: ast.Module, path: str, exists: Callable[[str], bool]) -> None:
        self.tree = tree
        self.path = path
        self.exists = exists
        self.steps = 0
        """How much of it was followed, over all readings."""

    @cached_property
    def speaks_of_pytest(self) -> bool:
        """Whether a text of it names pytest."""
        texts = (node.value for node in nodes_of(self.tree) if isinstance(node, ast.Constant))
        return any(isinstance(text, str) and "pytest" in text for text in texts)


class Run(Expressions):
    """One reading. ``started`` are the test tools in order, ``aside`` what else it does, ``asked`` what is unknown."""

    def __init__(
        self, script: Script, given: Mapping[str, Any], decisions: Sequence[bool] = (), *, folder: str = ""
    ) -> None:
        super().__init__()
        self.script = script
        self.path = script.path
        self.given = given
        self.decisions = decisions
        self.started: list[Started] = []
        self.aside: dict[str, None] = {}
        self.parser: Parser | None = None
        self.folder = folder
        self.passed: bool | None = None
        self.path_changed = False
        self._steps = 0
        self._depth = 0

    def read(self) -> None:
        """Follows the script to its end. Raises `CannotReadError`."""
        scope = Scope({"__name__": "__main__", "__file__": f"{ROOT}/{self.script.path}"})
        try:
            self._block(self.script.tree.body, scope)
            tell_of_end(self, None)
        except Ended as end:
            tell_of_end(self, end.value, fails=end.fails)
        except (Returned, Jumped):
            pass
        except RecursionError:
            raise CannotReadError("it is nested deeper than can be followed") from None
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:  # it would fail there
            raise CannotReadError(f"it cannot be followed ({type(error).__name__}: {error})") from None

    # statements -------------------------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self.step()
            handle = getattr(self, f"_do_{type(statement).__name__}", None)
            if handle is None:
                raise CannotReadError(f"line {statement.lineno} is not followed")
            handle(statement, scope)

    def step(self) -> None:
        """Counts a step. Raises `CannotReadError` where there are too many."""
        self._steps += 1
        self.script.steps += 1
        if self._steps > _STEPS or self.script.steps > _ALL_STEPS:
            raise CannotReadError("it does more than can be followed")

    def _do_Pass(self, node: ast.stmt, scope: Scope) -> None: ...

    def _do_Global(self, node: ast.Global, scope: Scope) -> None:
        scope.shared.update(node.names)

    _do_Nonlocal = _do_Global

    def _do_Expr(self, node: ast.Expr, scope: Scope) -> None:
        self.value(node.value, scope)

    def _do_Import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            scope.names[alias.asname or top] = External(alias.name if alias.asname else top)

    def _do_ImportFrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            scope.names[alias.asname or alias.name] = External(f"{'.' * node.level}{node.module or ''}.{alias.name}")

    def _do_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        function = Function(node, scope)
        for decorator in reversed(node.decorator_list):
            parsers.decorate(self, function, decorator, scope)
        scope.names[node.name] = function

    _do_AsyncFunctionDef = _do_FunctionDef

    def _do_ClassDef(self, node: ast.ClassDef, scope: Scope) -> None:
        body = Scope({}, scope)
        self._block(node.body, body)
        members = dict(body.names)
        for base in node.bases:
            above = self.value(base, scope)
            if isinstance(above, Class):
                members = above.members | members
        made: Any = Class(node.name, members)
        kinds = [self.value(base, scope) for base in node.bases]
        if any(isinstance(each, External) and each.name.endswith("Enum") for each in kinds):
            made = Unknown(node.name)
        scope.names[node.name] = made

    def _do_Assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.value(node.value, scope)
        for target in node.targets:
            self.bind(target, value, scope)

    def _do_AnnAssign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value, scope), scope)

    def _do_AugAssign(self, node: ast.AugAssign, scope: Scope) -> None:
        old = self.value(_loaded(node.target), scope)
        new = self.value(node.value, scope)
        if isinstance(old, list) and isinstance(new, list | tuple) and isinstance(node.op, ast.Add):
            old.extend(new)
            return
        if is_environment(old):
            tell_of_change(self, old, "", ast.unparse(node.target))
            return
        self.bind(node.target, self.binary(type(node.op), old, new, node.value), scope)

    def bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Gives a target a value."""
        if isinstance(target, ast.Name):
            here = scope
            while target.id in here.shared and here.above is not None:
                here = here.above
                if target.id in here.names:
                    break
            here.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            values = list(value) if isinstance(value, list | tuple) and len(value) == len(target.elts) else None
            for number, each in enumerate(target.elts):
                self.bind(each, values[number] if values else Unknown(written_as(target)), scope)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, scope)
            if isinstance(owner, Instance | Namespace):
                owner.fields[target.attr] = value
            elif isinstance(owner, External):
                tell_of_change(self, External(f"{owner.name}.{target.attr}"), "", ast.unparse(target))
        elif isinstance(target, ast.Subscript):
            self._bind_item(target, value, scope)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Unknown(written_as(target)), scope)

    def _bind_item(self, target: ast.Subscript, value: Any, scope: Scope) -> None:
        owner, key = self.value(target.value, scope), self.value(target.slice, scope)
        if ast.unparse(target.value) in ("sys.argv", "sys.path", "sys.modules"):
            owner = External(ast.unparse(target.value))
        if isinstance(owner, dict | list) and not isinstance(key, Unknown):
            try:
                owner[key] = value
            except (TypeError, IndexError, ValueError):
                raise CannotReadError(f"line {target.lineno} is not followed") from None
        else:
            tell_of_change(self, owner, key, ast.unparse(target))

    def _do_Delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                scope.names[target.id] = Unknown(target.id)
            elif isinstance(target, ast.Subscript):
                key = self.value(target.slice, scope)
                tell_of_change(self, self.value(target.value, scope), key, ast.unparse(target))
            elif isinstance(target, ast.Attribute):
                tell_of_change(self, External(ast.unparse(target)), "", ast.unparse(target))

    def _do_Return(self, node: ast.Return, scope: Scope) -> None:
        raise Returned(self.value(node.value, scope) if node.value is not None else None)

    def _do_Raise(self, node: ast.Raise, scope: Scope) -> None:
        raised = node.exc
        called = raised.func if isinstance(raised, ast.Call) else raised
        value = [self.value(each, scope) for each in raised.args] if isinstance(raised, ast.Call) else []
        if isinstance(called, ast.Name) and called.id == "SystemExit":
            raise Ended(value[0] if value else None)
        raise Ended(fails=True)

    def _do_Assert(self, node: ast.Assert, scope: Scope) -> None:
        if not self.truth(node.test, scope):
            raise Ended(fails=True)

    def _do_Break(self, node: ast.Break, scope: Scope) -> None:
        raise Jumped(leaves=True)

    def _do_Continue(self, node: ast.Continue, scope: Scope) -> None:
        raise Jumped(leaves=False)

    def _do_If(self, node: ast.If, scope: Scope) -> None:
        self._block(node.body if self.truth(node.test, scope) else node.orelse, scope)

    def _do_Match(self, node: ast.Match, scope: Scope) -> None:
        raise CannotReadError(f"the `match` in line {node.lineno} is not followed")

    def _do_Try(self, node: ast.Try, scope: Scope) -> None:
        if node.handlers and not all(isinstance(each, ast.Import | ast.ImportFrom) for each in node.body):
            self.note(f"it does something else where line {node.body[0].lineno} fails")
        try:
            self._block(node.body, scope)
            self._block(node.orelse, scope)
        finally:
            self._block(node.finalbody, scope)

    def _do_With(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        for item in node.items:
            value = self.value(item.context_expr, scope)
            if item.optional_vars is not None:
                self.bind(
                    item.optional_vars, value if isinstance(value, Instance | Process) else Unknown("with"), scope
                )
        self._block(node.body, scope)

    _do_AsyncWith = _do_With

    def _do_For(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        values = listed(self.value(node.iter, scope))
        turns: Sequence[Any] = [Unknown(written_as(node.iter))] if values is None else values
        if len(turns) > TURNS:
            raise CannotReadError(f"the loop in line {node.lineno} has more than {TURNS} turns")
        before = len(self.started)
        for value in turns:
            self.bind(node.target, value, scope)
            if not self._turn(node.body, scope):
                break
        else:
            self._block(node.orelse, scope)
        if values is None and len(self.started) > before:
            raise CannotReadError(f"`{written_as(node.iter)}` in line {node.lineno} is known only when it runs")

    _do_AsyncFor = _do_For

    def _do_While(self, node: ast.While, scope: Scope) -> None:
        for _ in range(TURNS):
            known = self.value(node.test, scope)
            if isinstance(known, Unknown) or not known:
                if isinstance(known, Unknown):
                    before = len(self.started)
                    self._turn(node.body, scope)
                    if len(self.started) > before:
                        raise CannotReadError(f"how often the loop in line {node.lineno} goes is known only then")
                return
            if not self._turn(node.body, scope):
                return
        raise CannotReadError(f"the loop in line {node.lineno} does not end")

    def _turn(self, body: Sequence[ast.stmt], scope: Scope) -> bool:
        try:
            self._block(body, scope)
        except Jumped as jump:
            return not jump.leaves
        return True

    # calls ------------------------------------------------------------------------------------------------------------

    def call(self, function: Function, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """What a function of the script returns."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise CannotReadError("it calls itself deeper than can be followed")
        scope = Scope(library.bound(self, function, arguments, named), function.closure)
        try:
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body, scope)
            self._block(function.node.body, scope)
        except Returned as returned:
            return returned.value
        finally:
            self._depth -= 1
        return None

    def exists(self, path: str) -> bool:
        """Whether the tree holds a file or folder at a path from its root."""
        return self.script.exists(path)

    def speaks_of_pytest(self) -> bool:
        """Whether a text of the script names it."""
        return self.script.speaks_of_pytest

    def note(self, what: str) -> None:
        """Notes what the script does beside starting tests."""
        self.aside[what] = None


def runs_of(script: Script, given: Mapping[str, Any], *, folder: str = "") -> Run:
    """The reading of a script with these arguments. Raises `CannotReadError` where what it starts is not settled.

    Each unknown condition is answered the other way once, and so is each that only then is asked.

    ``folder`` is the working directory from the root of the tree. Of runs that differ only in how far they go (a script
    that stops at the first failure) the one that goes farthest is given.
    """
    first = Run(script, given, folder=folder)
    first.read()
    found, seen = [first], set(first.asked)
    waiting = [(first, number) for number in range(len(first.asked))]
    while waiting:
        parent, number = waiting.pop()
        run = Run(script, given, (*parent.answers[:number], not parent.answers[number]), folder=folder)
        run.read()
        found.append(run)
        if len(found) > _RUNS:
            raise CannotReadError("what it starts depends on more than can be followed")
        waiting += [(run, number) for number, asked in enumerate(run.asked) if asked not in seen]
        seen.update(run.asked)
    longest = max(found, key=lambda run: len(run.started))
    for run in found:
        words = [each.words for each in run.started]
        if words != [each.words for each in longest.started][: len(words)]:
            asked = next(iter([*run.asked, *longest.asked]), "what is known only when it runs")
            raise CannotReadError(f"what it starts depends on {asked}")
        longest.aside |= run.aside
        if len(words) < len(longest.started) and run.asked:
            depends = next((each for each in run.asked if each in longest.asked), run.asked[-1])
            longest.note(f"whether it starts {'more ' if words else ''}tests depends on {depends}")
    return longest


def _loaded(target: ast.expr) -> ast.expr:
    """A target as the expression that reads it."""
    return ast.parse(ast.unparse(target), mode="eval").body
