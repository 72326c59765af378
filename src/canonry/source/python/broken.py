"""Facts of a source that does not parse, as far as tree-sitter can read it."""

from typing import TYPE_CHECKING

from canonry.source.facts import Break, ClassFact, Facts, FunctionFact, Import, Site
from canonry.source.syntax.newer import parse_anything, walk_nodes
from canonry.source.syntax.text import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


def read_broken(text: SourceText, broken: Break) -> Facts:
    """What is readable: imports, classes with bases and methods, functions. Never complete, never silently clean."""
    imports: list[Import] = []
    classes: list[ClassFact] = []
    functions: list[FunctionFact] = []
    bindings: dict[str, str] = {}
    for node in walk_nodes(parse_anything(text.content).root_node):
        if node.type == "class_definition":
            classes.append(_class(node, bindings, text))
            if not _enclosing(node):
                bindings[classes[-1].name] = f":{classes[-1].qualname}"
        elif node.type == "function_definition":
            functions.append(_function(node, text))
        elif node.type == "import_from_statement":
            imports.append(_import_from(node, bindings, text))
        elif node.type == "import_statement":
            imports.extend(_import(node, bindings, text))
    return Facts(broken, tuple(imports), tuple(classes), tuple(functions), bindings, (), (), (), (), (), None, {})


def _text(node: "Node | None") -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _enclosing(node: "Node") -> list[str]:
    names: list[str] = []
    parent = node.parent
    while parent is not None:
        if parent.type in ("class_definition", "function_definition"):
            names.append(_text(parent.child_by_field_name("name")))
        parent = parent.parent
    return names[::-1]


def _site(node: "Node", text: SourceText, words: str, symbol: str) -> Site:
    line, column = text.position(node.start_byte)
    return Site(line, column, line, column + len(words), 0, symbol)


def _class(node: "Node", bindings: dict[str, str], text: SourceText) -> ClassFact:
    name = _text(node.child_by_field_name("name"))
    qualname = ".".join([*_enclosing(node), name])
    bases = [
        _reference(_text(base), bindings)
        for base in (node.child_by_field_name("superclasses") or node).named_children
        if base.type in ("identifier", "attribute") and base.parent and base.parent.type == "argument_list"
    ]
    body = node.child_by_field_name("body")
    methods = [_method_name(child) for child in (body.named_children if body else [])]
    nested = any(parent.type == "function_definition" for parent in _parents(node))
    site = _site(node, text, f"class {name}", qualname)
    return ClassFact(
        name, qualname, tuple(bases), tuple(name for name in methods if name), (), (), (), site, nested, True, None
    )


def _method_name(node: "Node") -> str:
    if node.type == "decorated_definition":
        node = node.child_by_field_name("definition") or node
    return _text(node.child_by_field_name("name")) if node.type == "function_definition" else ""


def _parents(node: "Node") -> "list[Node]":
    parents: list[Node] = []
    while node.parent is not None:
        node = node.parent
        parents.append(node)
    return parents


def _function(node: "Node", text: SourceText) -> FunctionFact:
    name = _text(node.child_by_field_name("name"))
    names = _enclosing(node)
    qualname = ".".join([*names, name])
    is_async = bool(node.children) and node.children[0].type == "async"
    kinds = [parent.type for parent in _parents(node) if parent.type.endswith("_definition")]
    kinds = [kind for kind in kinds if kind != "decorated_definition"]
    owner = ".".join(names) if kinds[:1] == ["class_definition"] else ""
    words = f"async def {name}" if is_async else f"def {name}"
    nested = "function_definition" in kinds
    return FunctionFact(
        name, qualname, owner, nested, is_async, _site(node, text, words, qualname), (), 0, False, False, (), None, ()
    )


def _import(node: "Node", bindings: dict[str, str], text: SourceText) -> "Iterator[Import]":
    line, column = text.position(node.start_byte)
    end_line, end_column = text.position(node.end_byte)
    inside = _enclosing(node)
    symbol = ".".join(inside) or "<module>"
    for child in node.children_by_field_name("name"):
        module = _text(child.child_by_field_name("name")) if child.type == "aliased_import" else _text(child)
        root = module.partition(".")[0]
        bound = _text(child.child_by_field_name("alias"))
        bindings.setdefault(bound or root, module if bound else root)
        yield Import(module, 0, (), line, column, end_line, end_column, symbol, not inside)


def _import_from(node: "Node", bindings: dict[str, str], text: SourceText) -> Import:
    module = _text(node.child_by_field_name("module_name"))
    level = len(module) - len(module.lstrip("."))
    names: list[tuple[str, str]] = []
    for child in node.children_by_field_name("name"):
        original = _text(child.child_by_field_name("name")) if child.type == "aliased_import" else _text(child)
        bound = _text(child.child_by_field_name("alias")) or original
        names.append((original, bound))
        separator = "" if module.endswith(".") else "."
        bindings.setdefault(bound, f"{module}{separator}{original}")
    if any(child.type == "wildcard_import" for child in node.children):
        names.append(("*", "*"))
    line, column = text.position(node.start_byte)
    end_line, end_column = text.position(node.end_byte)
    inside = _enclosing(node)
    symbol = ".".join(inside) or "<module>"
    return Import(module.lstrip("."), level, tuple(names), line, column, end_line, end_column, symbol, not inside)


def _reference(name: str, bindings: dict[str, str]) -> str:
    root, _, rest = name.partition(".")
    target = bindings.get(root, f"*.{root}")
    return f"{target}.{rest}" if rest else target
