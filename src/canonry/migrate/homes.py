"""How one file of a tree imports another: its dotted name, and whether that leads back."""

import ast

from canonry.migrate.module import Module
from canonry.source.index import Index
from canonry.source.syntax.parse import parse_source


def module_name(module: Module, home: str) -> tuple[str, str]:
    """The dotted name by which a file may import another, and what speaks against it; no name where there is none."""
    index = module.file.index
    folders, _, name = home.rpartition("/")
    parts = [*(folders.split("/") if folders else []), *([] if name == "__init__.py" else [name.removesuffix(".py")])]
    if not all(part.isidentifier() for part in parts) or not parts:
        return "", ""
    starts = [start for start in range(len(parts)) if _packaged(index, parts[start : start + 1], parts[:start])]
    names = [parts[start:] for start in (starts[:1] or range(len(parts)))]
    for each in names:
        dotted = ".".join(each)
        if index.module_path(dotted, module.path) == home:
            packaged = all(
                index.facts("/".join([*parts[: len(parts) - len(each)], *each[:depth], "__init__.py"])) is not None
                for depth in range(1, len(each))
            )
            doubt = "" if packaged else f"`{dotted}` is found only where its root is on the import path"
            return dotted, doubt
    return "", ""


def _packaged(index: Index, first: list[str], above: list[str]) -> bool:
    return index.facts("/".join([*above, *first, "__init__.py"])) is not None


def statement_at(module: Module, path: str, line: int) -> ast.stmt | None:
    """The statement at the top of another file that holds a line; None where the file cannot be read."""
    content = module.surroundings.read(path)
    tree = parse_source(content, module.file.project.target)[0] if content is not None else None
    body = tree.body if tree is not None else []
    return next((node for node in body if node.lineno <= line <= (node.end_lineno or 0)), None)


def leads_back(index: Index, home: str, path: str) -> bool:
    """Whether importing one file imports another, through imports at the top of modules."""
    waiting, seen = [home], {home}
    while waiting:
        for target in index.imported_by(waiting.pop()):
            if target == path:
                return True
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return False
