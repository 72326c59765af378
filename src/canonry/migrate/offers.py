"""What a class offers, and what a file asks of it: enough to see that another class cannot take its place."""

import ast
from collections.abc import Iterator

from canonry.migrate.module import Module
from canonry.source.index import Definition
from canonry.source.syntax.parse import parse_source

_OBJECT = frozenset(dir(object)) | {"__dict__", "__name__", "__qualname__", "__module__", "__wrapped__", "__mro__"}


def lacking(module: Module, bound: str, home: Definition) -> tuple[str, int] | None:
    """An attribute that the file asks of a name, or of what it makes, that its home does not have, and the line.

    None where all are there, or where nobody knows all that the class has: a base that is not in the tree,
    `__getattr__`, a metaclass, a decorator.
    """
    offered = _offered(module, home)
    if offered is None:
        return None
    for name, line in _asked(module, bound):
        if name not in offered:
            return name, line
    return None


def _offered(module: Module, home: Definition) -> set[str] | None:
    index = module.file.index
    hierarchy = index.hierarchy(home)
    if index.class_fact(home) is None or hierarchy.strange or not hierarchy.complete or hierarchy.roots:
        return None
    found = set(_OBJECT)
    for each in (home, *hierarchy.ancestors):
        node = _class_at(module, each)
        if node is None or node.decorator_list or node.keywords:
            return None
        found.update(_members(node))
    return None if "__getattr__" in found else found


def _class_at(module: Module, definition: Definition) -> ast.ClassDef | None:
    content = module.surroundings.read(definition.path)
    tree = parse_source(content, module.file.project.target)[0] if content is not None else None
    body: list[ast.stmt] = tree.body if tree is not None else []
    found: ast.ClassDef | None = None
    for name in definition.qualname.split("."):
        found = next((each for each in body if isinstance(each, ast.ClassDef) and each.name == name), None)
        if found is None:
            return None
        body = found.body
    return found


def _members(node: ast.ClassDef) -> Iterator[str]:
    """What a class body binds, and what its methods set on their first argument."""
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield part.name
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            yield part.attr
        elif isinstance(part, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in part.names)
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "setattr":
            yield "__getattr__"  # computed names


def _asked(module: Module, bound: str) -> Iterator[tuple[str, int]]:
    """The attributes that are read of a name, of what calling it gives, and of variables that hold that."""
    holders: dict[ast.AST, set[str]] = {}
    for node in module.nodes:
        if isinstance(node, ast.Assign) and _is_made(module, node.value, bound) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                scope = next(module.functions_around(node), module.tree)
                holders.setdefault(scope, set()).add(target.id)
    for node in module.nodes:
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            continue
        if (
            _is_name(module, node.value, bound)
            or _is_made(module, node.value, bound)
            or _is_held(module, node, holders)
        ):
            yield node.attr, node.lineno


def _is_name(module: Module, node: ast.expr, bound: str) -> bool:
    return (
        isinstance(node, ast.Name)
        and node.id == bound
        and not any(bound in module.locals_of(each) for each in module.functions_around(node))
    )


def _is_made(module: Module, node: ast.expr, bound: str) -> bool:
    return isinstance(node, ast.Call) and _is_name(module, node.func, bound)


def _is_held(module: Module, node: ast.Attribute, holders: dict[ast.AST, set[str]]) -> bool:
    """Whether a variable holds nothing but what calling the name gave."""
    if not isinstance(node.value, ast.Name):
        return False
    scope = next(module.functions_around(node), module.tree)
    name = node.value.id
    if name not in holders.get(scope, ()):
        return False
    stores = [each for each in ast.walk(scope) if isinstance(each, ast.Name) and each.id == name]
    made = [each for each in stores if isinstance(each.ctx, ast.Store)]
    return len(made) == 1
