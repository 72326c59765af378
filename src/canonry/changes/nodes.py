"""The nodes of a tree as one list, several times faster than `ast.walk`."""

import ast


def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """A node and all below it, parents before their children, in the order of `ast.walk`; contexts are left out."""
    found = [tree]
    for node in found:
        for value in node.__dict__.values():
            if isinstance(value, list):
                found += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                found.append(value)
    return found


def parents_of(nodes: list[ast.AST]) -> dict[ast.AST, ast.AST]:
    """What each of these nodes stands in, where that is among them."""
    found: dict[ast.AST, ast.AST] = {}
    for node in nodes:
        for value in node.__dict__.values():
            if isinstance(value, list):
                for each in value:
                    if isinstance(each, ast.AST):
                        found[each] = node
            elif isinstance(value, ast.AST):
                found[value] = node
    return found


def same_nodes(first: ast.AST, second: ast.AST) -> bool:
    """Whether two trees say the same, places apart: exactly where `ast.dump` gives the same text for both."""
    waiting: list[tuple[object, object]] = [(first, second)]
    while waiting:
        one, other = waiting.pop()
        kind = type(one)
        if kind is not type(other):
            return False
        if isinstance(one, ast.AST):
            waiting += [(getattr(one, name, None), getattr(other, name, None)) for name in one._fields]
        elif isinstance(one, list):
            assert isinstance(other, list)
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif one != other if kind in (str, bytes, int, bool) else repr(one) != repr(other):
            return False
    return True
