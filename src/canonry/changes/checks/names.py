"""Check 5: names that the edits introduce are bound once; imports that they orphan are gone, and only those."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from canonry.changes.checks.edited import EditedSource

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_ANNOTATION = re.compile(r"\s*[^\W\d][\w.]*[\w.,|\[\]\s'\"]{0,200}")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Names(msgspec.Struct):
    """What a module binds at its top level and uses anywhere. ``imported`` are those that imports bind.

    ``offered`` those of them that are imported for others (``X as X``); ``used`` are the names in code, in ``__all__``
    and in annotations that are strings.
    """

    bound: Counter[str]
    imported: set[str]
    used: set[str]
    strings: list[str]
    offered: set[str] = msgspec.field(default_factory=set)

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


def object_to_names(source: EditedSource, *, is_package: bool) -> str | None:
    """Objects to a name bound twice or hidden where it is used, and to imports left over or taken away wrongly.

    The imports of a package's ``__init__`` may be there for others, so none of them is called left over. One that is
    tried is used by that: it probes a dependency, and goes with the probe. One that says so (``X as X``) is for others.
    """
    old, new = names_of(source.old_tree, source.old_nodes), names_of(source.new_tree, source.new_nodes)
    for name in sorted(new.bound):
        if new.bound[name] > old.bound[name] and new.bound[name] > 1:
            return f"`{name}` would be bound {new.bound[name]} times"
    introduced = new.bound.keys() - old.bound.keys()
    hidden = _hidden(source, introduced) if introduced else None
    if hidden:
        return f"`{hidden}` would be used where another thing of that name hides it"
    for name in sorted(old.imported):
        if name not in new.bound and name in new.used:
            return f"`{name}` is still used, and its import would be gone"
        was_unused = name not in old.used and name not in _tried(source.old_tree) and not old.mentions(name)
        if name not in new.bound and was_unused:
            return f"the import of `{name}` was unused before; only what the edits orphan is taken away"
        orphaned = name in new.imported - new.offered and name in old.used - new.used and not is_package
        if orphaned and not new.mentions(name):
            return f"nothing would use the import of `{name}` any more; it has to go with the edits"
    return None


def names_of(tree: ast.Module, nodes: list[ast.AST]) -> Names:
    """The names of a module; ``nodes`` are all of its tree."""
    found = Names(Counter(), set(), set(), [])
    dotted: set[str] = set()
    for node in _top_level(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                found.imported.add(name)
                if alias.asname == alias.name:
                    found.offered.add(name)
                if "." in alias.name and not alias.asname and isinstance(node, ast.Import):
                    dotted.add(name)
                else:
                    found.bound[name] += 1
        else:
            found.bound.update(_binds(node))
    for name in dotted:  # `import a.b` and `import a.c` bind one and the same `a`
        found.bound[name] = max(found.bound[name], 1)
    found.strings += {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found.used.update(_uses(nodes))
    return found


def _top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes that bind at the top level: those inside functions, classes, lambdas and comprehensions do not."""
    waiting = list(ast.iter_child_nodes(tree))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _COMPREHENSIONS):
            waiting += [inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
        elif not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def _binds(node: ast.AST) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        return [node.name]
    return []


def _uses(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        for part in _with_strings(node):
            for inner in ast.walk(part):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield from said(inner.value)


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


def said(text: str) -> Iterator[str]:
    """The names in a string that is one name or an annotation: ``__all__`` and forward references use them."""
    if not _ANNOTATION.fullmatch(text):
        return
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def _hidden(source: EditedSource, introduced: set[str]) -> str | None:
    """An introduced name that new text uses in a function that binds it to something else."""
    if not any(_can_hide(node, introduced) for node in source.new_nodes):
        return None
    for scope in source.new_nodes:
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
