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
    found = [codemod for file in sorted(_HERE.glob("[a-z]*.py")) for codemod in _of(file)]
    return {codemod.name: codemod for codemod in sorted(found, key=lambda each: (each.order, each.name))}


@cache
def is_mended(rule: str) -> bool:
    """Whether some codemod mends a rule. Files that do not hold its code are not imported, for a hook waits."""
    spoken = (file for file in sorted(_HERE.glob("[a-z]*.py")) if rule.encode() in file.read_bytes())
    return any(rule in codemod.rules for file in spoken for codemod in _of(file))


def _of(file: Path) -> list[Codemod]:
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
