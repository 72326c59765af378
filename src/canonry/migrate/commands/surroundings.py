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
from canonry.source.facts import Facts

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
    runner = tuple(project.canon.canon.runner.split())
    return Surroundings(
        runner=runner,
        speaks=speaks_for(runner, read),
        installed=declares(sorted(project.paths), read, "canonry"),
        imports_from_root=imports_from_root(project.paths, project.settings.pythonpath, project.is_test_file),
        scripts=frozenset(scripts_of(documents())),
        today=today,
        importers=_Importers(project, read_all).of,
    )


class _Importers:
    """Which files import which, by the last part of what they import; read of all facts once, when first asked."""

    def __init__(self, project: Project, read_all: ReadAll) -> None:
        self._project = project
        self._read_all = read_all

    def of(self, path: str) -> list[str]:
        """The files that import the module at a path, in order."""
        named = self._by_stem.get(path.rpartition("/")[2].removesuffix(".py"), {})
        return sorted(
            other
            for other, names in named.items()
            if other != path and any(_leads_to(self._project, name, level, other, path) for name, level in names)
        )

    @cached_property
    def _by_stem(self) -> dict[str, dict[str, set[tuple[str, int]]]]:
        found: dict[str, dict[str, set[tuple[str, int]]]] = {}
        for path, facts in self._read_all():
            for each in facts.imports:
                for name in (each.module, *(f"{each.module}.{name}".lstrip(".") for name, _ in each.names)):
                    by_path = found.setdefault(name.rpartition(".")[2], {})
                    by_path.setdefault(path, set()).add((name, each.level))
        return found


def _leads_to(project: Project, name: str, level: int, other: str, path: str) -> bool:
    if level:
        return other.rpartition("/")[0] == path.rpartition("/")[0] or "/" not in other
    return project.index.module_path(name, other) == path
