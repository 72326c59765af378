"""Under which names files of a tree get at a definition: re-exports, `import a.b`, `from a import *`."""

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from canonry.rules.inventory import definition_of, module_of
from canonry.rules.view import TreeView
from canonry.source.facts import Facts
from canonry.source.index import Definition
from canonry.source.mentions import mentions_of


class Rename(msgspec.Struct, frozen=True):
    """``from module import name as bound`` at the top of a file; ``level`` counts the dots before the module."""

    path: str
    line: int
    module: str
    level: int
    name: str
    bound: str


class Imports:
    """What the inventory leaves out of the imports of a tree: new names, whole modules and stars."""

    def __init__(self) -> None:
        self._renames: list[Rename] = []
        self._stars: list[tuple[str, str, int]] = []
        self._modules: dict[str, list[str]] = {}
        """Module as the import says it -> the files that import it as a module."""

    def note(self, path: str, facts: Facts) -> None:
        """Takes what one file imports."""
        for each in facts.imports:
            if not each.names:
                self._modules.setdefault(each.module, []).append(path)
            elif ("*", "*") in each.names:
                self._stars.append((path, each.module, each.level))
            elif each.top_level:
                self._renames += [
                    Rename(path, each.line, each.module, each.level, name, bound)
                    for name, bound in each.names
                    if name != bound
                ]

    def meant(self, tree: TreeView, name: str) -> set[Definition]:
        """What some import calls by this bare name."""
        found = (_target(tree, each, ()) for each in self._renames if each.bound == name)
        return {each for each in found if each is not None}

    def renames(self, tree: TreeView, homes: Collection[Definition]) -> list[tuple[Rename, Definition]]:
        """The imports that give one of these definitions, or a new name of it, another name."""
        names = {home.qualname for home in homes}
        found: dict[Rename, Definition] = {}
        waiting = True
        while waiting:
            waiting = False
            for each in self._renames:
                home = _target(tree, each, ()) if each.name in names and each not in found else None
                if home is not None and home in homes:
                    found[each] = home
                    waiting = waiting or each.bound not in names
                    names.add(each.bound)
        return list(found.items())

    def importers(
        self,
        tree: TreeView,
        names: Collection[str],
        uses: Mapping[str, Collection[str]],
        *,
        aliases: Collection[Definition] = (),
    ) -> dict[Definition, list[str]]:
        """The files that get at definitions by these names, sorted; ``uses`` are from `uses`.

        ``aliases`` are assignments that count as definitions of their own instead of being followed.
        """
        index = tree.project.index
        by_name = tree.inventory.importers(index, names, aliases=aliases)
        found = {home: set(files) for home, files in by_name.items()}
        for importer, module, level in self._stars:
            start = module_of(index, importer, module, level)
            for name in names if start is not None and start != importer else ():
                home = definition_of(index, start or "", name, aliases=aliases) if name[:1] != "_" else None
                if home is not None and home.path != importer:
                    found.setdefault(home, set()).add(importer)
        for importer, references in uses.items():
            for reference in references:
                home = _meaning(tree, importer, reference, aliases)
                if home is not None and home.path != importer:
                    found.setdefault(home, set()).add(importer)
        return {home: sorted(files) for home, files in found.items()}

    def uses(
        self,
        tree: TreeView,
        names: Collection[str],
        providers: Iterable[str],
        read: Callable[[str], bytes | None],
    ) -> dict[str, set[str]]:
        """The uses `module.name` of these names, by the files that import one of these modules as a module.

        The content of these files is read; the facts do not hold which attributes of a module are used.
        """
        found: dict[str, set[str]] = {}
        for path in sorted(self._module_importers(tree, frozenset(providers))):
            content = read(path)
            mentions = mentions_of(content, names, tree.project.target) if content is not None else ()
            references = {each.reference for each in mentions if each.reference.lstrip(".:*").count(".")}
            if references:
                found[path] = references
        return found

    def _module_importers(self, tree: TreeView, providers: frozenset[str]) -> set[str]:
        """The files that import one of these modules, or a package around one, as a module."""
        index = tree.project.index
        wanted = set(providers)
        for path in providers:
            parts = path.split("/")[:-1]
            wanted.update("/".join([*parts[:depth], "__init__.py"]) for depth in range(1, len(parts) + 1))
        found = {
            importer
            for module, importers in self._modules.items()
            for importer in importers
            if index.module_path(module, importer) in wanted
        }
        stems = {path.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")[2] for path in wanted}
        for stem in stems:
            for importer, module, level in tree.inventory.imports.get(stem, ()):
                reference = "." * level + module + ("." if module else "") + stem
                target = index.resolve(importer, reference)
                if isinstance(target, Definition) and not target.qualname and target.path in wanted:
                    found.add(importer)
        return found


def _target(tree: TreeView, rename: Rename, aliases: Collection[Definition]) -> Definition | None:
    start = module_of(tree.project.index, rename.path, rename.module, rename.level)
    return definition_of(tree.project.index, start, rename.name, aliases=aliases) if start is not None else None


def _meaning(tree: TreeView, path: str, reference: str, aliases: Collection[Definition]) -> Definition | None:
    """What `module.name` in a file means, a value included."""
    index = tree.project.index
    module, _, name = reference.rpartition(".")
    start = index.resolve(path, module) if module.strip(".") else None
    if isinstance(start, Definition) and not start.qualname:
        return definition_of(index, start.path, name, aliases=aliases)
    return None
