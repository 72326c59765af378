"""Whether a test reaches an assertion: in its own helpers, bases, decorators, fixtures, or around it."""

import re

from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact
from canonry.source.index import Definition

_TELLING = re.compile(
    r"_*(?:verify|check|validate|expect|should|ensure|must|assert|fail|raise)|(?:no_)?(?:fn|re_)?match_lines?"
    r"|reveal_type$",  # a type checker reads what it reveals
    re.IGNORECASE,
)
_SURROUNDING = ("setUp", "tearDown", "asyncSetUp", "asyncTearDown", "setup_method", "teardown_method")
_REACH = 60


def reaches_assertion(file: FileView, test: FunctionFact, *, in_tests_only: bool = False) -> bool:
    """Whether an assertion is reached from a test that has none of its own; what cannot be followed counts.

    ``in_tests_only``: what the code under test asserts does not count.
    """
    seen: set[Definition] = set()
    waiting = [(file.path, test), *_around(file, test)]
    while waiting and len(seen) < _REACH:
        path, fact = waiting.pop()
        if fact is not test and _asserts(fact):
            return True
        decorators = (each for each in fact.decorators if not each.endswith(".fixture"))  # marks it, and calls nothing
        for call in (*fact.calls, *decorators):
            if call.startswith("?."):
                return True
            if call.startswith("&."):
                fixture = _fixture(file, call[2:])
                if not fixture and fact is test:
                    return True  # a fixture from elsewhere: nobody can tell
                waiting += fixture
                continue
            found = _called(file, path, fact, call)
            if found is None:
                if _TELLING.match(call.rpartition(".")[2]) or call.startswith("self.assert"):
                    return True
                continue
            if found in seen or (in_tests_only and not file.project.in_test_code(found.path)):
                continue
            seen.add(found)
            if _leaves_with_a_check(file, found):
                return True
            waiting += _functions_at(file, found)
    return False


def _asserts(fact: FunctionFact) -> bool:
    return bool(fact.asserts or fact.raised or (fact.raises and _TELLING.match(fact.name)))


def _around(file: FileView, test: FunctionFact) -> list[tuple[str, FunctionFact]]:
    """What runs before and after a test: the set-up and tear-down of its class, the fixtures that it names."""
    found = [each for name in test.parameters for each in _fixture(file, name)]
    if test.owner:
        for name in _SURROUNDING:
            place = _called(file, file.path, test, f"self.{name}")
            found += _functions_at(file, place) if place is not None else []
    return found


def _fixture(file: FileView, name: str) -> list[tuple[str, FunctionFact]]:
    """The fixture of this name with the functions inside it; empty where it comes from elsewhere."""
    found = file.fixture(name)
    return _functions_at(file, Definition(found[0], found[1].qualname)) if found is not None else []


def _functions_at(file: FileView, found: Definition) -> list[tuple[str, FunctionFact]]:
    """The function there and the functions inside it, which it may hand out."""
    facts = file.index.facts(found.path)
    if facts is None:
        return []
    prefix = f"{found.qualname}."
    return [
        (found.path, fact)
        for fact in facts.functions
        if fact.qualname == found.qualname or (fact.nested and fact.qualname.startswith(prefix))
    ]


def _leaves_with_a_check(file: FileView, found: Definition) -> bool:
    """Whether a class of the tree is a context manager that may fail when it is left."""
    exits = (Definition(found.path, f"{found.qualname}.{name}") for name in ("__exit__", "__aexit__"))
    return any(each.asserts or each.raises for exit_ in exits if (each := file.index.function_fact(exit_)))


def _called(file: FileView, path: str, fact: FunctionFact, call: str) -> Definition | None:
    """The function of the tree that a call leads to, None where it leads outside or nowhere known."""
    if call.startswith("super."):
        return _above(file, path, fact, call.removeprefix("super."))
    owned = f":{fact.owner}.{call[5:]}" if fact.owner else ""
    reference = owned if call.startswith("self.") else call
    found = file.index.resolve(path, reference) if reference else None
    return found if isinstance(found, Definition) and found.qualname else None


def _above(file: FileView, path: str, fact: FunctionFact, name: str) -> Definition | None:
    """The method of this name in the nearest base of the function's class."""
    if not fact.owner:
        return None
    for ancestor in file.index.hierarchy(Definition(path, fact.owner)).ancestors:
        above = file.index.class_fact(ancestor)
        if above is not None and name in above.methods:
            return Definition(ancestor.path, f"{ancestor.qualname}.{name}")
    return None
