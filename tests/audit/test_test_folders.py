"""Which files are test files: the folders that the canon names, and those that pytest's configuration names."""

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
