"""A small suite to move in waves, and codemods that do harm."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from canonry.migrate.answers import Change, Found
from canonry.migrate.codemod import Codemod
from canonry.migrate.module import Module
from canonry.model.edit import Grade
from tests.workbench import Folder

READ = "import os\n\n\ndef url():\n    return os.environ.get('SHOP_URL_NOWHERE')\n\n\ndef test_url():\n    assert url() is None\n"
ASYNC = "import unittest\n\n\nclass TestOrder(unittest.TestCase):\n    async def test_total(self):\n        assert False, 'never looked at'\n\n    def test_size(self):\n        self.assertTrue(1)\n"
CANON = "[tool.canonry]\n"


class Damage(Codemod):
    """Writes a wrong value where a test reads the environment. What it makes parses, and passes every static check."""

    name = "damage"
    rules = ("ENV001",)
    order = 1

    def changes(self, module: Module, found: Sequence[Found]) -> Iterator[Change]:
        for each in found:
            for node in module.nodes_at(each.offence.site):
                if isinstance(node, ast.Call):
                    splice = module.replace(node, '"damaged"')
                    yield Change(found=each, grade=Grade.SAFE, edits=(splice,))
                    break


def shop(root: Path, files: dict[str, str | bytes]) -> Folder:
    """A repository with a canon and these files."""
    return Folder(root).start({"pyproject.toml": CANON, **files})


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a tree but git's and canonry's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", ".canonry"} & set(path.relative_to(root).parts)
    }
