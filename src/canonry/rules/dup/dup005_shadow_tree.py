"""DUP005."""

from collections.abc import Iterator

from canonry.model.finding import Confidence
from canonry.rules.rule import Example, Offence, Rule
from canonry.rules.view import TreeView
from canonry.source.facts import Site
from canonry.source.trees.shadow import Shadow

_COPIED = {f"tests/unit/test_{name}.py": f"def test_{name}():\n    assert '{name}'\n" for name in ("a", "b", "c", "d")}


class ShadowTree(Rule):
    """A folder that copies live code doubles every number and hides which of the two is meant.

    Each shadow tree is reported once, and nothing inside is counted anywhere else. A folder is a copy when its name
    holds a word of `shadow-names` (backup, archive, snapshot, old) or a date; or when at least 80 % of its files mirror
    the path of a file outside under a shorter prefix and at least 50 % equal that file, now or in the commit that added
    the folder. The side with the shorter prefix is never the copy. Trivial files (`__init__.py`, `conftest.py`) do not
    vote, and a mirror needs three files. Single `*.backup*` files are reported too.
    """

    code = "DUP005"
    name = "shadow-tree"
    help = "delete the copy; git keeps what was there"
    options = ("shadow-names",)
    bad = (
        Example("def test_a():\n    assert 1\n", path="tests_backup/test_a.py"),
        Example("def test_a():\n    assert 1\n", path="tests/unit.2025-09-17/test_a.py"),
        Example(
            _COPIED["tests/unit/test_a.py"],
            path="legacy/tests/unit/test_a.py",
            files=_COPIED | {f"legacy/{path}": code for path, code in _COPIED.items() if "test_a" not in path},
        ),
    )
    good = (
        Example("def test_a():\n    assert 1\n", path="tests/golden/test_a.py"),
        Example("def test_a():\n    assert 1\n", path="tests/household/test_a.py"),
        Example("def test_a():\n    assert 'other'\n", path="legacy/tests/unit/test_a.py", files=_COPIED),
    )

    def check_tree(self, tree: TreeView) -> Iterator[Offence]:
        """One offence per shadow tree and per backup file."""
        site = Site(1, 1, 1, 1, 0, "<folder>")
        for shadow in tree.shadows:
            named = shadow.reason == "name"
            yield Offence(
                site=site,
                path=shadow.folder,
                message=_message(shadow),
                confidence=Confidence.LIKELY if named else Confidence.CERTAIN,
                identity=shadow.folder,
            )
        for path in tree.backups:
            yield Offence(site=site, path=path, message="a backup file stands beside live code", identity=path)


def _message(shadow: Shadow) -> str:
    files = "1 Python file" if shadow.files == 1 else f"{shadow.files:,} Python files"
    if shadow.reason == "name":
        return f"the folder is a copy by its name; {files} in it left out of every other count"
    when = f" in the commit that added it, {shadow.since[:9]}" if shadow.since else ""
    return (
        f"the folder mirrors `{shadow.mirrors}`: {shadow.mirrored} of its {files} stand there too, "
        f"{shadow.equal} with equal content{when}; left out of every other count"
    )
