"""Imports that are tried, and what the file remembers of the answer: a flag, or None in place of the name."""

import ast
from collections.abc import Iterable, Iterator

from canonry.source.facts import Flag
from canonry.source.syntax.text import SourceText

NAMESPACES = frozenset("google azure zope backports ruamel jaraco sphinxcontrib".split())
"""Names that many distributions share; what is installed as one has a longer name."""
_FAILURES = frozenset(("ImportError", "ModuleNotFoundError", "Exception", "BaseException"))


def read_flag(node: ast.Try | ast.TryStar, text: SourceText) -> Flag | None:
    """The flag that a ``try`` around imports sets, None where it sets none or where a failure is raised again.

    ``try: import x; HAS_X = True`` with a handler of import errors, the flag false there or before; or a handler that
    puts None in place of what is imported. Relative imports are no probe of a dependency.
    """
    modules, bound = _imported(node.body)
    if not modules:
        return None
    handlers = [handler for handler in node.handlers if _takes_import_errors(handler)]
    if not handlers or any(isinstance(each, ast.Raise) for handler in handlers for each in handler.body):
        return None
    answers = dict(_assigned([*node.body, *node.orelse], wanted=True))
    missing = {name: place for handler in handlers for name, place in _assigned(handler.body, wanted=None)}
    unbound = {name: place for name, place in missing.items() if name in bound}
    if not answers and not unbound:
        return None
    name, place = next(iter((answers or unbound).items()))
    return Flag(name, tuple(modules), text.header(place, words=name, symbol=name), bool(answers))


def _imported(body: Iterable[ast.stmt]) -> tuple[list[str], set[str]]:
    """What a body imports by absolute names, modules and what is in them; and the names that it binds by that."""
    modules: dict[str, None] = {}
    bound: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.Import):
            modules.update(dict.fromkeys(alias.name for alias in statement.names))
            bound.update(alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            modules.update(dict.fromkeys(f"{statement.module}.{alias.name}" for alias in statement.names))
            bound.update(alias.asname or alias.name for alias in statement.names)
    return list(modules), bound


def _assigned(body: Iterable[ast.stmt], *, wanted: object) -> Iterator[tuple[str, ast.Name]]:
    """The plain names that a body sets to a constant."""
    for statement in body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            targets = statement.targets
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Constant):
            targets = [statement.target]
        else:
            continue
        if statement.value.value is wanted:
            yield from ((target.id, target) for target in targets if isinstance(target, ast.Name))


def _takes_import_errors(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in _FAILURES) for kind in kinds)
