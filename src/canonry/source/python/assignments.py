"""What a syntax tree binds names to: assignments of every kind, and what they tell of values."""

import ast

from canonry.source.facts import Alias, Constant
from canonry.source.python.draft import Draft
from canonry.source.python.expressions import ONLY_CONSTANTS, Expressions
from canonry.source.python.scope import bound_names, reference
from canonry.source.python.shapes import constructs, listed, mark_references
from canonry.source.python.vocabularies import read_constant
from canonry.source.syntax.text import SourceText

_TRACKED = (ast.List, ast.Tuple, ast.Constant, ast.JoinedStr, ast.BinOp)
_CONSTANTS = (ast.Name, ast.Attribute)
_COLLECTIONS = frozenset((ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Call, ast.Subscript))


class Assignments(Expressions):
    """The part of the walk that binds names; it keeps what the module binds and assigns."""

    def __init__(self, text: SourceText, *, hints: bool) -> None:
        super().__init__(text, hints=hints)
        self.bindings: dict[str, str] = {}
        self.fallbacks.imported = self.bindings
        self.aliases: list[Alias] = []
        self.constants: list[Constant] = []
        self.marks: tuple[str, ...] = ()
        self.assigned: dict[str, None] = {}
        self.handling = 0
        self.imports_os = False  # nothing reads the environment before the module that gives it is imported

    def assign(self, node: ast.Assign, draft: Draft) -> None:
        """Reads a plain assignment, of one target or several."""
        value = node.value
        saved = self._of_environment(value, draft) if self.imports_os else ""
        for target in node.targets:
            if saved == "back" and isinstance(target, ast.Subscript):
                draft.finishing += 1
                self.expressions([target], draft)
                draft.finishing -= 1
            elif target.__class__ is ast.Name:
                if saved:
                    draft.saved.add(target.id)
                self._assign_name(target, value, draft)
            else:
                for name in bound_names(target):
                    self.shadow(name, draft)
                self.expressions([target], draft)
        draft.saw_record()
        if value.__class__ not in self.leaves:
            self.expressions([value], draft)

    def _of_environment(self, value: ast.expr, draft: Draft) -> str:
        """``out`` where a value is read from the environment, ``back`` where it is a name that was, else empty."""
        if isinstance(value, ast.Name):
            return "back" if value.id in draft.saved else ""
        inner: ast.expr = value.func if isinstance(value, ast.Call) else value
        while isinstance(inner, ast.Attribute | ast.Subscript):
            if self.is_environment(inner, draft.scope):
                return "out"
            inner = inner.value
        return "out" if reference(value, draft.scope) == "os.getenv" else ""

    def _assign_name(self, target: ast.Name, value: ast.expr, draft: Draft) -> None:
        name = target.id
        if draft.node is None:
            if not draft.owner:
                self.assigned[name] = None
            if name == "pytestmark":
                self.marks = self.marks if draft.owner else mark_references(value, draft.scope)
                self.verdicts.marks(listed(value), draft.scope, draft.symbol)
        if value.__class__ is ast.Constant:
            self.verdicts.number(name, value)
        elif self.handling and value.__class__ in _CONSTANTS:
            self.doubles.named(value, draft)
        elif draft.node is None and not draft.nested and value.__class__ in _COLLECTIONS:
            symbol = f"{draft.owner}.{name}" if draft.owner else name
            constant = read_constant(target, value, draft.scope, self.text, symbol)
            if constant is not None:
                self.constants.append(constant)
        if isinstance(value, _CONSTANTS) or (value.__class__ is ast.Call and constructs(value)):
            bound = reference(value, draft.scope)
            if bound and not bound.startswith("*"):
                self.bind(draft, name, bound)
                if value.__class__ is ast.Call:
                    self.doubles.instances.add(name)
                if draft.node is None and not draft.owner and value.__class__ is not ast.Call:
                    self.bindings.setdefault(name, bound)
                    if name[:1].isupper():
                        self.aliases.append(Alias(bound, self.text.header(target, words=name, symbol=name)))
                return
        if self.hints and isinstance(value, _TRACKED):
            draft.commands[name] = [value]
        self.shadow(name, draft)

    def augmented(self, node: ast.AugAssign, draft: Draft) -> None:
        """Reads what adds to a name: commands grow, records of outcomes count."""
        if isinstance(node.target, ast.Name):
            if node.target.id in draft.commands:
                draft.commands[node.target.id].append(node.value)
            if self.is_environment(node.target, draft.scope):
                self.expressions([node.target], draft)
        else:
            self.expressions([node.target], draft)
        draft.saw_record()
        self.expressions([node.value], draft)

    def annotated(self, node: ast.AnnAssign, draft: Draft) -> None:
        """Reads an assignment with a type."""
        if node.value is not None:
            if isinstance(node.target, ast.Name):
                self._assign_name(node.target, node.value, draft)
            else:
                self.expressions([node.target], draft)
            self.expressions([node.value], draft)
        draft.saw_record()

    def bind(self, draft: Draft, name: str, bound: str) -> None:
        """Lets a name of the scope stand for a reference."""
        if self.handling and draft.scope.get(name):
            return  # a fallback in a handler does not hide what the first try binds
        draft.scope[name] = bound
        if bound == "os.environ":
            self.leaves = ONLY_CONSTANTS

    def shadow(self, name: str, draft: Draft) -> None:
        """Lets a name of the scope stand for nothing known."""
        if draft.scope.get(name) is None:
            if draft.node is not None:
                draft.scope[name] = None
        elif not (self.handling or (draft.node is None and not draft.owner)):
            draft.scope[name] = None
