"""What a migrated file has to keep: its test ids with their marks, and its assertions."""

from collections import Counter
from collections.abc import Mapping

from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact


def object_to_tests(before: FileView, after: FileView, renames: Mapping[str, str]) -> str | None:
    """Objects to a test id that would come or go (but for the declared renames), to marks and assertions lost."""
    old, new = _tests(before), _tests(after)
    expected = {renames.get(name, name) for name in old}
    lost = expected - new.keys()
    if lost:
        return f"the test `{min(lost)}` would be lost"
    come = new.keys() - expected
    if come:
        return f"the test `{min(come)}` would be a new one"
    for name, fact in old.items():
        marks = Counter(fact.decorators) - Counter(new[renames.get(name, name)].decorators)
        gone = [mark for mark in marks if mark.startswith(("pytest.mark.", "unittest.skip", "unittest.expected"))]
        if gone:
            return f"the test `{name}` would lose `{min(gone)}`"
    asserts = sum(fact.asserts for fact in before.facts.functions), sum(fact.asserts for fact in after.facts.functions)
    if asserts[1] < asserts[0]:
        return f"{asserts[0]:,} assertions would become {asserts[1]:,}"
    return None


def _tests(file: FileView) -> dict[str, FunctionFact]:
    """The collected tests of a file by id (``Class::test``); of several definitions the last one is run."""
    return {f"{fact.owner}::{fact.name}" if fact.owner else fact.name: fact for fact in file.collected}
