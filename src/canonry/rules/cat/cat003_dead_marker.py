"""CAT003."""

from collections.abc import Iterator

from canonry.canon.keys import KeyPath
from canonry.model.finding import Confidence
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.facts import Site
from canonry.source.python.marks import UNKNOWN

_CANON = "[categories.slow]\npaths = ['tests']\nmarkers = ['slow']\n"
_TEST = "def test_a():\n    assert 1\n"


class DeadMarker(Rule):
    """A marker that no test carries selects nothing: `-m slow` runs no test, and says so in a line that nobody reads.

    Judged are the markers of categories and those registered in pytest's settings. A test carries a marker by a
    decorator, on its class, by `pytestmark`, in `pytest.param(marks=...)`, by a variable that holds the mark, or by
    `add_marker`; a comment or a string that names it carries nothing. Likely, not certain, where some file does not
    parse; a reader has to look where some file gives marks under computed names. Measured: 35 of 35 likely findings on
    the reference repository are right, 0 of 7 review findings on SQLAlchemy, whose plugin computes them.
    """

    code = "CAT003"
    name = "dead-marker"
    looks_at = "inventory"
    help = "mark the tests that it means, or delete the marker"
    options = ("categories.NAME.markers",)
    bad = (
        Example(_CANON, path="canonry.toml", files={"tests/test_a.py": _TEST}),
        Example(
            "[pytest]\nmarkers =\n    slow: takes minutes\n    fast\n",
            path="pytest.ini",
            files={"tests/test_a.py": f"import pytest\n\n@pytest.mark.fast\n{_TEST}"},
        ),
        Example(
            "[pytest]\nmarkers = slow\n", path="pytest.ini", files={"tests/test_a.py": f"# @pytest.mark.slow\n{_TEST}"}
        ),
    )
    good = (
        Example(_CANON, path="canonry.toml", files={"tests/test_a.py": f"import pytest\n\n@pytest.mark.slow\n{_TEST}"}),
        Example(
            "[pytest]\nmarkers = slow\n",
            path="pytest.ini",
            files={
                "tests/test_a.py": "import pytest\n\n@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.slow)])\n"
                "def test_a(x):\n    assert x\n"
            },
        ),
        Example(
            "[pytest]\nmarkers = slow\n",
            path="pytest.ini",
            files={"tests/conftest.py": "def pytest_collection_modifyitems(items):\n    items[0].add_marker('slow')\n"},
        ),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per declared marker that nothing carries."""
        given = tree.inventory.marks
        doubt = Confidence.LIKELY if tree.inventory.broken else None
        doubt = Confidence.REVIEW if UNKNOWN in given else doubt
        told: set[tuple[str, int, str]] = set()
        for file, line, marker, whose in _declared(tree):
            if marker in given or (file, line, marker) in told:
                continue
            told.add((file, line, marker))
            yield Offence(
                site=Site(line, 1, line, 1, 0, marker),
                path=file,
                message=f"no test carries the marker `{marker}`, {whose}",
                confidence=doubt,
            )


def _declared(tree: TreeView) -> Iterator[tuple[str, int, str, str]]:
    """The declared markers: file, line, name, who declares it."""
    for name, category in tree.project.canon.categories.items():
        for number, marker in enumerate(category.markers):
            key: KeyPath = ("categories", name, "markers", number)
            place = tree.canon_place(key) or tree.canon_place(key[:-1])
            if place is not None:
                yield *place, marker, f"which the category `{name}` selects by"
    settings = tree.project.settings
    for marker, line in settings.markers:
        yield settings.source, line, marker, "which is registered"
