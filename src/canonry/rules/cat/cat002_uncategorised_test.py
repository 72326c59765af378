"""CAT002."""

from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.inventory import marks_of
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import FunctionFact, Site
from canonry.source.python.marks import UNKNOWN, mark_name

_CANON = "[categories.unit]\npaths = ['tests/unit']\nmarkers = ['unit']\n"
_TEST = "def test_a():\n    assert 1\n"
_PLAIN = ("pytest.", "unittest.", "mock.", "*.staticmethod", "*.classmethod", "contextlib.", "functools.")


class UncategorisedTest(Rule):
    """A test that no category selects is run by nobody who runs categories.

    Judged only where the canon declares categories. The paths of a category select a whole file; a marker of one selects
    the tests that carry it: by `pytestmark`, on the test, on its class or on a base of the class. A file without any
    selected test is reported once, at its top; where some are selected, each of the others is reported at its place. A
    file that gives a marker in another way alone (`pytest.param(..., marks=...)`, `add_marker`) is left alone. Likely, not
    certain, where a `conftest.py` above gives such marks from outside, or gives marks under computed names, and where
    a decorator of unknown effect, or a value of `parametrize`, may carry the marker.

    Measured: under the canon that `canonry init` proposes for the reference repository at `beta-14`, 18 of 18
    certain and 6 of 7 likely findings drawn at `beta-16` are right (`python benchmarks/draw.py GIT_DIR --rev
    beta-16 --config canon.toml --select CAT002 --confidence certain,likely --sample 25 --seed 7`).
    """

    code = "CAT002"
    name = "uncategorised-test"
    help = "give it a marker of a category, move it below a category's paths, or extend a category"
    options = ("categories.NAME.paths", "categories.NAME.markers")
    reads_broken = True
    bad = (
        Example(_TEST, path="tests/test_a.py", canon=_CANON),
        Example(f"import pytest\n\n@pytest.mark.slow\n{_TEST}", path="tests/test_a.py", canon=_CANON),
        Example(
            f"import pytest\n\n{_TEST}\n@pytest.mark.unit\ndef test_b():\n    assert 1\n",
            path="tests/test_a.py",
            canon=_CANON,
        ),
    )
    good = (
        Example(_TEST, path="tests/unit/test_a.py", canon=_CANON),
        Example(f"import pytest\n\npytestmark = pytest.mark.unit\n\n{_TEST}", path="tests/test_a.py", canon=_CANON),
        Example(
            "import pytest\n\n@pytest.mark.unit\nclass TestA:\n    def test_a(self):\n        assert 1\n\n"
            "class TestB(TestA):\n    def test_b(self):\n        assert 1\n",
            path="tests/test_a.py",
            canon=_CANON,
        ),
        Example(_TEST, path="tests/test_a.py"),
        Example("def order():\n    return 1\n", path="tests/orders.py", canon=_CANON),
        Example("def order():\n    return 1\n", path="tests/test_support.py", canon=_CANON),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence at the top of a test file without a category, else one per test that has none."""
        project = file.project
        if not project.canon.categories or not file.is_test_file or project.categories_of(file.path):
            return
        if not file.tests and file.facts.broken is None:
            return
        everywhere = {*file.facts.other_marks, *(mark_name(each) for each in file.facts.marks)}
        if project.categories_of_marks(everywhere):
            return
        tests = [] if file.facts.broken is not None else file.collected
        left = [fact for fact in tests if not project.categories_of_marks(_marks(file, fact))]
        outside = _marked_from_outside(file)
        if len(left) < len(tests):
            for fact in left:
                doubt = outside or not all(map(_is_plain, _decorators(file, fact)))
                yield Offence(
                    site=fact.site,
                    message=f"no category of the canon selects `{fact.qualname}`, as one does others of this file",
                    confidence=Confidence.LIKELY if doubt else None,
                )
        elif not project.categories_of_marks(marks_of(file.facts)):
            yield Offence(
                site=Site(1, 1, 1, 1, 0, "<module>"),
                message="no category of the canon selects this test file",
                confidence=Confidence.LIKELY if outside else None,
            )


def _marks(file: FileView, test: FunctionFact) -> set[str]:
    """The marks of one test: its own, and those of its class and of the bases of that."""
    return {mark for each in _decorators(file, test) if (mark := mark_name(each))}


def _is_plain(decorator: str) -> bool:
    """Whether a decorator is known to give no marker other than the one that it spells; values may have marks."""
    return decorator.startswith(_PLAIN) and mark_name(decorator) != "parametrize"


def _decorators(file: FileView, test: FunctionFact) -> list[str]:
    found = [*test.decorators]
    fact = file.classes.get(test.owner)
    if fact is not None:
        found += [*fact.decorators, *fact.marks]
        for ancestor in file.hierarchy(fact).ancestors:
            above = file.index.class_fact(ancestor)
            found += [*above.decorators, *above.marks] if above is not None else []
    return found


def _marked_from_outside(file: FileView) -> bool:
    """Whether a `conftest.py` above may give the tests of this file a category's marker."""
    wanted = {marker for category in file.project.canon.categories.values() for marker in category.markers}
    if not wanted:
        return False
    folders = file.path.split("/")[:-1]
    for depth in range(len(folders), -1, -1):
        facts = file.index.facts("/".join([*folders[:depth], "conftest.py"]))
        if facts is not None and wanted.union((UNKNOWN,)).intersection(facts.other_marks):
            return True
    return False
