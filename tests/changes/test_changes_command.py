"""`canonry changes` as users call it."""

import contextlib
import json
import os
import subprocess

import pytest

from tests.changes.test_diff import git_apply
from tests.changes.trees import NEW, OLD, put, snapshot
from tests.workbench import SOUND, Folder, canonry_command, environment


@pytest.fixture
def shop(repository: Folder) -> Folder:
    """A repository with one change in it."""
    repository.commit(OLD)
    put(repository.root, NEW)
    return repository


def test_list(shop: Folder) -> None:
    shop.call("changes", "rollback", "1")
    done = shop.call("changes", "list")
    title, first, second = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert title == "id    made (UTC)           state        files  reason"
    assert first.split()[0] == "0001"
    assert first.split()[3:] == ["rolled", "back", "6", "a", "test", "changes", "it"]
    assert second.endswith("  sealed           6  rolls back 0001: a test changes it")


def test_list_without_a_change_makes_nothing(folder: Folder) -> None:
    done = folder.write(OLD).call("changes", "list")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"canonry: nothing was ever changed in `{folder.root}`\n"
    assert not (folder.root / ".canonry").exists()
    assert json.loads(folder.call("changes", "list", "--output-format", "json").stdout) == {"schema": 1, "changes": []}


def test_show(shop: Folder) -> None:
    done = shop.call("changes", "show", "1")
    lines = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert lines[0] == "change 0001  a test changes it"
    assert lines[1].endswith(f"by `canonry test`, at commit {shop.git('rev-parse', 'HEAD')[:10]}")
    assert lines[2:4] == ["state  sealed", "files  6"]
    assert "       safe    shop/a.py  because; test" in lines
    assert "       safe    shop/new/deep/made.py  because; test; made" in lines
    assert "       safe    shop/gone.py  removed" in lines
    assert "diff --git a/shop/crlf.py b/shop/crlf.py" in lines
    assert "-y = 2" in lines


def test_what_show_prints_is_a_patch_with_every_byte(shop: Folder) -> None:
    shop.git("stash", "--include-untracked", "-q")
    command = canonry_command("changes", "show", "1")
    shown = subprocess.run(command, cwd=shop.root, env=environment(), capture_output=True, check=True).stdout
    git_apply(shop.root, shown.decode("utf-8", "surrogateescape"))

    for path, content in NEW.items():
        assert ((shop.root / path).read_bytes() if (shop.root / path).exists() else None) == content


def test_json_says_the_same(shop: Folder) -> None:
    listed = json.loads(shop.call("changes", "list", "--output-format", "json").stdout)
    shown = json.loads(shop.call("changes", "show", "0001", "--output-format", "json").stdout)
    (change,) = listed["changes"]

    assert (listed["schema"], shown["schema"]) == (1, 1)
    assert {key: change[key] for key in ("id", "state", "reason", "origin", "rolls_back", "rolled_back_by")} == {
        "id": "0001", "state": "sealed", "reason": "a test changes it", "origin": "test", "rolls_back": None,
        "rolled_back_by": [],
    }  # fmt: skip
    assert [file["path"] for file in change["files"]] == list(NEW)
    assert all(file.pop("diff").startswith("diff --git ") for file in shown["change"]["files"])
    assert shown["change"] == change


def test_rollback(shop: Folder) -> None:
    shown = shop.call("changes", "rollback", "1", "--diff")
    assert shown.returncode == 1
    assert "+x = 1\n" in shown.stdout
    assert (shop.root / "shop/a.py").read_bytes() == NEW["shop/a.py"]
    done = shop.call("changes", "rollback", "1")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "canonry: rolled back 6 files as change 0002\n"
    assert shop.git("status", "--porcelain") == ""


def test_rollback_of_edited_files(shop: Folder) -> None:
    shop.write({"shop/a.py": "mine = 1\n"})
    before = snapshot(shop.root)
    refused = shop.call("changes", "rollback", "1")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("canonry: `shop/a.py` was edited since change 0001; nothing was rolled back. ")
    assert snapshot(shop.root) == before
    partly = shop.call("changes", "rollback", "1", "--skip-edited")

    assert partly.returncode == 1
    assert partly.stderr.splitlines() == [
        "canonry: left as they are, because they were edited since: `shop/a.py`",
        "canonry: rolled back 5 files as change 0002",
    ]
    assert "(rolled back)" in shop.call("changes", "show", "1").stdout

    again = shop.call("changes", "rollback", "1", "--skip-edited")

    assert again.returncode == 1
    assert again.stderr.splitlines() == [
        "canonry: nothing is left to roll back, because it was edited since: `shop/a.py`"
    ]
    assert len(shop.call("changes", "list").stdout.splitlines()) == 3


def test_the_difference_of_a_rollback_that_would_be_refused_says_so(shop: Folder) -> None:
    assert shop.call("changes", "rollback", "1", "--diff").stderr == ""
    shop.write({"shop/a.py": "mine = 1\n"})
    done = shop.call("changes", "rollback", "1", "--diff")

    assert done.returncode == 1
    assert done.stderr.startswith(
        "canonry: `shop/a.py` was edited since change 0001; nothing would be rolled back. Put it back first, "
    )


def test_a_head_that_moved_is_said(shop: Folder) -> None:
    first = shop.git("rev-parse", "HEAD")
    shop.commit()

    assert f"HEAD moved since the change ({first[:10]}, now " in shop.call("changes", "rollback", "1").stderr


@pytest.mark.parametrize("arguments", [("show", "7"), ("rollback", "7"), ("show", "x"), ("rollback", "-1", "--")])
def test_an_unknown_change(shop: Folder, arguments: tuple[str, ...]) -> None:
    done = shop.call("changes", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_any_place_in_the_tree_means_the_tree(shop: Folder, tmp_path_factory: pytest.TempPathFactory) -> None:
    bare = shop.clone_bare(tmp_path_factory.mktemp("bare") / "shop.git")

    assert shop.call("changes", "list", "--repo", shop.root / "shop").stdout == shop.call("changes", "list").stdout
    assert "is a git directory, which holds no files" in shop.call("changes", "list", "--repo", bare).stderr


def test_a_terminal_gets_nothing_to_act_on(folder: Folder) -> None:
    put(folder.write({"a.txt": "x\n"}).root, {"a.txt": b"\x1b[31mred\xff\n"})
    ours, theirs = os.openpty()
    with subprocess.Popen(canonry_command("changes", "show", "1"), cwd=folder.root, env=environment(), stdout=theirs):
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # what Linux says at the end of a terminal
            while part := os.read(ours, 4096):
                seen += part
    os.close(ours)

    assert b"\x1b" not in seen
    assert "+\ufffd[31mred\ufffd".encode() in seen
    assert "\x1b[31mred\udcff\n" in folder.run("changes", "show", "1").stdout


def test_init_writes_through_a_change(folder: Folder) -> None:
    folder.write({"tests/unit/test_a.py": SOUND, "pyproject.toml": "[project]\n", "Makefile": "test:\n\tpytest\n"})
    before = snapshot(folder.root)
    assert folder.call("init", "--write").returncode == 0
    assert "adds the proposed canon" in folder.call("changes", "list").stdout
    assert "+[tool.canonry]\n" in folder.call("changes", "show", "1").stdout
    assert folder.call("changes", "rollback", "1").returncode == 0

    assert snapshot(folder.root) == before
    assert (folder.root / ".canonry").is_dir()
