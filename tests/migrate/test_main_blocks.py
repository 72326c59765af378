"""Main blocks go as safe only where they do nothing but to run their file's tests, and where nobody starts the file."""

from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.engine import Wanted, migrate
from canonry.model.edit import Grade
from canonry.model.migration import Item
from tests.workbench import Folder

HEAD = (
    "import os, sys, unittest\n\nimport pytest\n\n\ndef test_a():\n    assert 1\n\n\n"
    "class U(unittest.TestCase):\n    def test_b(self):\n        assert 1\n\n\n"
)
MORE = {
    "def seed():\n    import random\n    random.seed(1)\n\n\n|seed()\n    unittest.main()": "calls `seed`",
    "|if '--x' in sys.argv:\n        print('x')\n    unittest.main()": "reads `sys.argv`",
    "|if os.environ.get('X'):\n        print('x')\n    unittest.main()": "reads `os.environ`",
    "|sys.exit(pytest.main([__file__]) or 7)": "a status of its own (`pytest.main([__file__]) or 7`)",
    "|rc = pytest.main([__file__])\n    sys.exit(7 if rc else 0)": "a status of its own",
    "|unittest.main(module='tests.test_b')": "`module` of `unittest.main`",
    "|unittest.main('tests.test_b')": "`module` of `unittest.main`",
    "|unittest.main(defaultTest='U.test_b')": "`defaultTest` of `unittest.main`",
    "|unittest.main(argv=['x', 'U.test_b'])": "`argv` of `unittest.main`",
    "def suite():\n    return unittest.defaultTestLoader.loadTestsFromName('tests.test_b')\n\n\n"
    "|unittest.main(exit=False)\n    unittest.TextTestRunner().run(suite())": "loads tests in its own way",
}
SAFE = (
    "|unittest.main()",
    "|unittest.main(argv=['ignored'], exit=False)",
    "|unittest.main('__main__', verbosity=2)",
    "|sys.exit(pytest.main([__file__]))",
    "|code = pytest.main([__file__])\n    sys.exit(code)",
)


def test_a_block_with_ways_of_its_own_wants_a_reader_who_is_told_them(tmp_path: Path) -> None:
    files = {f"tests/test_m{number}.py": with_block(block) for number, block in enumerate(MORE)}
    items = planned(tmp_path, files)
    for number, (block, reason) in enumerate(MORE.items()):
        mine = items[f"tests/test_m{number}.py"]
        assert all(item.grade is not Grade.SAFE and reason in item.reason for item in mine), (block, mine)


def test_a_block_that_only_runs_its_file_is_safe(tmp_path: Path) -> None:
    files = {f"tests/test_m{number}.py": with_block(block) for number, block in enumerate(SAFE)}
    for path, mine in planned(tmp_path, files).items():
        assert [item.grade for item in mine] == [Grade.SAFE] * len(mine), (path, mine)


@pytest.mark.parametrize(
    ("starter", "reason"),
    [
        ({"Makefile": "old:\n\tpython -m tests.test_m\n"}, "another file runs this one as a script"),
        ({"Makefile": "old:\n\tpython -W error tests/test_m.py\n"}, "another file runs this one as a script"),
        (
            {"tools/go.py": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'tests.test_m'])\n"},
            "another file runs this one as a script",
        ),
        (
            {"tools/go.py": "import os\nos.system('cd x && python3 tests/test_m.py')\n"},
            "another file runs this one as a script",
        ),
        (
            {"tools/go.py": "import runpy\nrunpy.run_module('tests.test_m', run_name='__main__')\n"},
            "another file runs this one as a script",
        ),
        (
            {"tools/go.py": "import subprocess\nfrom x import PY\nsubprocess.run([PY, str(X / 'test_m.py')])\n"},
            "`tools/go.py` starts processes and names this file",
        ),
    ],
)
def test_a_file_that_another_one_starts_keeps_its_block_or_wants_a_reader(
    starter: dict[str, str], reason: str, tmp_path: Path
) -> None:
    (item,) = planned(tmp_path, {"tests/test_m.py": with_block("|unittest.main()"), **starter})["tests/test_m.py"]
    assert item.grade is Grade.REVIEW
    assert reason in item.reason


def with_block(block: str) -> str:
    before, _, body = block.partition("|")
    return f"{HEAD}{before}if __name__ == '__main__':\n    {body}\n"


def planned(root: Path, files: dict[str, str]) -> dict[str, list[Item]]:
    """What is said of the main block of each file."""
    place = Folder(root).write({"requirements.txt": "canonry\n", **files}).start()
    request = Request(repository=place.root, cache=False, workers=1)
    found = migrate(request, Wanted(codemods=("runner-main-block",), review=True))
    by_path: dict[str, list[Item]] = {}
    for item in found.summary.items:
        by_path.setdefault(item.path, []).append(item)
    return by_path
