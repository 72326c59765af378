"""The expression half of the walk: every expression, every call; what is of interest is kept."""

import ast
import re
import sys
from typing import Any

from canonry.source.python.doubles import WORDS, Doubles
from canonry.source.python.draft import Draft
from canonry.source.python.fallbacks import Fallbacks
from canonry.source.python.known_calls import ENVIRON, KNOWN_ROOTS, PROCESS_CALLS, KnownCalls
from canonry.source.python.scope import bound_names, join, parameters
from canonry.source.python.verdicts import Verdicts
from canonry.source.syntax.text import SourceText

_TEST_MODULES = frozenset(("pytest", "unittest"))
_RAISING = frozenset(("raises", "warns", "deprecated_call"))
_EXITS = frozenset(("exit", "_exit", "abort"))
_COLLECTS = frozenset(("append", "add", "update", "extend"))
_PUTS = frozenset(("put", "put_nowait"))
"""How a handler in a thread hands its failure on."""
_TELLING = re.compile(
    r"_*(?:verify|check|validate|expect|should|ensure|must|assert|test_|reveal_type)|(?:no_)?(?:fn|re_)?match_lines?"
)
_FOREIGN = frozenset(sys.stdlib_module_names) - {"unittest", "test"}
_WATCHED = frozenset((*ENVIRON, "path"))


def _child_fields() -> dict[type[ast.AST], tuple[str, ...]]:
    skipped = {"ctx", "op", "ops", "kind", "annotation", "returns", "type_comment"}
    table: dict[type[ast.AST], tuple[str, ...]] = {}
    waiting: list[type[ast.AST]] = [ast.AST]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        table[kind] = tuple(name for name in kind._fields if name not in skipped)
    table[ast.Lambda] = ("body",)
    return table


_FIELDS = _child_fields()
_NONE: list[str] = []
_BELOW: Any = (ast.expr, ast.comprehension)


_BINDING = frozenset((ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))

LEAVES: frozenset[type[ast.AST]] = frozenset((ast.Name, ast.Constant))
ONLY_CONSTANTS: frozenset[type[ast.AST]] = frozenset((ast.Constant,))


class Expressions(KnownCalls):
    """Walks expressions iteratively (depth costs no recursion) and keeps what is of interest."""

    def __init__(self, text: SourceText, *, hints: bool) -> None:
        super().__init__(text, hints=hints)
        self.leaves = LEAVES  # names matter only once one of them stands for os.environ
        self.doubles = Doubles(text)
        self.fallbacks = Fallbacks(text)
        self.verdicts = Verdicts(text)
        self.statement: ast.expr | None = None  # the expression that is a statement, while it is read
        self._finished: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, Draft]] = []

    def expressions(self, stack: list[ast.expr], draft: Draft) -> None:
        """Reads these expressions and everything below them; the list is consumed."""
        scope, leaves = draft.scope, self.leaves
        pop, push = stack.pop, stack.append
        while stack:
            node: Any = pop()
            kind = node.__class__
            if kind is ast.Call:
                self.call(node, draft, stack)
            elif kind is ast.Name:
                if scope.get(node.id) == "os.environ":
                    self.keep_environment(node, "read", "os.environ", draft)
            elif kind is ast.Attribute:
                value = node.value
                if value.__class__ is ast.Name:
                    if node.attr in _WATCHED or leaves is ONLY_CONSTANTS:
                        self._attribute(node, draft, stack)
                else:
                    push(value)
            elif kind is ast.Constant:
                continue
            elif kind is ast.Subscript:
                self._subscript(node, draft, stack)
            elif kind is ast.JoinedStr:
                for part in node.values:
                    if part.__class__ is ast.FormattedValue and part.value.__class__ not in leaves:
                        push(part.value)
            elif kind is ast.List or kind is ast.Tuple or kind is ast.Set:
                if self.hints and kind is ast.List:
                    self._list(node)
                for element in node.elts:
                    if element.__class__ not in leaves:
                        push(element)
            elif kind is ast.Compare:
                push(node.left)
                for operand in node.comparators:
                    if operand.__class__ not in leaves:
                        push(operand)
            elif kind is ast.Dict:
                self._dict(node, draft, stack)
            else:
                self._children(node, kind, draft, stack)

    def _children(self, node: Any, kind: type[ast.AST], draft: Draft, stack: list[ast.expr]) -> None:
        if kind is ast.BoolOp or kind is ast.IfExp:
            self.fallbacks.choice(node, draft)
        elif kind is ast.Yield or kind is ast.YieldFrom:
            draft.generator = True
        elif kind is ast.Lambda:
            stack.extend(node.args.defaults)
            stack.extend(default for default in node.args.kw_defaults if default is not None)
        if kind in _BINDING and self._below_hiding_names(node, draft, stack):
            return
        for field in _FIELDS[kind]:
            value: Any = getattr(node, field, None)
            if value.__class__ is list:
                stack.extend(value)
            elif isinstance(value, _BELOW):
                stack.append(value)

    def _below_hiding_names(self, node: Any, draft: Draft, stack: list[ast.expr]) -> bool:
        """Reads a lambda or comprehension whose own names hide others; False where it hides none."""
        scope = draft.scope
        names = parameters(node.args) if node.__class__ is ast.Lambda else _targets(node)
        hidden = {name: scope[name] for name in names if scope.get(name) is not None}
        if not hidden:
            return False
        if node.__class__ is ast.Lambda:
            inner = [node.body]
        else:
            stack.append(node.generators[0].iter)  # this one still belongs to the scope around
            inner = [each.iter for each in node.generators[1:]]
            inner += [test for each in node.generators for test in each.ifs]
            inner += [node.key, node.value] if node.__class__ is ast.DictComp else [node.elt]
        scope.update(dict.fromkeys(hidden))
        self.expressions(inner, draft)
        scope.update(hidden)
        return True

    def _attribute(self, node: ast.Attribute, draft: Draft, stack: list[ast.expr]) -> None:
        """An attribute of a plain name."""
        bound = draft.scope.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if bound == "os" and node.attr in ENVIRON:
            self.count("os-environ-uses")
            kind = "read" if node.ctx.__class__ is ast.Load else "write"
            self.keep_environment(node, kind, "os.environ", draft)
        elif bound == "os.environ":
            self.keep_environment(node.value, "read", "os.environ", draft)
        elif bound == "sys" and node.attr == "path" and node.ctx.__class__ is not ast.Load:
            self.keep_path_hack(node, "sys.path", draft)

    def _subscript(self, node: ast.Subscript, draft: Draft, stack: list[ast.expr]) -> None:
        value = node.value
        stored = node.ctx.__class__ is not ast.Load
        if self.is_environment(value, draft.scope):
            if value.__class__ is ast.Attribute:
                self.count("os-environ-uses")
            self.keep_environment(node, "write" if stored else "read", "os.environ[...]", draft)
        else:
            if stored and value.__class__ is ast.Attribute and value.attr == "path":
                owner = value.value
                if owner.__class__ is ast.Name and draft.scope.get(owner.id) == "sys":
                    self.keep_path_hack(node, "sys.path[...]", draft)
            if value.__class__ is not ast.Name:
                stack.append(value)
        key = node.slice
        if stored and key.__class__ is ast.Constant and key.value == "PYTHONPATH":
            self.keep_path_hack(node, "PYTHONPATH", draft)
        elif key.__class__ is not ast.Constant:
            stack.append(key)

    def _list(self, node: ast.List) -> None:
        if self.hints:
            for element in node.elts:
                if element.__class__ is ast.Constant and element.value == "pytest":
                    self.count("pytest-list-literals")
                    break

    def _dict(self, node: ast.Dict, draft: Draft, stack: list[ast.expr]) -> None:
        leaves = self.leaves
        for key, value in zip(node.keys, node.values, strict=True):
            if key.__class__ is ast.Constant:
                if key.value == "PYTHONPATH":
                    self.keep_path_hack(key, "PYTHONPATH", draft)
            elif key is not None and key.__class__ not in leaves:
                stack.append(key)
            if value.__class__ not in leaves:
                stack.append(value)

    # calls -----------------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, draft: Draft, stack: list[ast.expr]) -> None:
        """Reads one call; what is below it goes onto the stack."""
        scope = draft.scope
        inner: Any = node.func
        attributes: list[str] = []
        while inner.__class__ is ast.Attribute:
            attributes.append(inner.attr)
            inner = inner.value
        if inner.__class__ is ast.Name:
            root: str = inner.id
            name = attributes[0] if attributes else root
            target = scope.get(root)
            if target is None and root in _TEST_MODULES and root not in scope:
                target = root  # the import is gone, the intention is not
            if target is not None:
                head = target.partition(".")[0]
                if head in KNOWN_ROOTS:
                    if self.known_call(node, target, attributes, draft, stack):
                        return
                    if target == "os.environ" and not attributes:
                        self.keep_environment(inner, "read", "os.environ", draft)
                if name in (
                    "check_call",
                    "check_output",
                ):  # a failing process raises
                    draft.calls.append(("?", [name]))
                if head not in _FOREIGN:
                    draft.calls.append((target, attributes))
            elif root == "self" or root == "cls":
                if len(attributes) == 1:
                    draft.calls.append(("self", attributes))
                elif _TELLING.match(name):
                    draft.calls.append(("?", [name]))
            elif _TELLING.match(name):
                draft.calls.append(("?", [name]))
            elif name in ("dict", "object") and (root == "patch" or attributes[1:2] == ["patch"]):
                if self.patch_dict(node, draft, stack):  # the import is gone, the intention is not
                    return
            elif not attributes and root in scope:
                draft.calls.append(("&", [root]))
            elif name in ("setitem", "delitem") and node.args and self.is_environment(node.args[0], scope):
                self.keep_environment(node, "monkeypatch", f"{root}.{name}(os.environ)", draft)
                stack += node.args[1:]
                return
            elif root == "monkeypatch" and name in ("setenv", "delenv"):
                self.keep_environment(node, "monkeypatch", f"monkeypatch.{name}", draft)
        else:
            root, target = "", None
            name = attributes[0] if attributes else ""
            if inner.__class__ is ast.Call and inner.func.__class__ is ast.Name and inner.func.id == "super":
                draft.calls.append(("super", attributes))
            elif _TELLING.match(name):
                draft.calls.append(("?", [name]))
            stack.append(inner)
        if name.startswith("assert") or name in _RAISING or (name == "fail" and _fails(root, target)):
            draft.saw_assertion(outcome=name in _RAISING or target in ("pytest", "pytest.fail"))
        word = WORDS[target if target is not None and not attributes else name]
        if word:
            self._telling_name(word, node, root, target, attributes, draft)
        if name in _COLLECTS:
            for attempt in draft.attempts:
                attempt.records = True
        if draft.handlers:
            self._in_handler(name, draft)
        if self.hints and not (target is not None and join(target, attributes[::-1]) in PROCESS_CALLS):
            self.passed_command(node, name, draft)
        leaves = self.leaves
        for argument in node.args:
            if argument.__class__ is ast.Name:
                passed = scope.get(argument.id)
                if passed and passed[0] in ":.":  # a function handed over may be where the assertion is
                    draft.calls.append((passed, _NONE))
            elif isinstance(argument, ast.Attribute) and getattr(argument.value, "id", "") == "self":
                draft.calls.append(("self", [argument.attr]))
            if argument.__class__ not in leaves:
                stack.append(argument)
        if node.keywords:
            stack += [keyword.value for keyword in node.keywords if keyword.value.__class__ not in leaves]

    def _telling_name(
        self, word: str, node: ast.Call, root: str, target: str | None, attributes: list[str], draft: Draft
    ) -> None:
        if word == "check":
            self.verdicts.checked(node, attributes[0] if attributes else root, draft)
        elif word == "sleep":
            self.verdicts.slept(node, self.statement, target, attributes, draft)
        elif word == "run":
            self.verdicts.runs(node, draft.scope)
        elif word == "skip":
            self.verdicts.skipped(node, root, target, attributes, draft)
        else:
            self.doubles.call(word, node, root, target, attributes, draft)

    def _in_handler(self, name: str, draft: Draft) -> None:
        for handler in draft.handlers:
            if name.startswith(("skip", "xfail")):
                handler.skips = True
            elif name in _EXITS:
                handler.fails = True
            elif name in _COLLECTS or name in _PUTS:
                handler.collects = True


def _targets(node: Any) -> list[str]:
    return [name for generator in node.generators for name in bound_names(generator.target)]


def _fails(root: str, target: str | None) -> bool:
    return root in ("self", "cls") or target in ("pytest", "pytest.fail")
