"""What of a tree's other files codemods depend on, found out once before any file is planned."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from canonry.migrate.commands.installed import declares
from canonry.migrate.commands.terms import imports_from_root, speaks_for
from canonry.rules.invocation import UNKNOWN, joined, script_of
from canonry.rules.view import Project
from canonry.source.documents.reading import Reading

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


def surroundings_of(
    project: Project, read: Read, documents: Callable[[], Iterable[tuple[str, Reading]]] = tuple
) -> Surroundings:
    """The facts of a tree; ``read`` gives the bytes of a path, ``documents`` what is read of other files."""
    runner = tuple(project.canon.canon.runner.split())
    return Surroundings(
        runner=runner,
        speaks=speaks_for(runner, read),
        installed=declares(sorted(project.paths), read, "canonry"),
        imports_from_root=imports_from_root(project.paths, project.settings.pythonpath, project.is_test_file),
        scripts=frozenset(_scripts(documents())),
    )


def _scripts(documents: Iterable[tuple[str, Reading]]) -> Iterator[str]:
    """The Python files that commands run, from their working directory and from beside their document."""
    for path, reading in documents:
        for command in reading.commands:
            script = script_of(command)
            if script.endswith(".py"):
                folders = ("", path.rpartition("/")[0]) if command.folder == UNKNOWN else (command.folder,)
                for folder in (*folders, path.rpartition("/")[0]):
                    yield joined(folder, script) or script
