"""CAT001."""

from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.facts import Site
from canonry.source.python.marks import UNKNOWN

_TEST = "def test_a():\n    assert 1\n"


class EmptyCategory(Rule):
    """A category that selects nothing passes whatever happens, and everybody believes that it ran.

    A category of the canon is empty where no test file of the tree lies in its paths and none gives one of its
    markers. Likely, not certain, where a marker is its only way and some file gives marks under computed names.

    Measured: three of three certain findings are right, on packages under the canon that `canonry init` proposed
    for another state of them (docs/evidence/likely.md); no likely one was met.
    """

    code = "CAT001"
    name = "empty-category"
    looks_at = "inventory"
    help = "correct its paths and markers, or delete the category"
    options = ("categories.NAME.paths", "categories.NAME.markers")
    bad = (
        Example("[categories.slow]\npaths = ['tests/slow']\n", path="canonry.toml", files={"tests/test_a.py": _TEST}),
        Example("[categories.slow]\nmarkers = ['slow']\n", path="canonry.toml", files={"tests/test_a.py": _TEST}),
        Example("[categories.slow]\npriority = 'high'\n", path="canonry.toml", files={"tests/test_a.py": _TEST}),
    )
    good = (
        Example(
            "[categories.slow]\npaths = ['tests/slow']\n", path="canonry.toml", files={"tests/slow/test_a.py": _TEST}
        ),
        Example(
            "[categories.slow]\npaths = ['tests/**/test_b*.py']\n",
            path="canonry.toml",
            files={"tests/x/test_b1.py": _TEST},
        ),
        Example(
            "[categories.slow]\nmarkers = ['slow']\n",
            path="canonry.toml",
            files={"tests/test_a.py": f"import pytest\n\n@pytest.mark.slow\n{_TEST}"},
        ),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per category without a test file."""
        project = tree.project
        if not project.canon.categories:
            return
        filled = {name for path in tree.paths if project.is_test_file(path) for name in project.categories_of(path)}
        filled.update(project.categories_of_marks(tree.inventory.marks))
        for name, category in project.canon.categories.items():
            place = tree.canon_place(("categories", name))
            if name in filled or place is None:
                continue
            file, line = place
            doubt = bool(category.markers) and (UNKNOWN in tree.inventory.marks or tree.inventory.broken > 0)
            yield Offence(
                site=Site(line, 1, line, 1, 0, f"categories.{name}"),
                path=file,
                message=f"the category `{name}` selects no test file",
                confidence=Confidence.LIKELY if doubt else None,
            )
