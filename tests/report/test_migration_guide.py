"""`canonry report guides`: before and after from a repository's own files, the same each time, over nobody's file."""

from pathlib import Path

from tests.workbench import Folder

TEST = (
    "import unittest\n\n\nclass OrderTest(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, 1)\n\n\n"
    "if __name__ == '__main__':\n    unittest.main()\n"
)


def test_a_guide_shows_what_was_and_what_is(tmp_path: Path) -> None:
    place = (
        Folder(tmp_path)
        .write(
            {
                "tests/test_order.py": TEST,
                "tests/unit/test_b.py": "def test_b():\n    assert 1\n",
                "requirements.txt": "canonry\n",
                "Makefile": "test:\n\tpytest tests -x\n",
            }
        )
        .start()
    )
    place.commit()
    assert place.call("migrate", "--codemod", "base-case", "--write", "--repo", place.root).returncode == 0
    assert place.call("report", "guides", "--repo", place.root).returncode == 0
    guide = (place.root / "MIGRATION_GUIDE.md").read_text()
    assert "| base-case | 1 |" in guide
    assert "[base-case]" not in guide  # nothing is left of it
    assert "base-case: what was, and what is now, in `tests/test_order.py`:" in guide
    assert "-class OrderTest(unittest.TestCase):\n+class OrderTest(SSotBaseTestCase):" in guide
    assert "-\tpytest tests -x\n+\tcanonry run tests --fail-fast" in guide
    again = place.call("report", "guides", "--repo", place.root)
    assert "nothing to change" in again.stderr
    assert (place.root / "MIGRATION_GUIDE.md").read_text() == guide
    (place.root / "MIGRATION_GUIDE.md").write_text("mine\n")
    refused = place.call("report", "guides", "--repo", place.root)
    assert refused.returncode == 2
    assert "canonry did not write it" in refused.stderr
    assert (place.root / "MIGRATION_GUIDE.md").read_text() == "mine\n"
    assert place.call("report", "guides", "--repo", place.root, "--overwrite").returncode == 0
    outside = place.call("report", "guides", "--repo", place.root, "--folder", "..")
    assert outside.returncode == 2
