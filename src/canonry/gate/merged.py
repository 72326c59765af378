"""Tests that became cases of one parametrised test: its body is theirs, with parameters where they held values."""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(content: bytes | None) -> dict[str, Function]:
    """All functions of a text by qualified name; none where it does not parse. The last of one name counts."""
    if content is None:
        return {}
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, Function] = {}
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.ClassDef):
                waiting.append((f"{prefix}{each.name}.", each))
            elif isinstance(each, Function):
                found[f"{prefix}{each.name}"] = each
            elif isinstance(each, ast.stmt):
                waiting.append((prefix, each))
    return found


def merged(
    lost: Iterable[str],
    targets: Iterable[str],
    matched: Mapping[str, str],
    functions_of: Callable[[int, str], Mapping[str, Function]],
    cases: Callable[[int, str], int | None],
) -> dict[str, str]:
    """Lost tests -> the test of the head, in the same file, that holds them as cases.

    ``targets`` are the head's tests. One takes no more than it has ``cases`` beyond those of its own matches.
    """
    there: defaultdict[str, list[str]] = defaultdict(list)
    for node in targets:
        there[node.partition("::")[0]].append(node)
    own: defaultdict[str, list[str]] = defaultdict(list)
    for node, now in matched.items():
        own[now].append(node)
    leaving: defaultdict[str, list[str]] = defaultdict(list)
    for node in lost:
        leaving[node.partition("::")[0]].append(node)
    found: dict[str, str] = {}
    for path in leaving.keys() & there.keys():
        before, after = functions_of(0, path), functions_of(1, path)
        for target in there[path]:
            other = after.get(_qualified(target))
            names = _parameters(other) if other is not None else frozenset()
            if other is None or not names:
                continue
            room = (cases(1, target) or 0) - sum(cases(0, each) or 0 for each in own[target])
            for node in leaving[path]:
                one, needed = before.get(_qualified(node)), cases(0, node)
                if node in found or one is None or needed is None or needed > room or not _is_case(one, other, names):
                    continue
                room -= needed
                found[node] = target
    return found


def imported(content: bytes | None, path: str) -> list[str]:
    """The paths at which the modules that a file imports may lie, from the top of the tree and beside the file."""
    try:
        tree = ast.parse(content or b"")
    except (SyntaxError, ValueError, RecursionError):
        return []
    folders = path.split("/")[:-1]
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        names = [each.name for each in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        modules = names
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            modules = [module, *(f"{module}.{name}".strip(".") for name in names)]
        level = node.level if isinstance(node, ast.ImportFrom) else 0
        for below in [folders[: len(folders) - level + 1]] if level else ([], folders):
            for module in filter(None, modules):
                found["/".join([*below, *module.split(".")]) + ".py"] = None
    return [*found]


def is_shared(matched: Mapping[str, str]) -> frozenset[str]:
    """The tests of the head that several of the base became."""
    return frozenset(node for node, count in Counter(matched.values()).items() if count > 1)


def _qualified(node: str) -> str:
    return node.partition("::")[2].replace("::", ".")


def _parameters(function: Function) -> frozenset[str]:
    """The names that marks `parametrize` give values."""
    found: set[str] = set()
    for mark in function.decorator_list:
        if not (
            isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == "parametrize"
        ):
            continue
        named = mark.args[0] if mark.args else next((e.value for e in mark.keywords if e.arg == "argnames"), None)
        words = named.elts if isinstance(named, ast.List | ast.Tuple) else [named]
        for word in words:
            if isinstance(word, ast.Constant) and isinstance(word.value, str):
                found.update(each.strip() for each in word.value.split(","))
    return frozenset(found)


def _is_case(one: Function, other: Function, names: frozenset[str]) -> bool:
    """Whether the body of the one is that of the other with a value for each name, the same wherever it stands."""
    values: dict[str, str] = {}
    try:
        return _fits(_body(other), _body(one), names, values)
    except RecursionError:
        return False


def _body(function: Function) -> list[ast.stmt]:
    first = function.body[0]
    is_text = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return function.body[1:] if is_text else function.body


def _fits(pattern: object, node: object, names: frozenset[str], values: dict[str, str]) -> bool:
    if isinstance(pattern, ast.Name) and pattern.id in names and isinstance(node, ast.expr):
        said = ast.dump(node)
        return values.setdefault(pattern.id, said) == said
    if type(pattern) is not type(node):
        return False
    if isinstance(pattern, list) and isinstance(node, list):
        return len(pattern) == len(node) and all(
            _fits(one, other, names, values) for one, other in zip(pattern, node, strict=True)
        )
    if isinstance(pattern, ast.AST):
        fields = (each for each in pattern._fields if not (each == "msg" and isinstance(pattern, ast.Assert)))
        return all(_fits(getattr(pattern, each, None), getattr(node, each, None), names, values) for each in fields)
    return pattern == node
