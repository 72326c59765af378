"""Names in one file, resolved to references (see `canonry.source.facts`)."""

import ast

Scope = dict[str, str | None]
"""Name -> reference; None where the name is bound to something that is not followed."""
_STARRED = {
    "os": ("environ", "environb", "getenv", "getenvb", "popen", "putenv", "system", "unsetenv"),
    "subprocess": ("Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput", "run"),
    "unittest": ("IsolatedAsyncioTestCase", "TestCase", "expectedFailure", "main", "skip", "skipIf", "skipUnless"),
}
"""What a star brings from modules of the standard library, as far as rules ask for it."""


def dotted_parts(node: ast.expr) -> tuple[str, list[str]] | None:
    """The root name and the attributes of ``a.b.c``, or None when the root is not a plain name."""
    attributes: list[str] = []
    while node.__class__ is ast.Attribute:
        attributes.append(node.attr)
        node = node.value
    if node.__class__ is ast.Name:
        attributes.reverse()
        return node.id, attributes
    return None


def reference(node: ast.expr, scope: Scope) -> str:
    """The reference that an expression names, or an empty string."""
    if node.__class__ is ast.Call:  # a decorator or base with arguments: `fixture(...)`
        node = node.func
    elif node.__class__ is ast.Subscript:  # `Generic[T]`
        node = node.value
    parts = dotted_parts(node)
    if parts is None:
        return ""
    root, attributes = parts
    target = scope.get(root)
    if target is None:
        return "" if root in scope else ".".join(["*", root, *attributes])
    return join(target, attributes)


def join(target: str, attributes: list[str]) -> str:
    """A reference and attributes of it as one reference."""
    if not attributes:
        return target
    tail = ".".join(attributes)
    return target + tail if target.endswith(".") else f"{target}.{tail}"


def bind_import(node: ast.Import, scope: Scope) -> None:
    """Binds what ``import a.b`` or ``import a.b as c`` binds."""
    for alias in node.names:
        if alias.asname:
            scope[alias.asname] = alias.name
        else:
            root = alias.name.partition(".")[0]
            scope[root] = root


def bind_import_from(node: ast.ImportFrom, scope: Scope) -> None:
    """Binds what ``from m import n`` binds; the index follows stars, but into the standard library."""
    prefix = "." * node.level + (node.module or "")
    for name, bound in imported_names(node):
        scope[bound] = join(prefix, [name])


def imported_names(node: ast.ImportFrom) -> list[tuple[str, str]]:
    """What ``from m import n`` names, each with the name that it binds; a star stands for names that rules ask for."""
    if node.names[0].name == "*":
        known = () if node.level else _STARRED.get(node.module or "", ())
        return [(name, name) for name in known]
    return [(alias.name, alias.asname or alias.name) for alias in node.names]


def bound_names(target: ast.expr) -> list[str]:
    """The plain names that an assignment target binds."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple | ast.List):
        return [name for element in target.elts for name in bound_names(element)]
    if isinstance(target, ast.Starred):
        return bound_names(target.value)
    return []


def parameters(arguments: ast.arguments) -> list[str]:
    """The names of all parameters."""
    names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    names += [argument.arg for argument in (arguments.vararg, arguments.kwarg) if argument]
    return names
