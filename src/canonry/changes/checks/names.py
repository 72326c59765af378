"""Check 5: names that the edits introduce are bound once; imports that they orphan are gone, and only those."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from canonry.changes.checks.edited import EditedSource
from canonry.changes.nodes import children_of
from canonry.changes.parsed import Part

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_ANNOTATION = re.compile(r"\s*[^\W\d][\w.]*[\w.,|\[\]\s'\"]{0,200}")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_HIDING = frozenset(
    (*_DEFINITIONS, ast.Name, ast.arg, ast.Import, ast.ImportFrom, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
)
_SPEAKING = frozenset((ast.arg, ast.AnnAssign, ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign))
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Names(msgspec.Struct):
    """What a module binds at its top level and uses anywhere. ``imported`` are those that imports bind.

    ``dotted`` are those of `import a.b`, which are not counted as bound until all are known, ``offered`` those that
    are imported for others (``X as X``), ``rebound`` those that something else than an import binds, too. ``used`` are
    the names in code, in ``__all__`` and in annotations that are strings.
    """

    bound: Counter[str]
    imported: set[str]
    dotted: set[str]
    used: set[str]
    strings: set[str]
    offered: set[str] = msgspec.field(default_factory=set)
    rebound: set[str] = msgspec.field(default_factory=set)

    def mentions(self, name: str) -> bool:
        """Whether any other string could be an annotation with the name: enough not to call an import left over."""
        return any(name in text and name in said(text) for text in self.strings)


def _tried(tree: ast.Module) -> set[str]:
    """The names that imports in the `try` of a module's top bind."""
    return {
        alias.asname or alias.name.partition(".")[0]
        for statement in tree.body
        if isinstance(statement, ast.Try) and statement.handlers
        for each in statement.body
        if isinstance(each, ast.Import | ast.ImportFrom)
        for alias in each.names
    }


def object_to_names(source: EditedSource, *, is_package: bool, is_replaced: bool = False) -> str | None:
    """Objects to a name bound twice or hidden where it is used, and to imports left over or taken away wrongly.

    The imports of a package's ``__init__`` may be there for others, so none of them is called left over. One that is
    tried is used by that: it probes a dependency, and goes with the probe. One that says so (``X as X``) is for others.
    Of a file that is replaced as a whole (``is_replaced``) imports that were unused before may go.
    """
    held = _added(Names(Counter(), set(), set(), set(), set()), [*source.held])
    old, new = _settled(_added(held, source.gone)), _settled(_added(held, source.come))
    for name in sorted(new.bound):
        if new.bound[name] > old.bound[name] and new.bound[name] > 1:
            return f"`{name}` would be bound {new.bound[name]} times"
    introduced = new.bound.keys() - old.bound.keys()
    hidden = _hidden(source, introduced) if introduced else None
    if hidden:
        return f"`{hidden}` would be used where another thing of that name hides it"
    for name in sorted(old.imported):
        if name not in new.bound and name in new.used and _is_free(source.new.tree, name):
            return f"`{name}` is still used, and its import would be gone"
        goes = name not in new.bound and name not in old.used and not is_replaced
        if goes and name not in _tried(source.old.tree) and not old.mentions(name) and not _went_along(source, name):
            return f"the import of `{name}` was unused before; only what the edits orphan is taken away"
        orphaned = name in new.imported - new.offered - new.rebound and name in old.used - new.used and not is_package
        if orphaned and not new.mentions(name):
            return f"nothing would use the import of `{name}` any more; it has to go with the edits"
    return None


def _is_free(tree: ast.Module, name: str) -> bool:
    """Whether a name is used anywhere but in functions that bind it themselves, in strings too."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Store):
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and name in node.value:
            if name in said(node.value):
                return True
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return True
        inside = children_of(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and name in _local(node):
            body = set(node.body)  # its decorators, defaults and annotations are read where it stands
            inside = [each for each in inside if each not in body]
        waiting += inside
    return False


def _went_along(source: EditedSource, name: str) -> bool:
    """Whether what imported an unused name went with the whole statement of the module that it stood in."""
    for part in source.gone:
        if part.inner or isinstance(part.node, ast.Import | ast.ImportFrom):
            continue
        inside = (each for each in _binding(part) if isinstance(each, ast.Import | ast.ImportFrom))
        if any(name in [each.asname or each.name.partition(".")[0] for each in node.names] for node in inside):
            return any(each.start <= part.start and part.end <= each.end for each in source.ranges)
    return False


def _added(names: Names, parts: Sequence[Part]) -> Names:
    """These names and those of parts of the module."""
    found = Names(
        names.bound.copy(),
        set(names.imported),
        set(names.dotted),
        set(names.used),
        set(names.strings),
        set(names.offered),
        set(names.rebound),
    )
    for node in (node for part in parts for node in _binding(part)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found.imported.add(name)
                if alias.asname == alias.name:
                    found.offered.add(name)
                if "." in alias.name and not alias.asname and isinstance(node, ast.Import):
                    found.dotted.add(name)
                else:
                    found.bound[name] += 1
        else:
            bound = _binds(node)
            found.bound.update(bound)
            found.rebound.update(bound)
    for part in parts:
        _gather(part.nodes, found)
    return found


def _settled(names: Names) -> Names:
    """The names once all parts are there: `import a.b` and `import a.c` bind one and the same `a`."""
    for name in names.dotted:
        names.bound[name] = max(names.bound[name], 1)
    return names


def _binding(part: Part) -> Iterator[ast.AST]:
    """The nodes of a part that bind at the top level of the module; what stands in a class binds there."""
    if part.inner:
        return
    yield part.node
    if not isinstance(part.node, _SCOPES):
        yield from _top_level(part.node)


def _top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes that bind at the top level: those inside functions, classes, lambdas and comprehensions do not."""
    waiting = children_of(tree)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _COMPREHENSIONS):
            waiting += [inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
        elif not isinstance(node, _SCOPES):
            waiting += children_of(node)


def _binds(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return [node.name]
    return []


def _gather(nodes: list[ast.AST], found: Names) -> None:
    """Adds the uses and the strings; most nodes are none of these kinds, so those are told apart by their class."""
    used, strings = found.used, found.strings
    for node in nodes:
        kind = node.__class__
        if kind is ast.Name:
            if node.ctx.__class__ is not ast.Store:  # type: ignore[attr-defined]
                used.add(node.id)  # type: ignore[attr-defined]
        elif kind is ast.Constant:
            if node.value.__class__ is str:  # type: ignore[attr-defined]
                strings.add(node.value)  # type: ignore[attr-defined]
        elif kind is ast.AugAssign:
            if isinstance(node.target, ast.Name):  # type: ignore[attr-defined]
                used.add(node.target.id)  # type: ignore[attr-defined]
        elif kind in _SPEAKING:
            for part in _with_strings(node):
                for inner in ast.walk(part):
                    if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                        used.update(said(inner.value))


def _with_strings(node: ast.AST) -> list[ast.expr]:
    """The parts of a node whose strings are names: annotations, and what `__all__` lists."""
    if isinstance(node, ast.arg | ast.AnnAssign):
        return [node.annotation] if node.annotation is not None else []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.returns] if node.returns is not None else []
    if isinstance(node, ast.Assign) and any(
        isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets
    ):
        return [node.value]
    return []


@lru_cache(maxsize=4096)
def said(text: str) -> tuple[str, ...]:
    """The names in a string that is one name or an annotation: ``__all__`` and forward references use them."""
    if not _ANNOTATION.fullmatch(text):
        return ()
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _hidden(source: EditedSource, introduced: set[str]) -> str | None:
    """An introduced name that new text uses in a function that binds it to something else."""
    nodes = [node for part in source.come for node in part.nodes]
    if not any(node.__class__ in _HIDING and _can_hide(node, introduced) for node in nodes):
        return None
    for scope in nodes:
        if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        local = _local(scope) & introduced
        for node in ast.walk(scope) if local else ():
            if isinstance(node, ast.Name) and node.id in local and isinstance(node.ctx, ast.Load):
                start = source.after.offset(node.lineno, node.col_offset)
                if source.made(start, start + len(node.id.encode())) is not None:
                    return node.id
    return None


def _can_hide(node: ast.AST, names: set[str]) -> bool:
    """Whether a node binds one of these names as a function can; imports at the top of the file do so, too."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return node.col_offset > 0 and any((each.asname or each.name.partition(".")[0]) in names for each in node.names)
    if isinstance(node, ast.arg):
        return node.arg in names
    return any(name in names for name in _binds(node))


def _local(scope: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    arguments = scope.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    found = {each.arg for each in every if each is not None}
    shared: set[str] = set()
    for part in scope.body if isinstance(scope.body, list) else []:
        for node in (part, *_top_level(part)) if not isinstance(part, _SCOPES) else (part,):
            if isinstance(node, ast.Global | ast.Nonlocal):
                shared.update(node.names)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                found.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
            else:
                found.update(_binds(node))
    return found - shared
