"""Whether a file puts something else in the place of a function that reads the environment."""

import ast

from canonry.migrate.module import Module

_NAMED = ("os.getenv", "os.environ.", "os.getenvb")
_REPLACES = frozenset(("patch", "object", "setattr", "multiple"))


def replaced_getter(module: Module) -> str:
    """The dotted name of the first getter that a call in the file replaces, empty where none does.

    ``patch("os.getenv")``, ``patch.object(os, "getenv")``, ``monkeypatch.setattr(os.environ, "get", ...)`` and their
    kin; a test elsewhere in the file may run while it is so.
    """
    starters = module.surroundings.starters()
    for name in ("os", "environ", "getenv"):
        if name in module.bound and starters.replaces(module.path, name):
            return starters.replaces(module.path, name)
    if b"getenv" not in module.content and b"environ" not in module.content:
        return ""
    for node in module.nodes:
        if not isinstance(node, ast.Call) or not node.args or _last(node.func) not in _REPLACES:
            continue
        first, second = node.args[0], node.args[1] if len(node.args) > 1 else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            inner = first.value.partition("os.")
            name = f"os.{inner[2]}" if inner[1] and (not inner[0] or inner[0].endswith(".")) else ""
            if any(name == each or (each.endswith(".") and name.startswith(each)) for each in _NAMED):
                return first.value
        if isinstance(second, ast.Constant) and isinstance(second.value, str):
            owner = module.source(first)
            if (owner == "os" or owner.endswith(".os")) and second.value.startswith("getenv"):
                return f"{owner}.{second.value}"
            if owner == "environ" or owner.endswith("os.environ"):
                return f"{owner}.{second.value}"
    return ""


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
