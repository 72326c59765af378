"""The base cases: the fewest classes of the tree that most test classes reach, else the framework's own."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from canonry.audit.infer.proposal import Answer, Entry, Other, plural
from canonry.audit.infer.survey import Survey
from canonry.model.finding import Confidence
from canonry.source.facts import ClassFact
from canonry.source.index import Definition, External, case_kind

KEY = ("canon", "base-cases")
_STYLE_SHARE = 0.2
"""A suite fewer of whose tests than this stand in classes with a base is written as functions and plain classes."""
_LEAST_SHARE = 0.05
_FRAMEWORK_SHARE = 0.2
_PEER_SHARE = 1 / 3
"""A further base needs this share of the first one's test classes; below, it is a rival and no second canon."""
_LEAST = 3
_MOST = 4


class _Based(msgspec.Struct, frozen=True):
    """A test class with a base: what it comes from in the tree, and the framework's cases where that ends."""

    definition: Definition
    fact: ClassFact
    tests: int
    ancestors: frozenset[Definition]
    frameworks: tuple[str, ...]


def propose(survey: Survey) -> Answer:
    """The bases, an empty list for suites written in pytest's own style."""
    based = [each for definition, fact in survey.test_classes if (each := _based(survey, definition, fact))]
    in_based = sum(each.tests for each in based)
    spelled = _spellings(survey, based)
    picks, left = _pick(survey, based)
    own = [each for each in left if not any(_is_base(survey, ancestor) for ancestor in each.ancestors)]
    frameworks = _frameworks(own if picks else based)
    picks += _at_home(survey, picks, based)
    counts: dict[str, int] = {}
    for definition in picks:
        entry = survey.entry(definition, spelled[definition])
        if entry:
            counts[entry] = sum(definition in each.ancestors for each in based)
    least = _FRAMEWORK_SHARE if counts else _LEAST_SHARE
    chosen = {name: count for name, count in frameworks.items() if count >= max(_LEAST, least * len(based))}
    if not (counts or chosen) or in_based < _STYLE_SHARE * survey.tests:
        return _none(survey, in_based, counts or dict(frameworks), based)
    values = [*counts, *map(_entry_of, chosen)]
    sizes = counts | {_entry_of(name): count for name, count in chosen.items()}
    said = [f"`{value.rpartition(':')[2]}` {sizes[value]:,}" for value in values]
    covered = sum(_covered(each, picks, chosen) for each in based)
    why = f"{covered:,} of {plural(len(based), 'test class', 'test classes')} with a base reach "
    why += "it" if len(values) == 1 else f"one of them ({', '.join(said)})"
    others = tuple(Other(_entry_of(name), count) for name, count in frameworks.most_common(3) if name not in chosen)
    evidence = {"reaching": covered, "classes": len(based), "tests": in_based}
    return Entry(key=KEY, value=values, why=why, evidence=evidence, others=others)


def _none(survey: Survey, in_based: int, counts: dict[str, int], based: list[_Based]) -> Entry:
    unbased = survey.tests - in_based
    what = "is a function, or a method of a class" if unbased == 1 else "are functions, or methods of classes"
    why = f"{unbased:,} of {plural(survey.tests, 'test')} {what} without a base case: none is demanded"
    others = tuple(Other(_entry_of(name), count) for name, count in sorted(counts.items(), key=lambda row: -row[1])[:3])
    evidence = {"tests": survey.tests, "in-based-classes": in_based, "based-classes": len(based)}
    certain = Confidence.LIKELY if others else Confidence.CERTAIN
    return Entry(key=KEY, value=[], why=why, evidence=evidence, others=others, confidence=certain)


def _based(survey: Survey, definition: Definition, fact: ClassFact) -> _Based | None:
    hierarchy = survey.index.hierarchy(definition)
    frameworks = tuple(root for root in hierarchy.roots if case_kind(root))
    ancestors = frozenset(each for each in hierarchy.ancestors if not survey.files[each.path].tests.get(each.qualname))
    if not frameworks and not ancestors:
        return None
    tests = survey.files[definition.path].tests[definition.qualname]
    return _Based(definition, fact, tests, ancestors, frameworks)


def _pick(survey: Survey, based: list[_Based]) -> tuple[list[Definition], list[_Based]]:
    """The classes of the tree that cover most of what is left, one after the other, and what none of them covers."""
    least = max(_LEAST, _LEAST_SHARE * len(based))
    picks: list[Definition] = []
    left = based
    direct = Counter(found for each in based for found in _direct(survey, each) if isinstance(found, Definition))
    while len(picks) < _MOST:
        covered = Counter(ancestor for each in left for ancestor in each.ancestors if _is_base(survey, ancestor))
        best = max(covered, key=lambda one: (covered[one], direct[one], one.path, one.qualname), default=None)
        if best is None or covered[best] < least:
            break
        if not picks:
            least = max(least, _PEER_SHARE * covered[best])
        picks.append(best)
        left = [each for each in left if best not in each.ancestors]
    return picks, left


def _is_base(survey: Survey, definition: Definition) -> bool:
    """Whether a class is a base case and no mere mixin: a framework's case, or one that is named like it."""
    fact = survey.index.class_fact(definition)
    if fact is None or not definition.path or fact.name.endswith("Mixin"):
        return False
    return bool(survey.index.hierarchy(definition).case) or "Test" in fact.name or "Case" in fact.name


def _at_home(survey: Survey, picks: list[Definition], based: list[_Based]) -> list[Definition]:
    """The classes beside a pick in its own file that come from it and that test classes inherit from directly."""
    direct = Counter(found for each in based for found in _direct(survey, each) if isinstance(found, Definition))
    found = [
        (count, definition)
        for definition, count in direct.items()
        if definition not in picks and count >= max(_LEAST, 0.01 * len(based))
        if any(pick.path == definition.path and pick in survey.index.hierarchy(definition).ancestors for pick in picks)
        if not survey.files[definition.path].tests.get(definition.qualname)
    ]
    return [definition for _, definition in sorted(found, key=lambda row: (-row[0], row[1].qualname))]


def _frameworks(based: Iterable[_Based]) -> Counter[str]:
    return Counter(name for each in based for name in each.frameworks)


def _covered(each: _Based, picks: list[Definition], chosen: Iterable[str]) -> bool:
    return not each.ancestors.isdisjoint(picks) or not set(each.frameworks).isdisjoint(chosen)


def _direct(survey: Survey, each: _Based) -> list[Definition | External | None]:
    return [survey.index.resolve(each.definition.path, base) for base in each.fact.bases]


def _spellings(survey: Survey, based: list[_Based]) -> dict[Definition, Counter[str]]:
    """How test classes write their bases, by what they mean."""
    found: dict[Definition, Counter[str]] = defaultdict(Counter)
    for each in based:
        for base in each.fact.bases:
            target = survey.index.resolve(each.definition.path, base)
            if isinstance(target, Definition) and base[0] not in ".:*&?":
                found[target][base] += 1
    return found


def _entry_of(name: str) -> str:
    if ":" in name:
        return name
    module, _, last = name.rpartition(".")
    return f"{module}:{last}"
