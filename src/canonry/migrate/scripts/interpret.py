# ruff: noqa: N802, N815 - handlers are named after the kinds of nodes
"""Reads a script as Python would run it, as far as it goes without running anything, up to the tests that it starts.

Nothing is executed: statements are followed with values that are known from the text; what comes from outside is
`Unknown`. Where a condition is unknown both ways are followed, one run each (`runs_of`); a script whose runs start
different tests is refused. So what is told of an option is what the script does with it, not what its name suggests.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from canonry.migrate.scripts import library
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
    Returned,
    Scope,
    Started,
    Unknown,
)

_STEPS = 60_000
_ALL_STEPS = 600_000
_RUNS = 64
_TURNS = 200
_DEPTH = 40
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.BitOr: operator.or_,
}
_COMPARED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}


class Script:
    """A script to be read: its tree, its path from the root, and which paths there are."""

    def __init__(self, tree: ast.Module, path: str, exists: Callable[[str], bool]) -> None:
        self.tree = tree
        self.path = path
        self.exists = exists
        self.steps = 0
        """How much of it was followed, over all readings."""


class Run:
    """One reading. ``started`` are the test tools in order, ``aside`` what else it does, ``asked`` what is unknown."""

    def __init__(
        self, script: Script, given: Mapping[str, Any], decisions: Sequence[bool] = (), *, folder: str = ""
    ) -> None:
        self.script = script
        self.path = script.path
        self.given = given
        self.decisions = decisions
        self.asked: list[str] = []
        self.answers: list[bool] = []
        self.started: list[Started] = []
        self.aside: dict[str, None] = {}
        self.parser: Parser | None = None
        self.folder = folder
        self._taken: dict[ast.AST, bool] = {}
        self._steps = 0
        self._depth = 0

    def read(self) -> None:
        """Follows the script to its end. Raises `CannotReadError`."""
        scope = Scope({"__name__": "__main__", "__file__": f"{ROOT}/{self.script.path}"})
        try:
            self._block(self.script.tree.body, scope)
        except (Ended, Returned, Jumped):
            pass
        except RecursionError:
            raise CannotReadError("it is nested deeper than can be followed") from None
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:  # it would fail there
            raise CannotReadError(f"it cannot be followed ({type(error).__name__}: {error})") from None

    # statements -------------------------------------------------------------------------------------------------------

    def _block(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self._step()
            handle = getattr(self, f"_do_{type(statement).__name__}", None)
            if handle is None:
                raise CannotReadError(f"line {statement.lineno} is not followed")
            handle(statement, scope)

    def _step(self) -> None:
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
            library.decorate(self, function, decorator, scope)
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
            self._bind(target, value, scope)

    def _do_AnnAssign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self._bind(node.target, self.value(node.value, scope), scope)

    def _do_AugAssign(self, node: ast.AugAssign, scope: Scope) -> None:
        old = self.value(_loaded(node.target), scope)
        new = self.value(node.value, scope)
        if isinstance(old, list) and isinstance(new, list | tuple) and isinstance(node.op, ast.Add):
            old.extend(new)
            return
        self._bind(node.target, self._binary(type(node.op), old, new, node.value), scope)

    def _bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
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
                self._bind(each, values[number] if values else Unknown(ast.unparse(target)), scope)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, scope)
            if isinstance(owner, Instance | Namespace):
                owner.fields[target.attr] = value
        elif isinstance(target, ast.Subscript):
            self._bind_item(target, value, scope)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, Unknown(ast.unparse(target)), scope)

    def _bind_item(self, target: ast.Subscript, value: Any, scope: Scope) -> None:
        owner, key = self.value(target.value, scope), self.value(target.slice, scope)
        if isinstance(owner, dict | list) and not isinstance(key, Unknown):
            try:
                owner[key] = value
            except (TypeError, IndexError, ValueError):
                raise CannotReadError(f"line {target.lineno} is not followed") from None
        elif isinstance(owner, Unknown) and "environ" in owner.what:
            self.note("it sets environment variables")

    def _do_Delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                scope.names[target.id] = Unknown(target.id)

    def _do_Return(self, node: ast.Return, scope: Scope) -> None:
        raise Returned(self.value(node.value, scope) if node.value is not None else None)

    def _do_Raise(self, node: ast.Raise, scope: Scope) -> None:
        if node.exc is not None:
            self.value(node.exc, scope)
        raise Ended

    def _do_Assert(self, node: ast.Assert, scope: Scope) -> None:
        self.value(node.test, scope)

    def _do_Break(self, node: ast.Break, scope: Scope) -> None:
        raise Jumped(leaves=True)

    def _do_Continue(self, node: ast.Continue, scope: Scope) -> None:
        raise Jumped(leaves=False)

    def _do_If(self, node: ast.If, scope: Scope) -> None:
        self._block(node.body if self.truth(node.test, scope) else node.orelse, scope)

    def _do_Match(self, node: ast.Match, scope: Scope) -> None:
        raise CannotReadError(f"the `match` in line {node.lineno} is not followed")

    def _do_Try(self, node: ast.Try, scope: Scope) -> None:
        try:
            self._block(node.body, scope)
            self._block(node.orelse, scope)
        finally:
            self._block(node.finalbody, scope)

    def _do_With(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        for item in node.items:
            value = self.value(item.context_expr, scope)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, value if isinstance(value, Instance) else Unknown("with"), scope)
        self._block(node.body, scope)

    _do_AsyncWith = _do_With

    def _do_For(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        values = _listed(self.value(node.iter, scope))
        turns: Sequence[Any] = [Unknown(ast.unparse(node.iter))] if values is None else values
        if len(turns) > _TURNS:
            raise CannotReadError(f"the loop in line {node.lineno} has more than {_TURNS} turns")
        before = len(self.started)
        for value in turns:
            self._bind(node.target, value, scope)
            if not self._turn(node.body, scope):
                break
        else:
            self._block(node.orelse, scope)
        if values is None and len(self.started) > before:
            raise CannotReadError(f"`{ast.unparse(node.iter)}` in line {node.lineno} is known only when it runs")

    _do_AsyncFor = _do_For

    def _do_While(self, node: ast.While, scope: Scope) -> None:
        for _ in range(_TURNS):
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

    # expressions ------------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """What an expression is."""
        self._step()
        handle = getattr(self, f"_of_{type(node).__name__}", None)
        return Unknown(ast.unparse(node)) if handle is None else handle(node, scope)

    def truth(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a condition holds; where that is unknown, one of both ways, the same each time it is asked."""
        value = self.value(node, scope)
        if not isinstance(value, Unknown):
            return bool(value) if not isinstance(value, Namespace) else True
        if node not in self._taken:
            number = len(self.asked)
            self.asked.append(f"`{ast.unparse(node)}` in line {node.lineno}")
            self._taken[node] = self.decisions[number] if number < len(self.decisions) else False
            self.answers.append(self._taken[node])
        return self._taken[node]

    def _of_Constant(self, node: ast.Constant, scope: Scope) -> Any:
        return node.value

    def _of_Name(self, node: ast.Name, scope: Scope) -> Any:
        found, value = scope.find(node.id)
        return value if found else library.BUILTINS.get(node.id, Unknown(node.id))

    def _of_Attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        return library.attribute(self, self.value(node.value, scope), node.attr, ast.unparse(node))

    def _of_JoinedStr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        parts: list[str] = []
        for part in node.values:
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part, scope)
            text = library.text_of(value)
            if text is None or (isinstance(part, ast.FormattedValue) and part.format_spec is not None):
                return Unknown(ast.unparse(node))
            parts.append(repr(value) if isinstance(part, ast.FormattedValue) and part.conversion == 114 else text)
        return "".join(parts)

    def _items(self, elements: Sequence[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                values = _listed(self.value(element.value, scope))
                found += [Unknown(ast.unparse(element))] if values is None else values
            else:
                found.append(self.value(element, scope))
        return found

    def _of_List(self, node: ast.List, scope: Scope) -> Any:
        return self._items(node.elts, scope)

    def _of_Tuple(self, node: ast.Tuple, scope: Scope) -> Any:
        return tuple(self._items(node.elts, scope))

    def _of_Set(self, node: ast.Set, scope: Scope) -> Any:
        try:
            return set(self._items(node.elts, scope))
        except TypeError:
            return Unknown(ast.unparse(node))

    def _of_Dict(self, node: ast.Dict, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            known = self.value(value, scope)
            if key is None:
                if not isinstance(known, dict):
                    return Unknown(ast.unparse(value))
                found |= known
                continue
            name = self.value(key, scope)
            try:
                found[name] = known
            except TypeError:
                return Unknown(ast.unparse(node))
        return found

    def _of_BinOp(self, node: ast.BinOp, scope: Scope) -> Any:
        return self._binary(type(node.op), self.value(node.left, scope), self.value(node.right, scope), node)

    def _binary(self, kind: type, left: Any, right: Any, node: ast.expr) -> Any:
        apply = _BINARY.get(kind)
        if apply is None or isinstance(left, Unknown) or isinstance(right, Unknown) or library.too_large(left, right):
            return Unknown(ast.unparse(node))
        try:
            return apply(left, right)
        except (TypeError, ValueError, ArithmeticError, KeyError, IndexError):
            return Unknown(ast.unparse(node))

    def _of_UnaryOp(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.value(node.operand, scope)
        if isinstance(value, Unknown):
            return value if not isinstance(node.op, ast.Not) else Unknown(ast.unparse(node))
        if isinstance(node.op, ast.Not):
            return not value
        return (
            -value if isinstance(node.op, ast.USub) and isinstance(value, int | float) else Unknown(ast.unparse(node))
        )

    def _of_BoolOp(self, node: ast.BoolOp, scope: Scope) -> Any:
        ends_at = isinstance(node.op, ast.Or)
        value: Any = None
        unknown: Unknown | None = None
        for each in node.values:
            value = self.value(each, scope)
            if isinstance(value, Unknown):
                unknown = unknown or Unknown(ast.unparse(node))
            elif bool(value) is ends_at:
                return value if unknown is None or not isinstance(value, str | list) else unknown
        return unknown or value

    def _of_Compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self.value(node.left, scope)
        for kind, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other, scope)
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return Unknown(ast.unparse(node))
            try:
                if not _COMPARED[type(kind)](left, right):
                    return False
            except TypeError:
                return Unknown(ast.unparse(node))
            left = right
        return True

    def _of_IfExp(self, node: ast.IfExp, scope: Scope) -> Any:
        return self.value(node.body if self.truth(node.test, scope) else node.orelse, scope)

    def _of_Subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner = self.value(node.value, scope)
        if isinstance(node.slice, ast.Slice):
            ends = [None if each is None else self.value(each, scope) for each in (node.slice.lower, node.slice.upper)]
            if isinstance(owner, list | tuple | str) and all(each is None or isinstance(each, int) for each in ends):
                return owner[ends[0] : ends[1]]
            return Unknown(ast.unparse(node))
        key = self.value(node.slice, scope)
        if isinstance(key, Unknown) or not isinstance(owner, list | tuple | str | dict):
            return Unknown(ast.unparse(node))
        try:
            return owner[key]
        except (KeyError, IndexError, TypeError):
            if isinstance(owner, dict | list):
                raise Ended from None  # the script fails there
            return Unknown(ast.unparse(node))

    def _of_NamedExpr(self, node: ast.NamedExpr, scope: Scope) -> Any:
        value = self.value(node.value, scope)
        self._bind(node.target, value, scope)
        return value

    def _of_Await(self, node: ast.Await, scope: Scope) -> Any:
        return self.value(node.value, scope)

    def _of_Lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        return Function(node, scope)

    def _of_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, scope: Scope) -> Any:
        found: list[Any] = []
        for inner in self._turns(node.generators, Scope({}, scope)):
            if inner is None:
                return Unknown(ast.unparse(node))
            found.append(self.value(node.elt, inner))
        return found

    _of_GeneratorExp = _of_SetComp = _of_ListComp

    def _turns(self, generators: Sequence[ast.comprehension], scope: Scope) -> Iterator[Scope | None]:
        if not generators:
            yield scope
            return
        first, *rest = generators
        values = _listed(self.value(first.iter, scope))
        if values is None or len(values) > _TURNS:
            yield None
            return
        for value in values:
            inner = Scope({}, scope)
            self._bind(first.target, value, inner)
            tests = [self.value(test, inner) for test in first.ifs]
            if any(isinstance(test, Unknown) for test in tests):
                yield None
            elif all(tests):
                yield from self._turns(rest, inner)

    # calls ------------------------------------------------------------------------------------------------------------

    def _of_Call(self, node: ast.Call, scope: Scope) -> Any:
        target = self.value(node.func, scope)
        arguments = self._items(node.args, scope)
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            if keyword.arg is not None:
                named[keyword.arg] = value
            elif isinstance(value, dict):
                named |= {str(key): each for key, each in value.items()}
        return library.call(self, target, arguments, named, node)

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
        texts = (node.value for node in ast.walk(self.script.tree) if isinstance(node, ast.Constant))
        return any(isinstance(text, str) and "pytest" in text for text in texts)

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
    return longest


def _listed(value: Any) -> list[Any] | None:
    """The values of an iterable that is known."""
    if isinstance(value, list | tuple | range | set | dict):
        return sorted(value) if isinstance(value, set) and all(isinstance(each, str) for each in value) else list(value)
    return None


def _loaded(target: ast.expr) -> ast.expr:
    """A target as the expression that reads it."""
    return ast.parse(ast.unparse(target), mode="eval").body
