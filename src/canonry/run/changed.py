"""Which test files a change reaches: those that changed, and those that import what changed."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from canonry.model.errors import UserError
from canonry.run.project import Project
from canonry.source.facts import Facts
from canonry.source.index import Definition, Index
from canonry.source.trees.git import split_records

_CONFIGURATION = frozenset(
    (
        "pyproject.toml pytest.toml .pytest.toml pytest.ini .pytest.ini tox.ini setup.cfg "
        "canonry.toml uv.lock poetry.lock"
    ).split()
)
"""Files whose change may change the outcome of every test."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Path of a test file -> why a change reaches it. ``notes`` say what was not followed."""

    tests: dict[str, str]
    notes: tuple[str, ...] = ()


def changed_paths(project: Project, revision: str) -> list[str]:
    """The paths that differ between a commit and the working tree, new ones included."""
    git = project.session.tree.git
    if git is None:
        raise UserError("`--changed` compares with a commit, and there is no git repository here; leave it out")
    commit = git.resolve(revision)
    listed = git.output("diff", "--name-only", "--no-renames", "-z", commit, "--")
    others = git.output("ls-files", "-o", "--exclude-standard", "-z")
    names = {name.decode("utf-8", "surrogateescape") for out in (listed, others) for name in split_records(out)}
    return sorted(names)


def reached(project: Project, changed: Iterable[str], tests: Iterable[str]) -> Reach:
    """The test files among ``tests`` that these changed paths reach."""
    paths, wanted = list(changed), list(tests)
    configuration = [path for path in paths if path in _CONFIGURATION]
    if configuration:
        return Reach(tests=dict.fromkeys(wanted, f"`{configuration[0]}` changed, which may concern every test"))
    found: dict[str, str] = dict.fromkeys(paths, "it changed")
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name == "conftest.py" or name in _CONFIGURATION:
            prefix = f"{folder}/" if folder else ""
            found |= {each: f"`{path}` changed, which stands above it" for each in wanted if each.startswith(prefix)}
    python = [path for path in paths if path.endswith(".py")]
    if python:
        found = importers(project, python) | found
    others = len(paths) - len(python)
    notes = (f"{others:,} changed files that are no Python are followed nowhere",) if others else ()
    return Reach(tests={path: found[path] for path in wanted if path in found}, notes=notes)


def importers(project: Project, paths: Iterable[str]) -> dict[str, str]:
    """The live files that import one of these, directly or through others; each with the way."""
    return following(import_graph(project), paths)


def import_graph(project: Project) -> dict[str, set[str]]:
    """Each live file that is imported -> those that import it, and the tests below a ``conftest.py`` for that."""
    files, index = project.facts()
    files.extract(list(project.listing.live))
    importing: dict[str, set[str]] = {}
    for path, facts in files.stream(list(project.listing.live)):
        for used in _imported(path, facts, index):
            importing.setdefault(used, set()).add(path)
    for path in project.listing.live:  # what a conftest.py imports reaches the tests below its folder
        if path.rpartition("/")[2] == "conftest.py":
            prefix = path.removesuffix("conftest.py")
            importing.setdefault(path, set()).update(each for each in project.listing.live if each.startswith(prefix))
    return importing


def following(importing: Mapping[str, Collection[str]], paths: Iterable[str]) -> dict[str, str]:
    """The files that import one of these paths by a graph, directly or through others; each with the way."""
    found: dict[str, str] = {}
    waiting = [(path, path) for path in paths]
    while waiting:
        used, origin = waiting.pop()
        for importer in sorted(importing.get(used, ())):
            if importer not in found:
                through = "" if used == origin else f" through `{used}`"
                found[importer] = f"it imports `{origin}`{through}"
                waiting.append((importer, origin))
    return found


def imported_files(project: Project, path: str) -> set[str]:
    """The files of the tree that importing a file runs, directly or through others."""
    files, index = project.facts()
    found: set[str] = set()
    waiting = [path]
    while waiting:
        each = waiting.pop()
        facts = project.imports.get(each)
        if facts is None:
            known = files.facts(each)
            facts = project.imports[each] = frozenset(_imported(each, known, index) if known is not None else ())
        waiting += facts - found
        found |= facts
    return found - {path}


def _imported(path: str, facts: Facts, index: Index) -> set[str]:
    """The files of the tree that importing this one runs."""
    found: set[str] = set()
    for each in facts.imports:
        modules = [_module(path, each.module, each.level, index)]
        for name, _ in each.names:
            dotted = f"{each.module}.{name}" if each.module else name
            modules.append(_module(path, dotted, each.level, index))
        found.update(module for module in modules if module is not None and module != path)
    for module in list(found):
        folder = module.rpartition("/")[0]
        while folder:  # the packages around it run, too
            package = f"{folder}/__init__.py"
            if index.facts(package) is None:
                break
            found.add(package)
            folder = folder.rpartition("/")[0]
    found.discard(path)
    return found


def _module(path: str, dotted: str, level: int, index: Index) -> str | None:
    if not level:
        return index.module_path(dotted, path) if dotted else None
    target = index.resolve(path, "." * level + dotted)
    return target.path if isinstance(target, Definition) else None
