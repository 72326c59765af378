"""What of a tree's other files codemods depend on, found out once before any file is planned."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

import msgspec

from canonry.migrate.commands.installed import declares
from canonry.migrate.commands.terms import imports_from_root, speaks_for
from canonry.migrate.starters import Starters, scripts_of
from canonry.rules.view import Project
from canonry.source.documents.reading import Reading
from canonry.source.facts import ClassFact, Facts, Import
from canonry.source.index import Definition

Read = Callable[[str], bytes | None]
ReadAll = Callable[[], Iterable[tuple[str, Facts]]]


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the tree.

    ``runner``: the words of the canonical runner; ``speaks``: whether it takes the options of `canonry run`.
    ``installed``: a file of requirements asks for canonry. ``imports_from_root``: tests may import from the root of the
    tree only because the working directory is on the import path.
    """

    runner: tuple[str, ...] = ("canonry", "run")
    speaks: bool = True
    installed: bool = True
    imports_from_root: bool = False
    scripts: frozenset[str] = frozenset()
    """Files that commands of documents run as scripts, from the root or, in one of them, from beside it."""
    starters: Callable[[], Starters] = Starters
    """What the Python files of the tree start. Reads the whole tree once."""
    objection: Callable[[Sequence[str | None], Sequence[str | None], str | None], str] = lambda *_: ""
    """Why a rewritten command selects other tests than the old one (`Proof.objection`); empty where nobody looks."""
    today: dt.date = dt.date.min
    read: Read = lambda _path: None
    """The bytes of another file."""
    on_disk: Callable[[str], bool] = lambda _path: False
    """Whether a file or folder stands at a path, also one that a narrowed run did not list."""
    importers: Callable[[str], list[str]] = lambda _path: []
    """The Python files that import the module at a path."""
    wanted: Callable[[str], frozenset[str]] = lambda _path: frozenset()
    """The names that other Python files import from the module at a path, ``*`` for all."""
    heirs: Callable[[Definition], Sequence[Definition]] = lambda _class: ()
    """The classes of the tree that name a class as their base."""
    mentions: Callable[[str], list[str]] = lambda _path: []
    """The files whose text holds the name of the file at a path: who may call it. Reads the whole tree."""


def surroundings_of(
    project: Project,
    read: Read,
    documents: Callable[[], Iterable[tuple[str, Reading]]] = tuple,
    *,
    today: dt.date = dt.date.min,
    read_all: ReadAll = lambda: (),
) -> Surroundings:
    """The facts of a tree; ``read`` gives the bytes of a path, ``documents`` what is read of other files.

    ``read_all`` gives the facts of all Python files.
    """
    runner, relations = tuple(project.canon.canon.runner.split()), _Relations(project, read_all)
    return Surroundings(
        runner=runner,
        speaks=speaks_for(runner, read),
        installed=declares(sorted(project.paths), read, "canonry"),
        imports_from_root=imports_from_root(project.paths, project.settings.pythonpath, project.is_test_file),
        scripts=frozenset(scripts_of(documents())),
        today=today,
        importers=relations.importers,
        wanted=relations.wanted,
        heirs=relations.heirs,
    )


class _Relations:
    """What imports and derives from what in the tree: the facts of all files are read once, when first asked."""

    def __init__(self, project: Project, read_all: ReadAll) -> None:
        self._project = project
        self._read_all = read_all

    def importers(self, path: str) -> list[str]:
        """The files that import the module at a path, in order."""
        named = self._by_stem.get(path.rpartition("/")[2].removesuffix(".py"), {})
        return sorted(
            other
            for other, names in named.items()
            if other != path and any(_leads_to(self._project, name, level, other, path) for name, level in names)
        )

    def wanted(self, path: str) -> frozenset[str]:
        """The names that other files import from the module at a path."""
        return frozenset(self._wanted.get(path, ()))

    def heirs(self, base: Definition) -> Sequence[Definition]:
        """The classes that name a class as their base, in the order of their files."""
        return self._heirs.get(base, ())

    @cached_property
    def _all(self) -> tuple[list[tuple[str, Import]], list[tuple[str, ClassFact]]]:
        imports: list[tuple[str, Import]] = []
        classes: list[tuple[str, ClassFact]] = []
        for path, facts in self._read_all():
            imports += [(path, each) for each in facts.imports]
            classes += [(path, each) for each in facts.classes if each.bases]
        return imports, classes

    @cached_property
    def _by_stem(self) -> dict[str, dict[str, set[tuple[str, int]]]]:
        found: dict[str, dict[str, set[tuple[str, int]]]] = {}
        for path, each in self._all[0]:
            for name in (each.module, *(f"{each.module}.{name}".lstrip(".") for name, _ in each.names)):
                by_path = found.setdefault(name.rpartition(".")[2], {})
                by_path.setdefault(path, set()).add((name, each.level))
        return found

    @cached_property
    def _wanted(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path, each in self._all[0]:
            home = self._project.index.resolve(path, "." * each.level + each.module) if each.names else None
            if isinstance(home, Definition) and home.path != path:
                found.setdefault(home.path, set()).update(name for name, _ in each.names)
        return found

    @cached_property
    def _heirs(self) -> dict[Definition, list[Definition]]:
        found: dict[Definition, list[Definition]] = {}
        for path, fact in sorted(self._all[1], key=lambda each: each[0]):
            for each in fact.bases:
                base = self._project.index.resolve(path, each)
                if isinstance(base, Definition) and base.qualname:
                    found.setdefault(base, []).append(Definition(path, fact.qualname))
        return found


def _leads_to(project: Project, name: str, level: int, other: str, path: str) -> bool:
    if level:
        return other.rpartition("/")[0] == path.rpartition("/")[0] or "/" not in other
    return project.index.module_path(name, other) == path
