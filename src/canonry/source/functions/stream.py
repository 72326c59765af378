"""A function as a stream of words: what its syntax says, without layout, comments, docstrings and its own name.

Statements are the units in which two functions are compared: an `Element` is one simple statement, the head of a
compound one, a decorator, or the signature. Words between elements only say where blocks begin and end.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_LEFT_OUT = frozenset(("ctx", "type_comment", "kind", "type_ignores"))
_BODIES = ("body", "handlers", "cases", "orelse", "finalbody")
_COMPOUND = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)
_NUMBERS = frozenset((int, float, complex, bytes))
_RECEIVERS = frozenset(("self", "cls"))


class Element(NamedTuple):
    """Words ``start`` to ``end`` (exclusive) of a stream are one statement, which begins in ``line`` (from 1)."""

    start: int
    end: int
    line: int


class Stream:
    """The words of one function.

    ``local`` holds the names that the function binds itself, in the order of their first mention, and ``places`` where
    in ``words`` they stand; ``literals`` are the places of strings and numbers. Not local are the names that it imports
    or declares global, classes and their members, the receivers (``self``, ``cls``), and the parameters of tests and
    fixtures, which name fixtures.
    """

    def __init__(self, node: FunctionNode) -> None:
        self.words: list[str] = []
        self.elements: list[Element] = []
        self.inner: list[tuple[FunctionNode, str]] = []
        """The functions directly inside, each with its name below this one's."""
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.literals: list[int] = []
        self._places: list[int] = []
        self._bound: set[str] = set()
        self._free: set[str] = set(_RECEIVERS)
        self._owners: list[str] = []
        self._depth = 0
        self._signature(node)
        if node.name.startswith("test") or any(map(_names_fixture, node.decorator_list)):
            self._free.update(self._bound)
        self._block(node.body)
        words, local = self.words, self._bound - self._free
        self.places = [place for place in self._places if words[place] in local]
        self.local = tuple(dict.fromkeys([words[place] for place in self.places]))

    # statements ------------------------------------------------------------------------------------------------------

    def _signature(self, node: FunctionNode) -> None:
        for decorator in node.decorator_list:
            self._element("@", (decorator,), decorator.lineno)
        start = len(self.words)
        self.words.append(node.__class__.__name__)
        self._visit(node.args)
        self._value(node.returns)
        self.elements.append(Element(start, len(self.words), node.lineno))

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        words = self.words
        words.append("{")
        for statement in statements:
            kind = statement.__class__
            handle = _STATEMENTS.get(kind)
            if handle is not None:
                handle(self, statement)
            else:
                start = len(words)
                self._generic(statement)
                self.elements.append(Element(start, len(words), statement.lineno))
        words.append("}")

    def _expression(self, node: ast.Expr) -> None:
        value = node.value
        if value.__class__ is ast.Constant and isinstance(value.value, str):
            return  # a docstring, or a string that serves as a comment
        self._element("Expr", (value,), node.lineno)

    def _compound(self, node: Any) -> None:
        """The head as an element, then the blocks; ``except`` and ``case`` are heads too."""
        start = len(self.words)
        self.words.append(node.__class__.__name__)
        for field in _fields(node.__class__):
            if field in _BODIES:
                continue
            if field == "name":
                if node.name:
                    self._name(node.name, bound=True)
            else:
                self._value(getattr(node, field))
        line = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        self.elements.append(Element(start, len(self.words), line))
        for field in _BODIES:
            inside = getattr(node, field, None)
            if not inside:
                continue
            if field in ("handlers", "cases"):
                for each in inside:
                    self._compound(each)
            else:
                self.words.append(field)
                self._block(inside)

    def _function(self, node: FunctionNode) -> None:
        if not self._depth:
            self.inner.append((node, ".".join([*self._owners, node.name])))
        self._name(node.name, bound=True)
        self._signature(node)
        self._depth += 1
        self._block(node.body)
        self._depth -= 1

    def _class(self, node: ast.ClassDef) -> None:
        self._free.add(node.name)
        for statement in node.body:
            self._free.update(_members(statement))
        self._owners.append(node.name)
        self._compound(node)
        self._owners.pop()

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.imports.append(node)
        self._free.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        start = len(self.words)
        self._generic(node)
        self.elements.append(Element(start, len(self.words), node.lineno))

    def _declaration(self, node: ast.Global | ast.Nonlocal) -> None:
        self._free.update(node.names)
        self._element(node.__class__.__name__, (), node.lineno, *node.names)

    def _element(self, tag: str, nodes: Sequence[ast.AST], line: int, *words: str) -> None:
        start = len(self.words)
        self.words.append(tag)
        self.words.extend(words)
        for node in nodes:
            self._visit(node)
        self.elements.append(Element(start, len(self.words), line))

    # expressions -----------------------------------------------------------------------------------------------------

    def _visit(self, node: ast.AST) -> None:
        handle = _EXPRESSIONS.get(node.__class__)
        if handle is not None:
            handle(self, node)
        else:
            self._generic(node)

    def _generic(self, node: ast.AST) -> None:
        kind = node.__class__
        self.words.append(kind.__name__)
        for field in _fields(kind):
            self._value(getattr(node, field))

    def _value(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self._visit(value)
        elif isinstance(value, list):
            self.words.append("[")
            for each in value:
                self._value(each)
            self.words.append("]")
        else:
            self.words.append("~" if value is None else str(value))

    def _name(self, name: str, *, bound: bool) -> None:
        self._places.append(len(self.words))
        self.words.append(name)
        if bound:
            self._bound.add(name)

    def _name_node(self, node: ast.Name) -> None:
        self._places.append(len(self.words))
        self.words.append(node.id)
        if node.ctx.__class__ is not ast.Load:
            self._bound.add(node.id)

    def _argument(self, node: ast.arg) -> None:
        self._name(node.arg, bound=True)
        if node.annotation is not None:
            self.words.append(":")
            self._visit(node.annotation)

    def _attribute(self, node: ast.Attribute) -> None:
        self._visit(node.value)
        self.words.append("." + node.attr)

    def _constant(self, node: ast.Constant) -> None:
        value = node.value
        if value.__class__ is str:
            self.literals.append(len(self.words))
            self.words.append("'" + value)
            return
        if value.__class__ in _NUMBERS:
            self.literals.append(len(self.words))
        self.words.append(repr(value))

    def _call(self, node: ast.Call) -> None:
        visit, words = self._visit, self.words
        visit(node.func)
        words.append("(")
        for argument in node.args:
            visit(argument)
        for keyword in node.keywords:
            words.append(f"{keyword.arg or '**'}=")
            visit(keyword.value)
        words.append(")")

    def _capture(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.words.append(node.__class__.__name__)
        if isinstance(node, ast.MatchAs):
            self._value(node.pattern)
        if node.name:
            self._name(node.name, bound=True)


def _members(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement of a class body gives to the class."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _nothing(_stream: Stream, _node: ast.Pass) -> None:
    """``pass`` says nothing."""


def _names_fixture(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) == "fixture"


_Handler = Callable[[Stream, Any], None]

_STATEMENTS: dict[type[ast.AST], _Handler] = {
    **dict.fromkeys(_COMPOUND, Stream._compound),
    ast.Expr: Stream._expression,
    ast.Pass: _nothing,
    ast.FunctionDef: Stream._function,
    ast.AsyncFunctionDef: Stream._function,
    ast.ClassDef: Stream._class,
    ast.Import: Stream._import,
    ast.ImportFrom: Stream._import,
    ast.Global: Stream._declaration,
    ast.Nonlocal: Stream._declaration,
}
_EXPRESSIONS: dict[type[ast.AST], _Handler] = {
    ast.Name: Stream._name_node,
    ast.arg: Stream._argument,
    ast.Attribute: Stream._attribute,
    ast.Constant: Stream._constant,
    ast.Call: Stream._call,
    ast.MatchAs: Stream._capture,
    ast.MatchStar: Stream._capture,
}


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = tuple(field for field in kind._fields if field not in _LEFT_OUT)
    return found
