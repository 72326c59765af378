# ruff: noqa: N802, N815 - handlers are named after the kinds of nodes
"""What the expressions of a script are, as far as its text fixes them."""

import ast
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from canonry.migrate.scripts import library
from canonry.migrate.scripts.values import (
    Ended,
    Function,
    Namespace,
    Parser,
    Scope,
    Started,
    Status,
    Unknown,
    text_of,
    written_as,
)

TURNS = 200
"""How many turns of a loop are followed."""
_HANDLES: dict[type, str] = {}
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


class Expressions(ABC):
    """The half of a reading that knows values. ``asked`` are unknown conditions, ``answers`` how each was taken."""

    path: str
    folder: str
    given: Mapping[str, Any]
    decisions: Sequence[bool]
    parser: Parser | None
    started: list[Started]
    passed: bool | None
    """Whether the tests have passed, where this reading has asked for it."""
    path_changed: bool

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: list[bool] = []
        self._answered: dict[ast.AST, bool] = {}

    @abstractmethod
    def step(self) -> None:
        """Counts a step. Raises `CannotReadError` where there are too many."""

    @abstractmethod
    def bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Gives a target a value."""

    @abstractmethod
    def call(self, function: Function, arguments: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """What a function of the script returns."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether the tree holds a file or folder at a path from its root."""

    @abstractmethod
    def speaks_of_pytest(self) -> bool:
        """Whether a text of the script names it."""

    @abstractmethod
    def note(self, what: str) -> None:
        """Notes what the script does beside starting tests."""

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """What an expression is."""
        self.step()
        kind = node.__class__
        handle = getattr(self, _HANDLES.get(kind) or _HANDLES.setdefault(kind, f"_of_{kind.__name__}"), None)
        return Unknown(written_as(node)) if handle is None else handle(node, scope)

    def truth(self, node: ast.expr, scope: Scope) -> bool:
        """Whether a condition holds; where that is unknown, one of both ways, the same each time it is asked."""
        value = self.value(node, scope)
        if not isinstance(value, Unknown):
            return bool(value) if not isinstance(value, Namespace) else True
        answer = self._answer(node)
        if isinstance(value, Status):
            self.passed = answer is value.zero
        return answer

    def _answer(self, node: ast.expr) -> bool:
        if node not in self._answered:
            number = len(self.asked)
            self.asked.append(f"`{written_as(node)}` in line {node.lineno}")
            self._answered[node] = self.decisions[number] if number < len(self.decisions) else False
            self.answers.append(self._answered[node])
        return self._answered[node]

    def _of_Constant(self, node: ast.Constant, scope: Scope) -> Any:
        return node.value

    def _of_Name(self, node: ast.Name, scope: Scope) -> Any:
        found, value = scope.find(node.id)
        return value if found else library.BUILTINS.get(node.id, Unknown(node.id))

    def _of_Attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        return library.attribute(self, self.value(node.value, scope), node.attr, written_as(node))

    def _of_JoinedStr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        parts: list[str] = []
        for part in node.values:
            value = self.value(part.value if isinstance(part, ast.FormattedValue) else part, scope)
            text = text_of(value)
            if text is None or (isinstance(part, ast.FormattedValue) and part.format_spec is not None):
                return Unknown(written_as(node))
            parts.append(repr(value) if isinstance(part, ast.FormattedValue) and part.conversion == 114 else text)
        return "".join(parts)

    def _items(self, elements: Sequence[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for element in elements:
            if isinstance(element, ast.Starred):
                values = listed(self.value(element.value, scope))
                found += [Unknown(written_as(element))] if values is None else values
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
            return Unknown(written_as(node))

    def _of_Dict(self, node: ast.Dict, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            known = self.value(value, scope)
            if key is None:
                if not isinstance(known, dict):
                    return Unknown(written_as(value))
                found |= known
                continue
            name = self.value(key, scope)
            try:
                found[name] = known
            except TypeError:
                return Unknown(written_as(node))
        return found

    def _of_BinOp(self, node: ast.BinOp, scope: Scope) -> Any:
        return self.binary(type(node.op), self.value(node.left, scope), self.value(node.right, scope), node)

    def binary(self, kind: type, left: Any, right: Any, node: ast.expr) -> Any:
        """What an operation gives."""
        apply = _BINARY.get(kind)
        if apply is None or isinstance(left, Unknown) or isinstance(right, Unknown) or library.too_large(left, right):
            return Unknown(written_as(node))
        try:
            return apply(left, right)
        except (TypeError, ValueError, ArithmeticError, KeyError, IndexError):
            return Unknown(written_as(node))

    def _of_UnaryOp(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.value(node.operand, scope)
        if isinstance(value, Status) and isinstance(node.op, ast.Not):
            return Status(written_as(node), flat=True, zero=not value.zero)
        if isinstance(value, Unknown):
            return value if not isinstance(node.op, ast.Not) else Unknown(written_as(node))
        if isinstance(node.op, ast.Not):
            return not value
        return -value if isinstance(node.op, ast.USub) and isinstance(value, int | float) else Unknown(written_as(node))

    def _of_BoolOp(self, node: ast.BoolOp, scope: Scope) -> Any:
        ends_at = isinstance(node.op, ast.Or)
        value: Any = None
        unknown: Unknown | None = None
        for each in node.values:
            value = self.value(each, scope)
            if isinstance(value, Unknown):
                unknown = unknown or Unknown(written_as(node))
            elif bool(value) is ends_at:
                return value if unknown is None or not isinstance(value, str | list) else unknown
        return unknown or value

    def _of_Compare(self, node: ast.Compare, scope: Scope) -> Any:
        left = self.value(node.left, scope)
        for kind, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other, scope)
            if len(node.ops) == 1 and isinstance(kind, ast.Eq | ast.NotEq) and _is_zero_test(left, right):
                return Status(written_as(node), flat=True, zero=isinstance(kind, ast.Eq))
            if isinstance(left, Unknown) or isinstance(right, Unknown):
                return Unknown(written_as(node))
            try:
                if not _COMPARED[type(kind)](left, right):
                    return False
            except TypeError:
                return Unknown(written_as(node))
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
            return Unknown(written_as(node))
        key = self.value(node.slice, scope)
        if isinstance(key, Unknown) or not isinstance(owner, list | tuple | str | dict):
            return Unknown(written_as(node))
        try:
            return owner[key]
        except (KeyError, IndexError, TypeError):
            if isinstance(owner, dict | list):
                raise Ended from None  # the script fails there
            return Unknown(written_as(node))

    def _of_NamedExpr(self, node: ast.NamedExpr, scope: Scope) -> Any:
        value = self.value(node.value, scope)
        self.bind(node.target, value, scope)
        return value

    def _of_Await(self, node: ast.Await, scope: Scope) -> Any:
        return self.value(node.value, scope)

    def _of_Lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        return Function(node, scope)

    def _of_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, scope: Scope) -> Any:
        found: list[Any] = []
        for inner in self._turns(node.generators, Scope({}, scope)):
            if inner is None:
                return Unknown(written_as(node))
            found.append(self.value(node.elt, inner))
        return found

    _of_GeneratorExp = _of_SetComp = _of_ListComp

    def _turns(self, generators: Sequence[ast.comprehension], scope: Scope) -> Iterator[Scope | None]:
        if not generators:
            yield scope
            return
        first, *rest = generators
        values = listed(self.value(first.iter, scope))
        if values is None or len(values) > TURNS:
            yield None
            return
        for value in values:
            inner = Scope({}, scope)
            self.bind(first.target, value, inner)
            tests = [self.value(test, inner) for test in first.ifs]
            if any(isinstance(test, Unknown) for test in tests):
                yield None
            elif all(tests):
                yield from self._turns(rest, inner)

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
            else:
                named["**"] = value
        return library.call(self, target, arguments, named, node)


def _is_zero_test(left: Any, right: Any) -> bool:
    """Whether a status is compared with 0."""
    return any(isinstance(one, Status) and not one.flat and other == 0 for one, other in ((left, right), (right, left)))


def listed(value: Any) -> list[Any] | None:
    """The values of an iterable that is known."""
    if isinstance(value, list | tuple | range | set | dict):
        return sorted(value) if isinstance(value, set) and all(isinstance(each, str) for each in value) else list(value)
    return None
