"""The mock factory: the class of test code whose methods make doubles for many tests."""

import re

from canonry.audit.infer.proposal import Answer, Entry, Omission, Other, plural
from canonry.audit.infer.survey import Survey
from canonry.canon.options import CanonicalThings
from canonry.source.index import Definition

KEY = ("canon", "mock-factory")
_LEAST = 5
_NAMED = re.compile(r"(?:mock|fake|stub|double)s?\w*(?:factory|builder|maker|provider)", re.IGNORECASE)
_MAKES = re.compile(r"^_?(?:create|make|build|get|new)_|mock|fake|stub", re.IGNORECASE)


def propose(survey: Survey) -> Answer:
    """The most imported factory, where it is imported by more than a handful of test files; else none."""
    mocking = sum(bool(file.mocks) for file in survey.test_files)
    rows = sorted(((_importing_tests(survey, each), each) for each in _factories(survey)), key=lambda row: -row[0])
    if not rows or rows[0][0] < _LEAST:
        why = f"{plural(mocking, 'test file')} make mocks in place"
        if rows and rows[0][0]:
            importing = plural(rows[0][0], "importing test file")
            why += f"; the most imported factory, `{rows[0][1].qualname}`, has {importing}"
        else:
            why += ", and no class that makes them is shared" if mocking else "; no test needs a factory"
        return _none(why, mocking, survey)
    count, best = rows[0]
    value = survey.entry(best, survey.importers(best).spellings)
    if value is None:
        return Omission("canon.mock-factory", f"`{best.path}` cannot be imported from the root of the tree")
    made = len(_makers(survey, best))
    why = f"{plural(count, 'test file')} import it, and {plural(made, 'method')} of it make doubles;"
    why += f" {plural(mocking, 'test file')} make mocks in place"
    others = tuple(Other(f"{each.path}:{each.qualname}", found) for found, each in rows[1:4])
    evidence = {"importing-tests": count, "methods": made, "mocking-tests": mocking}
    return Entry(key=KEY, value=value, why=why, evidence=evidence, others=others)


def _none(why: str, mocking: int, survey: Survey) -> Answer:
    """An explicit none, for the default would demand canonry's own factory; not where that one is in use."""
    default = CanonicalThings().mock_factory
    if using := survey.importing(default):
        return Omission("canon.mock-factory", f"{plural(using, 'file')} import the default, `{default}`")
    return Entry(key=KEY, value="", why=f"{why}: none is demanded", evidence={"mocking-tests": mocking})


def _factories(survey: Survey) -> list[Definition]:
    """The top-level classes of support code that are named for it, hold several makers, and whose file mocks."""
    return [
        definition
        for file in survey.files.values()
        if file.in_test_code and not file.is_test and file.mocks
        for fact in survey.facts(file.path).classes
        if not fact.nested and "." not in fact.qualname and _NAMED.search(fact.name)
        if len(_makers(survey, definition := Definition(file.path, fact.qualname))) > 1
    ]


def _makers(survey: Survey, definition: Definition) -> list[str]:
    fact = survey.index.class_fact(definition)
    return [name for name in (fact.methods if fact else ()) if _MAKES.search(name)]


def _importing_tests(survey: Survey, definition: Definition) -> int:
    return sum(survey.files[path].is_test for path in survey.importers(definition).paths)
