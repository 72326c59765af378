"""Shapes of syntax that the walk asks about: pure questions about single nodes."""

import ast
from collections.abc import Iterable, Iterator

from canonry.source.python.draft import Draft
from canonry.source.python.scope import Scope, bound_names, reference

_BROAD = frozenset(("*.Exception", "*.BaseException", "builtins.Exception", "builtins.BaseException"))


def is_named(draft: Draft) -> bool:
    """Whether the function around names this one other than by defining it, or decorates it."""
    around = draft.parent.node if draft.parent else None
    if around is None or draft.node is None or draft.node.decorator_list:
        return True
    name = draft.node.name
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(around))


def start_of_tests(call: str) -> str:
    """What of tests a call starts: ``unittest``, ``tests`` (a test function by hand), or nothing."""
    if call.startswith("unittest."):
        return "unittest" if call.split(".")[1] in ("main", "TextTestRunner", "TestProgram") else ""
    name = call.rpartition(".")[2].removeprefix(":")
    return "tests" if name.startswith("test_") and call[0] in ":?s" else ""


def is_for_checkers(test: ast.expr) -> bool:
    """Whether a condition holds for type checkers alone: ``TYPE_CHECKING``."""
    return "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", ""))


def is_main_test(test: ast.expr) -> bool:
    """Whether a condition is ``__name__ == "__main__"``, either way round."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    names = [side.id for side in (test.left, test.comparators[0]) if isinstance(side, ast.Name)]
    values = [side.value for side in (test.left, test.comparators[0]) if isinstance(side, ast.Constant)]
    return names == ["__name__"] and values == ["__main__"]


def is_broad(handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether a handler takes every exception: bare, ``Exception`` or ``BaseException``."""
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(reference(kind, scope) in _BROAD for kind in types)


def hands_out_nothing(value: ast.expr, draft: Draft) -> bool:
    """Whether a return gives None, or a function made here, which is no verdict."""
    if isinstance(value, ast.Constant):
        return value.value is None
    if isinstance(value, ast.Name):
        return (draft.scope.get(value.id) or "").startswith(f":{draft.symbol}.")
    return isinstance(value, ast.Lambda)


def takes_everything(handler: ast.ExceptHandler, scope: Scope) -> bool:
    """Whether a handler takes ``BaseException`` too, as a bare one does."""
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or reference(kind, scope).endswith(".BaseException") for kind in types)


def constructs(value: ast.expr) -> bool:
    """Whether a call is of something named like a class."""
    function = value.func if isinstance(value, ast.Call) else value
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name[:1].isupper()


def class_attributes(node: ast.ClassDef) -> list[str]:
    """The names that a class body binds to values."""
    names: list[str] = []
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            names += [name for target in statement.targets for name in bound_names(target)]
        elif isinstance(statement, ast.AnnAssign):
            names += bound_names(statement.target)
    return names


def switched_off(node: ast.ClassDef) -> bool:
    """Whether the class says ``__test__ = False``."""
    return any(
        isinstance(statement, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "__test__" for target in statement.targets)
        and isinstance(statement.value, ast.Constant)
        and not statement.value.value
        for statement in node.body
    )


def class_marks(body: list[ast.stmt], scope: Scope) -> tuple[str, ...]:
    """The references of a body's ``pytestmark``."""
    for statement in body:
        if isinstance(statement, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "pytestmark" for target in statement.targets
        ):
            return mark_references(statement.value, scope)
    return ()


def mark_references(value: ast.expr, scope: Scope) -> tuple[str, ...]:
    """The references of one mark or a list of marks."""
    return tuple(reference(each, scope) or "?" for each in listed(value))


def listed(value: ast.expr) -> list[ast.expr]:
    """The elements of a list or tuple, or the one expression that stands for a list of one."""
    return value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def statements_below(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements and those inside them, in order; functions and classes are not entered."""
    waiting = [*body][::-1]
    while waiting:  # a chain of `elif` is as deep as it is long
        statement = waiting.pop()
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        below: list[ast.stmt] = list(getattr(statement, "body", ()))
        for block in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            below += block.body
        below += [*getattr(statement, "orelse", ()), *getattr(statement, "finalbody", ())]
        waiting += below[::-1]
