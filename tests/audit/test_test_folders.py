"""Which files are test files: the folders that the canon names, and those that pytest's configuration names."""

import json

import pytest

from tests.workbench import IDLE, SOUND, Folder

HOW = "name folders from the root of the tree, or leave it out"
TREE: dict[str, str | bytes] = {"test/test_a.py": IDLE, "shop/gate.py": "GATE = 1\n"}


def canon(tests: str) -> dict[str, str | bytes]:
    return {"pyproject.toml": f"[tool.canonry]\ntests = {tests}\n"}


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ('["tset"]', "pyproject.toml:2: `tests` names `tset`, which does not exist; did you mean `test`?"),
        (
            '["test", "nowhere"]',
            f"pyproject.toml:2: `tests` names `nowhere`, which does not exist; {HOW}",
        ),
        (
            '["test/test_a.py"]',
            "pyproject.toml:2: `tests` names `test/test_a.py`, which is a file; name the folder that holds it",
        ),
    ],
)
@pytest.mark.parametrize("tree", ["folder", "repository", "index", "commit"])
def test_tests_that_name_no_folder_are_a_mistake(folder: Folder, tree: str, tests: str, said: str) -> None:
    files = TREE | canon(tests)
    if tree == "folder":
        folder.write(files)
    else:
        folder.start(files)
    done = folder.call("audit", *{"index": ["--staged"], "commit": ["--rev", "HEAD"]}.get(tree, []))

    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"canonry: {said}"]
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["test", "test/", "./test", "./test/", ".", "./"])
def test_a_folder_may_be_spelled_as_elsewhere(folder: Folder, name: str) -> None:
    folder.write(TREE | canon(f'["{name}"]'))

    assert folder.report()["population"]["test_files"] == 1


def test_a_folder_that_a_sparse_checkout_leaves_out_exists(folder: Folder) -> None:
    folder.start(TREE | {"more/tests/test_b.py": SOUND} | canon('["test", "more/tests"]'))
    folder.git("sparse-checkout", "set", "test", "shop")

    assert not (folder.root / "more").exists()
    assert folder.report()["population"]["test_files"] == 1


# what pytest's configuration says -------------------------------------------------------------------------------------

ANYTHING: dict[str, str | bytes] = {
    "pytest.ini": "[pytest]\ntestpaths = tests\npython_files = *\n",
    "shop/gate.py": "def test_gate():\n    return 1\n",
    "shop/__init__.py": "",
    "setup.py": "",
    "tests/gates.py": SOUND,
    "tests/conftest.py": "",
}


def test_patterns_of_the_projects_own_hold_below_testpaths(folder: Folder) -> None:
    folder.write(ANYTHING)
    report = folder.report()

    assert (report["population"]["test_files"], report["population"]["test_functions"]) == (2, 1)


def test_a_usual_test_outside_testpaths_is_not_hidden(folder: Folder) -> None:
    folder.write(ANYTHING | {"scripts/test_more.py": IDLE})

    assert [finding.path for finding in folder.findings("TST001")] == ["scripts/test_more.py"]


def test_testpaths_that_do_not_exist_say_nothing(folder: Folder) -> None:
    folder.write(ANYTHING | {"pytest.ini": "[pytest]\ntestpaths = tests checks\npython_files = *\n"})

    assert folder.report()["population"]["test_files"] == 5


def test_declared_folders_win_over_testpaths(folder: Folder) -> None:
    folder.write(ANYTHING | {"canonry.toml": 'tests = ["shop"]\n'})

    assert folder.report()["population"]["test_files"] == 2


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"scripts/test_more.py": IDLE},
        {"tests/broken.py": "def test_a(\n"},
        {"tests/odd.py": "class TestA:\n    @property\n    def test_x(self):\n        return 1\n"},
    ],
)
def test_init_counts_as_an_audit_does(folder: Folder, more: dict[str, str | bytes]) -> None:
    folder.write(ANYTHING | more)
    counted = json.loads(folder.call("init", "--output-format", "json").stdout)["population"]
    audited = folder.report()["population"]

    assert (counted["test_files"], counted["tests"]) == (audited["test_files"], audited["test_functions"])


def test_init_offers_no_write_for_a_commit(folder: Folder) -> None:
    folder.start({"tests/test_a.py": SOUND})
    done = folder.call("init", "--rev", "HEAD")

    assert "`--write` adds" not in done.stderr
    assert "a commit cannot be written to; run this in a working tree" in done.stderr
