"""CAT002."""

from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.inventory import marks_of
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import FileView
from canonry.source.facts import Site
from canonry.source.python.marks import UNKNOWN

_CANON = "[categories.unit]\npaths = ['tests/unit']\nmarkers = ['unit']\n"
_TEST = "def test_a():\n    assert 1\n"


class UncategorisedTest(Rule):
    """A test file that no category selects is run by nobody who runs categories.

    Judged only where the canon declares categories; once per file. A file is selected by the paths of a category or by
    a marker of one that anything in it carries. Likely, not certain, where a `conftest.py` above gives such marks from
    outside, or gives marks under computed names.
    """

    code = "CAT002"
    name = "uncategorised-test"
    help = "move it below a category's paths, or extend a category"
    options = ("categories.NAME.paths", "categories.NAME.markers")
    reads_broken = True
    bad = (
        Example(_TEST, path="tests/test_a.py", canon=_CANON),
        Example(f"import pytest\n\n@pytest.mark.slow\n{_TEST}", path="tests/test_a.py", canon=_CANON),
    )
    good = (
        Example(_TEST, path="tests/unit/test_a.py", canon=_CANON),
        Example(f"import pytest\n\npytestmark = pytest.mark.unit\n\n{_TEST}", path="tests/test_a.py", canon=_CANON),
        Example(_TEST, path="tests/test_a.py"),
        Example("def order():\n    return 1\n", path="tests/orders.py", canon=_CANON),
    )

    def check(self, file: FileView) -> Iterator[Offence]:
        """One offence at the top of a test file without a category."""
        project = file.project
        if not project.canon.categories or not file.is_test_file or project.categories_of(file.path):
            return
        if project.categories_of_marks(marks_of(file.facts)):
            return
        yield Offence(
            site=Site(1, 1, 1, 1, 0, "<module>"),
            message="no category of the canon selects this test file",
            confidence=Confidence.LIKELY if _marked_from_outside(file) else None,
        )


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
