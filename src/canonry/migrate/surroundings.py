"""What of a tree's other files codemods depend on, found out once before any file is planned."""

from collections.abc import Callable

import msgspec

from canonry.migrate.commands.installed import declares
from canonry.migrate.commands.terms import imports_from_root, speaks_for
from canonry.rules.view import Project

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


def surroundings_of(project: Project, read: Read) -> Surroundings:
    """The facts of a tree; ``read`` gives the bytes of a path."""
    runner = tuple(project.canon.canon.runner.split())
    return Surroundings(
        runner=runner,
        speaks=speaks_for(runner, read),
        installed=declares(sorted(project.paths), read, "canonry"),
        imports_from_root=imports_from_root(project.paths, project.settings.pythonpath, project.is_test_file),
    )
