"""The environment accessor: what reads `os.environ` so that others need not."""

import re

from canonry.audit.infer.proposal import Answer, Entry, Omission, Other, plural
from canonry.audit.infer.survey import Survey
from canonry.canon.options import CanonicalThings
from canonry.source.index import Definition

KEY = ("canon", "environment")
_LEAST = 5
_NAMED = re.compile(r"env(?:iron(?:ment)?)?(?![a-z])", re.IGNORECASE)
_METHODS = frozenset(("get", "getenv", "get_env", "__getitem__", "get_str", "get_bool", "get_int", "read"))


def propose(survey: Survey) -> Answer:
    """The class or function whose module most files import, where it rivals `os.environ` itself; else none."""
    direct = sum(bool(file.environment) for file in survey.files.values())
    rows = sorted(((_importers(survey, each), each) for each in _accessors(survey)), key=lambda row: -row[0][0])
    rows = [row for row in rows if row[0][0]]
    if not rows or rows[0][0][0] < max(_LEAST, direct / 2):
        why = f"{plural(direct, 'file')} use `os.environ` directly"
        if rows:
            why += f"; the most imported reader of it, `{rows[0][1].qualname}`, has {plural(rows[0][0][0], 'importer')}"
        else:
            why += ", and no class or function that reads it is imported for that"
        return _none(why, direct, survey)
    (module_importers, own), best = rows[0]
    value = survey.entry(best, survey.importers(best).spellings)
    if value is None:
        return Omission("canon.environment", f"`{best.path}` cannot be imported from the root of the tree")
    why = f"it reads `os.environ`, and {plural(module_importers, 'file')} import its module ({own:,} the name itself);"
    why += f" {plural(direct, 'file')} use `os.environ` directly"
    others = tuple(Other(f"{each.path}:{each.qualname}", counts[0]) for counts, each in rows[1:4])
    evidence = {"module-importers": module_importers, "importers": own, "direct-files": direct}
    return Entry(key=KEY, value=value, why=why, evidence=evidence, others=others)


def _none(why: str, direct: int, survey: Survey) -> Answer:
    """An explicit none, for the default would demand canonry's own accessor; not where that one is in use."""
    default = CanonicalThings().environment
    if using := survey.importing(default):
        return Omission("canon.environment", f"{plural(using, 'file')} import the default, `{default}`")
    return Entry(key=KEY, value="", why=f"{why}: none is demanded", evidence={"direct-files": direct})


def _accessors(survey: Survey) -> list[Definition]:
    """The top-level classes and functions outside test files that use the environment for others."""
    found = []
    for file in survey.files.values():
        if not file.environment or file.is_test:
            continue
        owners = {symbol.partition(".")[0] for symbol in file.environment}
        facts = survey.facts(file.path)
        found += [
            Definition(file.path, fact.qualname)
            for fact in facts.classes
            if fact.qualname in owners and (_NAMED.search(fact.name) or _METHODS & set(fact.methods))
        ]
        found += [
            Definition(file.path, fact.qualname)
            for fact in facts.functions
            if fact.qualname in owners and _NAMED.search(fact.name)
        ]
    return found


def _importers(survey: Survey, definition: Definition) -> tuple[int, int]:
    """The files that import the module of an accessor named for the environment (else the name), and the name."""
    own = len(survey.importers(definition).paths)
    stem = definition.path.rpartition("/")[2]
    if not _NAMED.search(stem):
        return own, own
    return max(own, len(survey.importers_of_module(definition.path))), own
