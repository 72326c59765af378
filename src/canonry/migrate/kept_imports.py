"""Imports that their own file does not use any more and that stay: others need them, or they do something."""

import ast
from functools import lru_cache

from canonry.migrate.homes import module_name
from canonry.migrate.module import Module
from canonry.source.index import Definition, Index
from canonry.source.syntax.parse import parse_source
from canonry.source.syntax.versions import Version

_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Pass)
_BLOCKS = (ast.If, ast.Try)


def reexported(module: Module, alias: ast.alias) -> str | None:
    """How an import is written that other code of the tree needs (``X as X``); None where none does.

    Code elsewhere imports it from here, but for test files, whose imports are their own; or some code puts something in
    the place of it by its name here, which has to be there then.
    """
    bound = alias.asname or alias.name
    if "." not in bound and module.surroundings.starters().replaces(module.path, bound):
        return f"{alias.name} as {bound}"
    if module.file.project.is_test_file(module.path) or ("." in alias.name and not alias.asname):
        return None
    if not {bound, "*"} & module.surroundings.wanted(module.path):
        return None
    return f"{alias.name} as {bound}"


def for_what_it_does(module: Module, statement: ast.Import | ast.ImportFrom) -> str | None:
    """What takes the place of the import of a module of the tree that does something when it is imported.

    ``import package.module``. None where it only defines things, or cannot be imported so.
    """
    if isinstance(statement, ast.Import) or module.parents.get(statement) is not module.tree:
        return None
    start = "." * statement.level + (statement.module or "")
    home = module.file.index.resolve(module.path, start)
    if not isinstance(home, Definition) or home.qualname or home.path == module.path:
        return None
    if any(
        each is not statement and isinstance(each, ast.ImportFrom) and _start(each) == start
        for each in module.tree.body
    ):
        return None
    if not _does(module, home.path, set()):
        return None
    dotted, doubt = module_name(module, home.path)
    root = dotted.partition(".")[0]
    return f"import {dotted}" if dotted and not doubt and root not in module.bound else None


def _start(statement: ast.ImportFrom) -> str:
    return "." * statement.level + (statement.module or "")


def _does(module: Module, path: str, seen: set[str]) -> bool:
    """Whether a file of test code, or one that it imports, does more than to define things when it is imported."""
    if path in seen or not module.file.project.in_test_code(path):
        return False
    seen.add(path)
    content = module.surroundings.read(path)
    if content is None:
        return False
    if _acts(content, module.file.project.target):
        return True
    return any(_does(module, each, seen) for each in _imported(module.file.index, path))


def _imported(index: Index, path: str) -> list[str]:
    facts = index.facts(path)
    found: list[str] = []
    for each in facts.imports if facts is not None else ():
        if each.top_level:
            target = index.resolve(path, "." * each.level + each.module)
            if isinstance(target, Definition) and not target.qualname:
                found.append(target.path)
    return found


@lru_cache(maxsize=512)
def _acts(content: bytes, target: Version) -> bool:
    tree = parse_source(content, target)[0]
    return tree is not None and any(map(_is_deed, tree.body))


def _is_deed(statement: ast.stmt) -> bool:
    """Whether a statement changes something elsewhere: it sets an attribute or an item, or calls for the sake of it."""
    if isinstance(statement, _DEFINES):
        return False
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return any(isinstance(part, ast.Attribute | ast.Subscript) for each in targets for part in _parts(each))
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call)
    if isinstance(statement, _BLOCKS):
        if isinstance(statement, ast.If) and _is_main(statement.test):
            return False
        parts = [*statement.body, *statement.orelse]
        if isinstance(statement, ast.Try):
            parts += [*statement.finalbody, *(each for handler in statement.handlers for each in handler.body)]
        return any(map(_is_deed, parts))
    return statement.__class__.__name__ != "TypeAlias"  # since Python 3.12


def _parts(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple | ast.List) else [target]


def _is_main(test: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(test))
