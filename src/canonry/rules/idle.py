"""Tests that prove nothing for a reason of their own: they never run, or nothing is in them."""

from collections.abc import Iterator

from canonry.rules.reach import reaches_assertion
from canonry.rules.view import FileView
from canonry.source.facts import ClassFact, FunctionFact

SET_UPS = ("setUp", "setup", "asyncSetUp")
_MODULE = "<module>"
_HARMLESS = ("pytest.mark.", "unittest.mock.patch", "mock.patch", "*.staticmethod", "*.classmethod")
_NOT_RUN = ("skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "usefixtures")


def never_runs(file: FileView, fact: FunctionFact) -> bool:
    """Whether a test is always skipped: by itself, its class, its set-up or its module; TST005 tells of it."""
    for skip in file.facts.skips:
        symbol = skip.site.symbol
        if skip.kind == "module":
            return True
        if skip.kind == "mark" and symbol in (fact.qualname, fact.owner, _MODULE):
            return True
        if skip.kind == "body" and (symbol == fact.qualname or _sets_up(symbol, fact.owner)):
            return True
    return False


def _sets_up(symbol: str, owner: str) -> bool:
    return bool(owner) and symbol.rpartition(".")[0] == owner and symbol.rpartition(".")[2].startswith(SET_UPS)


def is_placeholder(file: FileView, fact: FunctionFact) -> bool:
    """Whether a test's body does nothing, and nothing around it asserts or keeps it from running."""
    if not fact.placeholder or not all(each.startswith(_HARMLESS) for each in fact.decorators):
        return False
    if any(each.rpartition(".")[2] in _NOT_RUN for each in _marks(file, fact)):
        return False
    return not _replaces(file, fact) and not reaches_assertion(file, fact, in_tests_only=True)


def _marks(file: FileView, fact: FunctionFact) -> Iterator[str]:
    yield from fact.decorators
    yield from file.facts.marks
    owner: ClassFact | None = file.classes.get(fact.owner)
    if owner is not None:
        yield from owner.decorators
        yield from owner.marks


def _replaces(file: FileView, fact: FunctionFact) -> bool:
    """Whether a base class of the tree has a test of this name."""
    owner = file.classes.get(fact.owner)
    ancestors = file.hierarchy(owner).ancestors if owner is not None else ()
    above = (file.index.class_fact(each) for each in ancestors)
    return any(fact.name in each.methods for each in above if each is not None)
