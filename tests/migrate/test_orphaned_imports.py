"""Imports whose last use goes with the edits: words in comments, strings and other scopes are no uses."""

import ast
from pathlib import Path

import pytest

from tests.migrate.test_traps import migrated

_CASE = "class TestIt:\n    def test_a(self):\n        assert 1\n\n\n"
_MAIN = "if __name__ == '__main__':\n"


@pytest.mark.parametrize(
    ("before", "gone", "codemod"),
    [
        (
            f"import unittest\n\n\n{_CASE}{_MAIN}    # pytest and unittest may run it\n    unittest.main()\n",
            "import unittest",
            "runner-main-block",
        ),
        (
            (
                f"{_CASE}def suite():\n    import unittest\n    return unittest.TestSuite()\n\n\n"
                f"{_MAIN}    import unittest\n    unittest.main()\n"
            ),
            "    import unittest\n    unittest.main()",
            "runner-main-block",
        ),
        (
            (
                f"import sys\nimport pytest\n\n\n{_CASE}{_MAIN}    if sys.platform == 'win32':\n        import codecs\n"
                "    sys.exit(pytest.main([__file__]))\n"
            ),
            "import codecs",
            "runner-main-block",
        ),
        (
            (
                "import os\nfrom unittest.mock import patch\n\n\ndef test_a():\n"
                "    with patch.dict(os.environ, {'A': 'of-os-itself'}):\n        assert os.environ['A']\n"
            ),
            "import os",
            "environment",
        ),
    ],
)
def test_an_import_goes_with_its_last_use(before: str, gone: str, codemod: str, tmp_path: Path) -> None:
    after = migrated(tmp_path, before, codemod).decode()

    ast.parse(after)
    assert gone in before
    assert gone not in after


def test_an_annotation_in_new_text_keeps_its_import(tmp_path: Path) -> None:
    before = "import os\n\n\ndef test_a():\n    kind: 'os' = os.environ.get('os')\n    assert kind\n"
    assert "import os\n" in migrated(tmp_path, before, "environment").decode()
