"""What rules about the whole tree need of all files, gathered in one pass, without the records themselves."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from canonry.source.facts import ClassFact, Constant, Facts, Flag, Site
from canonry.source.index import Definition, Index
from canonry.source.python.marks import mark_name

_DOUBLE = re.compile(
    r"(?:^|_|(?<=[a-z0-9]))(?:Mock|Fake|Stub|Dummy|Spy)(?![a-z])|^_?(?:mock|fake|stub|dummy|spy)(?![a-z])"
)
_STANDS_ALONE = re.compile(r"(?:^|/)(?:examples?|samples?|docs?|snippets|tutorials?|locales?)/", re.IGNORECASE)
_HOPS = 6
_Placed = ClassFact | Constant | Flag


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Everything that the inventory takes of one file: where this is equal, so are inventories.

    ``imports`` are names, each with the module that it comes from and how many dots stand before that.
    """

    broken: bool
    classes: list[ClassFact]
    constants: tuple[Constant, ...]
    flags: tuple[Flag, ...]
    imports: list[tuple[str, str, int]]
    marks: list[str]

    @property
    def sites(self) -> list[Site]:
        """Where classes, constants and probes stand, in this order."""
        return [fact.site for group in self._placed for fact in group]

    @property
    def _placed(self) -> tuple[Sequence[_Placed], ...]:
        return self.classes, self.constants, self.flags

    @property
    def unplaced(self) -> tuple[object, ...]:
        """All of it but places: of these, only which one comes before which in the file."""
        starts = sorted({(site.line, site.column) for site in self.sites})
        rank = {start: number for number, start in enumerate(starts)}

        def without(fact: _Placed) -> list[object]:
            fields = [None if isinstance(field, Site) else field for field in msgspec.structs.astuple(fact)]
            site = fact.site
            return [*fields, rank[site.line, site.column], site.snippet, site.symbol]

        facts = [[without(fact) for fact in group] for group in self._placed]
        return self.broken, facts, self.imports, self.marks


class Inventory:
    """Classes without tests, constants, probes and marks of a tree, and who imports which name.

    Classes and constants of folders of examples, documentation and locales are left out: each such file is to stand
    alone.
    """

    def __init__(self) -> None:
        self.classes: list[tuple[str, ClassFact]] = []
        self.constants: list[tuple[str, Constant]] = []
        self.flags: list[tuple[str, Flag]] = []
        self.imports: dict[str, list[tuple[str, str, int]]] = {}
        """Name -> the file that imports it, the module that it says, how many dots stand before that."""
        self.doubles: Counter[str] = Counter()
        """Path -> how many classes named like test doubles stand there."""
        self.marks: dict[str, set[str]] = {}
        """Mark -> the files that give it."""
        self.broken = 0
        """How many files do not parse."""

    def importers(
        self, index: Index, names: Iterable[str], *, aliases: Collection[Definition] = ()
    ) -> dict[Definition, list[str]]:
        """The files that import these names, by where the name is defined; through re-exports, each file once.

        ``aliases`` are assignments that count as definitions of their own instead of being followed.
        """
        found: dict[Definition, dict[str, None]] = {}
        known: dict[tuple[str, str], Definition | None] = {}
        for name in names:
            for importer, module, level in self.imports.get(name, ()):
                start = module_of(index, importer, module, level)
                if start is None:
                    continue
                key = (start, name)
                if key not in known:
                    known[key] = definition_of(index, start, name, aliases=aliases)
                home = known[key]
                if home is not None and home.path != importer:
                    found.setdefault(home, {})[importer] = None
        return {home: list(files) for home, files in found.items()}


def take_inventory(files: Iterable[tuple[str, Facts]]) -> Inventory:
    """The inventory of these files."""
    return join_parts((path, part_of(facts)) for path, facts in files)


def join_parts(parts: Iterable[tuple[str, Part]]) -> Inventory:
    """The inventory of the files with these parts, by path."""
    inventory = Inventory()
    classes, constants, flags, imports = inventory.classes, inventory.constants, inventory.flags, inventory.imports
    for path, part in parts:
        inventory.broken += part.broken
        if not _STANDS_ALONE.search(path):
            for fact in part.classes:
                classes.append((path, fact))
                inventory.doubles[path] += is_double(fact.name)
            constants += [(path, constant) for constant in part.constants]
        flags += [(path, flag) for flag in part.flags]
        for name, module, level in part.imports:
            if (found := imports.get(name)) is None:
                found = imports[name] = []
            found.append((path, module, level))
        for mark in part.marks:
            inventory.marks.setdefault(mark, set()).add(path)
    return inventory


def part_of(facts: Facts) -> Part:
    """What the inventory takes of one file."""
    return Part(
        facts.broken is not None,
        [fact for fact in facts.classes if not any(name.startswith("test") for name in fact.methods)],
        facts.constants,
        facts.flags,
        [(name, each.module, each.level) for each in facts.imports for name, _ in each.names],
        sorted(marks_of(facts)),
    )


def is_double(name: str) -> bool:
    """Whether a class is named like a test double: ``MockX``, ``FakeX``, ``XStub``."""
    return bool(_DOUBLE.search(name))


def marks_of(facts: Facts) -> set[str]:
    """All pytest marks that a file gives."""
    references = [*facts.marks, *(each for fact in facts.functions for each in fact.decorators)]
    references += [each for fact in facts.classes for each in (*fact.decorators, *fact.marks)]
    found = {mark for each in references if (mark := mark_name(each))}
    return found.union(facts.other_marks)


def module_of(index: Index, importer: str, module: str, level: int) -> str | None:
    """The file of the module that an import names, None where it is not of the tree."""
    if not level:
        return index.module_path(module, importer)
    found = index.resolve(importer, "." * level + module)
    return found.path if isinstance(found, Definition) else None


def definition_of(
    index: Index, path: str, name: str, *, aliases: Collection[Definition] = (), hops: int = _HOPS
) -> Definition | None:
    """Where a name of a module is defined: a class or function, or a value that some module on the way assigns.

    ``aliases`` are assignments that end the way; at most ``hops`` modules are gone through.
    """
    for left in range(hops, 0, -1):
        facts = index.facts(path)
        here = Definition(path, name)
        if facts is None or here in aliases:
            return here if facts is not None else None
        bound = facts.bindings.get(name, "")
        if name in facts.assigned and not bound:
            return here
        found = None if aliases else index.resolve(path, bound or f":{name}")
        if isinstance(found, Definition):
            return found if found.qualname else None
        module, _, last = bound.rpartition(".")
        step = module_of(index, path, module.lstrip("."), len(module) - len(module.lstrip("."))) if module else None
        if step is None or step == path:
            found = index.resolve(path, bound or f":{name}")
            if isinstance(found, Definition) and found.qualname:
                return found
            return _starred(index, path, name, aliases, left - 1) if not bound else None
        path, name = step, last
    return None


def _starred(index: Index, path: str, name: str, aliases: Collection[Definition], hops: int) -> Definition | None:
    """Where a name is defined that a module has from a `from m import *`, if from any."""
    facts = index.facts(path)
    for each in facts.imports if facts is not None and not name.startswith("_") else ():
        if ("*", "*") in each.names:
            start = module_of(index, path, each.module, each.level)
            found = definition_of(index, start, name, aliases=aliases, hops=hops) if start not in (None, path) else None
            if found is not None:
                return found
    return None
