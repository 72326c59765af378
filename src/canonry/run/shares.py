"""How the tests of a tree are spread over its categories, beside the shares that the canon declares."""

from collections import Counter

import msgspec

from canonry.canon.selection import matches
from canonry.run.project import Project
from canonry.run.select import RANKS
from canonry.source.facts import Facts, FunctionFact
from canonry.source.python.marks import mark_name


class CategoryShare(msgspec.Struct, frozen=True, kw_only=True):
    """A category: the share that is declared for it (0..1), and how many of all test functions it has.

    Test functions as they are written, each once; parameters are not counted. The category without a name holds those
    that none claims.
    """

    name: str
    declared: float | None
    tests: int
    whole: int

    @property
    def actual(self) -> float:
        """The share that it has."""
        return self.tests / self.whole if self.whole else 0.0


def shares_of(project: Project) -> tuple[CategoryShare, ...]:
    """The categories in the order of the canon, where it declares a share for one of them; else none."""
    declared = project.canon.categories
    if all(each.share is None for each in declared.values()):
        return ()
    counted: Counter[str] = Counter()
    by_rank = sorted(declared, key=lambda name: RANKS[declared[name].priority])
    files, _ = project.facts()
    for path, facts in files.stream(project.test_files()):
        by_path = next((name for name in by_rank if matches(path, declared[name].paths)), None)
        for fact in facts.functions:
            if not project.settings.is_test_function(fact.name) or (fact.nested and not fact.owner):
                continue
            counted[_category(project, by_rank, by_path, facts, fact)] += 1
    whole = counted.total()
    found = [
        CategoryShare(name=name, declared=each.share, tests=counted[name], whole=whole)
        for name, each in declared.items()
    ]
    if counted[""]:
        found.append(CategoryShare(name="", declared=None, tests=counted[""], whole=whole))
    return tuple(found)


def _category(project: Project, by_rank: list[str], by_path: str | None, facts: Facts, fact: FunctionFact) -> str:
    """The gravest category that claims a test by its path or a mark of it, as a run deals them out."""
    declared = project.canon.categories
    marked = [name for name in by_rank if declared[name].markers]
    if not marked:
        return by_path or ""
    references = [*facts.marks, *fact.decorators]
    for each in facts.classes:
        if each.qualname == fact.owner:
            references += [*each.decorators, *each.marks]
    marks = {mark for each in references if (mark := mark_name(each))}
    return next((name for name in by_rank if name == by_path or marks & set(declared[name].markers)), "")
