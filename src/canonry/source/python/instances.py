"""Functions that hand out the same object on every call, and classes whose objects keep what is one user's own."""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

from canonry.source.facts import Keeper, Shared
from canonry.source.python.scope import Scope, reference
from canonry.source.syntax.text import SourceText

_GIVES = re.compile(
    r"^_?(?:get|create|make|build|new|provide|obtain|acquire)(?:_|$)|_(?:factory|provider)$|^(?:instance|shared)$"
)
_LOGIN = frozenset(("password", "_password", "host", "_host", "port", "database"))
_FACTORY = re.compile(r"Factory$|Provider$")
_ONES_OWN = re.compile(
    r"^(?:current_|active_|open_)?(?:users?|tenants?|customers?|conversations?|principal|caller)(?:_\w+)?$"
    r"|^(?:current_|active_|last_)?(?:thread|run|session|request|account)_(?:ids?|contexts?|states?|data)$"
    r"|^(?:current|active|open)_(?:sessions?|requests?|connections?|websockets?|runs?|contexts?)$"
    r"|^(?:run|request|execution)_contexts?$|^websockets?$|^connections$"
)
_NOBODYS = re.compile(
    r"(?:^|_)(?:max|min|default|per|limits?|counts?|counter|metrics?|stats|config|settings|timeout|total|num|tests?"
    r"|factory|service|repository|manager|class|model|url|endpoint|files?|path|table|prompt|agent|lock|cls|ttl|pool)(?:_|$)"
)
"""What is told about users in general, or serves all of them."""
_MAY_KEEP = (
    b"user session thread run tenant customer account conversation principal identity caller request websocket"
    b" connection context"
).split()
_IS_SET = re.compile(rb"\w*[ \t]*[:=]")
_CACHES = frozenset(("functools.lru_cache", "functools.cache", "*.lru_cache", "*.cache"))
_LOCAL = re.compile(r"(?:ContextVar|local|LocalProxy|LocalStack)$")
_BLOCKS: dict[type[ast.AST], tuple[str, ...]] = {  # what holds statements, its blocks from the last to the first
    ast.If: ("orelse", "body"),
    ast.For: ("orelse", "body"),
    ast.AsyncFor: ("orelse", "body"),
    ast.While: ("orelse", "body"),
    ast.With: ("body",),
    ast.AsyncWith: ("body",),
    ast.Try: ("finalbody", "orelse", "handlers", "body"),
    ast.TryStar: ("finalbody", "orelse", "handlers", "body"),
    ast.ExceptHandler: ("body",),
    ast.Match: ("cases",),
    ast.match_case: ("body",),
}
_FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def may_keep(source: bytes) -> bool:
    """Rules a source out that sets nothing named like one user's own; never rules one in."""
    lowered = source.lower()
    for word in _MAY_KEEP:
        at = lowered.find(word)
        while at >= 0:
            if _IS_SET.match(lowered, at + len(word)):
                return True
            at = lowered.find(word, at + 1)
    return False


def read_keepers(classes: Iterable[tuple[str, ast.ClassDef]]) -> Iterator[Keeper]:
    """The classes whose objects have attributes that belong to one user, by qualified name."""
    for qualname, node in classes:
        names: dict[str, None] = {}
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                names[statement.target.id] = None
            elif isinstance(statement, _FunctionNode) and statement.args.args:
                names.update(dict.fromkeys(_set_on(statement.args.args[0].arg, statement)))
        if _LOGIN & names.keys():
            names.pop("user", None)  # whom a client is at a server, not whom it serves
        found = tuple(name for name in names if _is_ones_own(name.strip("_")))
        if found:
            yield Keeper(qualname, found)


def read_shared(
    functions: Iterable[tuple[_FunctionNode, str, str, tuple[str, ...]]],
    tree: ast.Module,
    scope: Scope,
    text: SourceText,
) -> Iterator[Shared]:
    """The functions (node, qualified name, class around it, decorators) that hand out one object of the module.

    It stands at the top of the module, or on a class, and is made once: there, or by the function where there is none
    yet. A cached function without parameters hands out the first object that it made.
    """
    made = {name: value for name, value in _top_values(tree) if not _is_local(value)}
    for node, qualname, owner, decorators in functions:
        if not (_GIVES.search(node.name) or _FACTORY.search(owner)) or _parameters(node):
            continue
        inner = list(_own_nodes(node))
        cached = bool(_CACHES.intersection(decorators))
        for each in inner:
            if not isinstance(each, ast.Return) or each.value is None:
                continue
            found = _handed(each.value, inner, made, owner)
            if cached and isinstance(each.value, ast.Call):
                found = ("the first that it made", each.value)
            if found is not None:
                name, value = found
                kind = reference(value.func, scope) or ""
                if kind and not kind.startswith("*"):
                    yield Shared(text.header(node, words=f"def {node.name}", symbol=qualname), name, kind)
                break


def _is_ones_own(name: str) -> bool:
    return _ONES_OWN.search(name) is not None and _NOBODYS.search(name) is None


def _handed(
    value: ast.expr, inner: list[ast.AST], made: dict[str, ast.expr], owner: str
) -> tuple[str, ast.Call] | None:
    """The name of what is returned and the call that makes it, where that is one object of the module or the class."""
    if isinstance(value, ast.Name) and value.id in made:
        name, rebound = value.id, [each for each in inner if _assigns(each, value.id)]
        outside = any(isinstance(each, ast.Global) and name in each.names for each in inner)
        if rebound and not outside:
            return None  # a name of the function's own
        makers = [made[name], *(_value(each) for each in rebound if _is_guarded(each, inner, name))]
        if len(makers) != len(rebound) + 1:
            return None  # a new one is put there on each call
        call = next((each for each in makers if isinstance(each, ast.Call)), None)
        return (name, call) if call is not None else None
    if owner and isinstance(value, ast.Attribute) and getattr(value.value, "id", "") in ("cls", owner):
        rebound = [each for each in inner if _assigns_attribute(each, value.attr)]
        if rebound and all(_is_guarded(each, inner, value.attr) for each in rebound):
            first = next((maker for each in rebound if isinstance(maker := _value(each), ast.Call)), None)
            return (f"{owner}.{value.attr}", first) if first is not None else None
    return None


def _is_guarded(assignment: ast.AST, inner: list[ast.AST], name: str) -> bool:
    """Whether an assignment stands under a check that there is none yet."""
    return any(
        isinstance(each, ast.If)
        and any(part is assignment for statement in each.body for part in ast.walk(statement))
        and any(
            (isinstance(part, ast.Name) and part.id == name) or (isinstance(part, ast.Attribute) and part.attr == name)
            for part in ast.walk(each.test)
        )
        for each in inner
    )


def _top_values(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            yield from ((target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
            yield statement.target.id, statement.value


def _is_local(value: ast.expr) -> bool:
    """Whether a value is another one in each thread or task."""
    name = value.func if isinstance(value, ast.Call) else value
    return bool(_LOCAL.search(name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")))


def _parameters(node: _FunctionNode) -> list[str]:
    """The parameters that say whose object is wanted: all but those of the object or class itself."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [each.arg for each in every if each.arg not in ("self", "cls")]
    return names + [each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None]


def _own_nodes(node: _FunctionNode) -> Iterator[ast.AST]:
    """The nodes of a function's body, without those of functions and classes inside."""
    waiting: list[ast.AST] = list(reversed(node.body))
    while waiting:
        each = waiting.pop()
        yield each
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += reversed(list(ast.iter_child_nodes(each)))


def _set_on(first: str, node: _FunctionNode) -> Iterator[str]:
    """The attributes of a name that a function's own statements set (an assignment in an expression sets none)."""
    target: Any
    for each in _own_statements(node):
        for target in each.targets if isinstance(each, ast.Assign) else _targets(each):
            if target.__class__ is ast.Attribute and getattr(target.value, "id", "") == first:
                yield target.attr


def _own_statements(node: _FunctionNode) -> Iterator[ast.stmt]:
    """The statements of a function's body, in order, without those of functions and classes inside."""
    waiting: list[Any] = node.body[::-1]
    while waiting:
        each = waiting.pop()
        blocks = _BLOCKS.get(each.__class__)
        if blocks is None:
            yield each
            continue
        for name in blocks:
            waiting += getattr(each, name)[::-1]


def _assigns(node: ast.AST, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in _targets(node))


def _assigns_attribute(node: ast.AST, name: str) -> bool:
    return any(isinstance(target, ast.Attribute) and target.attr == name for target in _targets(node))


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign | ast.NamedExpr) else []


def _value(node: ast.AST) -> ast.expr | None:
    value = getattr(node, "value", None)
    return value.value if isinstance(value, ast.Await) else value
