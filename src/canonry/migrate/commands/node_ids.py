"""Whether a file holds what a node id names, as far as its text says it."""

from collections.abc import Callable

from canonry.rules.invocation import joined
from canonry.rules.view import Project
from canonry.source.facts import ClassFact, Facts

_KNOWN_BASES = frozenset(("object", "unittest.TestCase", "unittest.IsolatedAsyncioTestCase"))


def holder(project: Project, folder: str | None) -> Callable[[str, str], bool]:
    """Asks of a path, as seen from a working directory, and of what stands behind its ``::`` whether it may be there.

    It is denied only where the file was read, imports no star, and defines no such name.
    """

    def holds(path: str, rest: str) -> bool:
        place = joined(folder or "", path.replace("\\", "/")) if folder is not None else None
        facts = project.index.facts(place) if place is not None else None
        return facts is None or facts.broken is not None or _defines(facts, [*_names(rest)])

    return holds


def _names(rest: str) -> list[str]:
    """The names of a node id behind its file, without parameters."""
    return rest.partition("[")[0].split("::")


def _defines(facts: Facts, names: list[str]) -> bool:
    if any(name == "*" for each in facts.imports for name, _ in each.names):
        return True
    first = names[0]
    own = {*(each.name for each in facts.classes), *(each.name for each in facts.functions)}
    if first not in own and first not in facts.bindings and first not in facts.assigned:
        return False
    known = {each.qualname: each for each in facts.classes}
    return len(names) < 2 or first not in known or _has_member(known, known[first], names[1])


def _has_member(known: dict[str, ClassFact], owner: ClassFact, name: str) -> bool:
    if name in owner.methods or name in owner.attributes or f"{owner.qualname}.{name}" in known:
        return True
    return bool(owner.decorators) or not set(owner.bases) <= _KNOWN_BASES
