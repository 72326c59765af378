"""All codemods there are, found by their files."""

import importlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from canonry.migrate.codemod import Codemod
from canonry.model.errors import UserError

_HERE = Path(__file__).parent / "codemods"


@cache
def all_codemods() -> dict[str, Codemod]:
    """Every codemod by its name, in the order in which they go. A file ``codemods/<name>.py`` registers itself."""
    found = [codemod for file in sorted(_HERE.glob("[a-z]*.py")) for codemod in codemods_of(file)]
    return {codemod.name: codemod for codemod in sorted(found, key=lambda each: (each.order, each.name))}


def codemods_of(file: Path) -> list[Codemod]:
    """The codemods of a file."""
    module = importlib.import_module(f"canonry.migrate.codemods.{file.stem}")
    return [
        kind()
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Codemod) and kind.__module__ == module.__name__
    ]


def chosen_codemods(names: Iterable[str], *, rules: frozenset[str] | None = None) -> list[Codemod]:
    """The codemods of these names (of none: all), and of these rules where some are given, in their order.

    Raises `UserError` for a name that no codemod has.
    """
    known = all_codemods()
    wanted = list(names)
    for name in wanted:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{near[0]}`?" if near else "`canonry migrate list` names them all"
            raise UserError(f"`{name}` is no codemod; {hint}")
    return [
        codemod
        for codemod in known.values()
        if (not wanted or codemod.name in wanted) and (rules is None or rules.intersection(codemod.rules))
    ]
