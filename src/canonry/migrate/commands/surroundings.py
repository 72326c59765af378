"""What of a tree's other files codemods depend on, found out once before any file is planned."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from canonry.migrate.commands.installed import declares
from canonry.migrate.commands.terms import imports_from_root, speaks_for
from canonry.rules.invocation import UNKNOWN, joined, script_of
from canonry.rules.view import Project
from canonry.source.documents.reading import Reading
from canonry.source.index import Definition

Read = Callable[[str], bytes | None]


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
) -> Surroundings:
    """The facts of a tree; ``read`` gives the bytes of a path, ``documents`` what is read of other files."""
    runner = tuple(project.canon.canon.runner.split())
    return Surroundings(
        runner=runner,
        speaks=speaks_for(runner, read),
        installed=declares(sorted(project.paths), read, "canonry"),
        imports_from_root=imports_from_root(project.paths, project.settings.pythonpath, project.is_test_file),
        scripts=frozenset(_scripts(documents())),
        today=today,
        importers=lambda path: _importers(project, path),
        wanted=_Wanted(project).of,
        heirs=_Heirs(project).of,
    )


class _Wanted:
    """Who imports what from where, found out in one walk when it is first asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._names: dict[str, set[str]] | None = None

    def of(self, path: str) -> frozenset[str]:
        """The names that other files import from the module at a path."""
        if self._names is None:
            self._names = {}
            for other in sorted(self._project.paths):
                facts = self._project.index.facts(other) if other.endswith(".py") else None
                for each in facts.imports if facts is not None else ():
                    found = self._project.index.resolve(other, "." * each.level + each.module) if each.names else None
                    if isinstance(found, Definition) and found.path != other:
                        self._names.setdefault(found.path, set()).update(name for name, _ in each.names)
        return frozenset(self._names.get(path, ()))


class _Heirs:
    """Which classes derive from which, found out in one walk when it is first asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[Definition, list[Definition]] | None = None

    def of(self, base: Definition) -> Sequence[Definition]:
        """The classes that name a class as their base, in the order of their files."""
        if self._known is None:
            self._known = {}
            index = self._project.index
            for path in sorted(self._project.paths):
                facts = index.facts(path) if path.endswith(".py") else None
                for fact in facts.classes if facts is not None else ():
                    for each in fact.bases:
                        found = index.resolve(path, each)
                        if isinstance(found, Definition) and found.qualname:
                            self._known.setdefault(found, []).append(Definition(path, fact.qualname))
        return self._known.get(base, ())


def _importers(project: Project, path: str) -> list[str]:
    stem = path.rpartition("/")[2].removesuffix(".py")
    found: list[str] = []
    for other in sorted(project.paths):
        facts = project.index.facts(other) if other.endswith(".py") and other != path else None
        for each in facts.imports if facts is not None else ():
            names = [each.module, *(f"{each.module}.{name}".lstrip(".") for name, _ in each.names)]
            if any(
                name.rpartition(".")[2] == stem and _leads_to(project, name, each.level, other, path) for name in names
            ):
                found.append(other)
                break
    return found


def _leads_to(project: Project, name: str, level: int, other: str, path: str) -> bool:
    if level:
        return other.rpartition("/")[0] == path.rpartition("/")[0] or "/" not in other
    return project.index.module_path(name, other) == path


def _scripts(documents: Iterable[tuple[str, Reading]]) -> Iterator[str]:
    """The Python files that commands run, from their working directory and from beside their document."""
    for path, reading in documents:
        for command in reading.commands:
            script = script_of(command)
            if script.endswith(".py"):
                folders = ("", path.rpartition("/")[0]) if command.folder == UNKNOWN else (command.folder,)
                for folder in (*folders, path.rpartition("/")[0]):
                    yield joined(folder, script) or script
