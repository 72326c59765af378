"""Applying a plan in a git repository: what git is in the middle of, what it ignores, what is not its own."""

import subprocess
from pathlib import Path

import pytest

from canonry.changes.apply import apply_plan
from canonry.model.change_plan import ChangePlan, Verification
from canonry.source.trees.tree import open_tree
from tests.changes.trees import agree, plan_of, put, refused
from tests.workbench import Folder

WHO = {f"GIT_{role}_{what}": "ada@shop.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def test_an_unfinished_merge(repository: Folder) -> None:
    repository.commit({"a.py": "x = 1\n", "b.py": "y = 1\n"})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"a.py": "x = 2\n"})
    repository.git("checkout", "-q", "-")
    repository.commit({"a.py": "x = 3\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "side", **WHO)
    plan = plan_of(repository.root, {"b.py": b"y = 2\n"})

    assert refused(repository.root, plan) == (
        "a merge is unfinished: `a.py` has conflicts; resolve them and `git add` the files, or `git merge --abort`, "
        "then run the command again"
    )
    repository.git("add", "a.py")
    outcome = apply_plan(repository.root, plan, verify=agree)
    assert outcome.notes[0] == "a merge is under way; the changes will stand beside it"


@pytest.mark.parametrize("operation", ["rebase", "cherry-pick"])
def test_other_unfinished_operations(repository: Folder, operation: str) -> None:
    repository.commit({"a.py": "x = 1\n"})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"a.py": "x = 2\n"})
    repository.git("checkout", "-q", "-")
    repository.commit({"a.py": "x = 3\n"})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git(operation, "side", **WHO)

    assert f"a {operation} is unfinished: `a.py` has conflicts" in refused(
        repository.root, plan_of(repository.root, {"a.py": b"y\n"})
    )


def test_a_dirty_tree_is_warned_about(repository: Folder) -> None:
    repository.commit({"a.py": "x = 1\n", "b.py": "x = 1\n", "c d.py": ""})
    assert put(repository.root, {"a.py": b"x = 2\n"}).notes == ()
    repository.write({"c d.py": "1\n"})

    assert put(repository.root, {"b.py": b"x = 2\n"}).notes == (
        "`a.py`, `c d.py` have changes that are not committed; commit them first to keep them apart from this one",
    )


def test_a_head_that_moved_and_an_upstream_that_is_ahead(repository: Folder, tmp_path: Path) -> None:
    repository.commit({"a.py": "x = 1\n"})
    first = repository.git("rev-parse", "HEAD")
    repository.commit({"b.py": "x = 1\n"})
    second = repository.git("rev-parse", "HEAD")
    clone = Folder(tmp_path / "clone")
    repository.git("clone", "-q", str(repository.root), str(clone.root))
    clone.git("reset", "-q", "--hard", first)
    plan = plan_of(clone.root, {"a.py": b"x = 2\n"})
    plan = ChangePlan(files=plan.files, reason="", origin="test", verification=Verification.OWN, commit=second)

    assert apply_plan(clone.root, plan, verify=agree).notes == (
        f"HEAD moved from {second[:10]} to {first[:10]} since; the files are what was read all the same",
        "the branch is 1 commit behind its upstream",
    )


def test_what_git_ignores_is_never_changed(repository: Folder) -> None:
    repository.write({".gitignore": "out/\n*.log.py\n", "kept.log.py": "x = 1\n", "out/a.py": "x = 1\n"})
    repository.git("add", "--force", "kept.log.py", ".gitignore")
    repository.commit()

    assert refused(repository.root, plan_of(repository.root, {"out/a.py": b"x = 2\n", "kept.log.py": b"y\n"})) == (
        "`.gitignore` leaves `out/a.py` out, so canonry does too; leave it out of the plan"
    )
    assert put(repository.root, {"kept.log.py": b"x = 2\n"}).files == ("kept.log.py",)


def test_what_a_plain_folder_ignores_is_never_changed(folder: Folder) -> None:
    files = ["out/a.py", "shop/out/b.py", "shop/a.log.py", "shop/sub/c.py", ".venv/lib/d.py"]
    root = folder.write(dict.fromkeys(files, "x = 1\n")).root
    folder.write({".gitignore": "out/\n", "shop/.gitignore": "*.log.py\n!b.py\n/sub/\n", "shop/d.py": "x = 1\n"})
    listed = set(open_tree(root).files)

    for path in (*files, "shop/d.py"):
        plan = plan_of(root, {path: b"x = 2\n"})
        if path in listed:
            apply_plan(root, plan, verify=agree)
        else:
            assert refused(root, plan).startswith(f"`.gitignore` leaves `{path}` out")
    assert listed == {"shop/d.py"}


def test_below_the_top_of_a_repository_its_rules_hold_too(repository: Folder) -> None:
    repository.commit({"shop/a.py": "x = 1\n", ".gitignore": "/shop/out/\n", "shop/out/b.py": "x = 1\n"})
    root = repository.root / "shop"

    assert refused(root, plan_of(root, {"out/b.py": b"x = 2\n"})).startswith("`.gitignore` leaves `out/b.py` out")
    assert put(root, {"a.py": b"x = 2\n"}).files == ("a.py",)


def test_a_submodule_is_another_repository(repository: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other").start({"a.py": "x = 1\n"})
    repository.commit({"b.py": "x = 1\n"})
    repository.git("clone", "-q", str(other.root), "sub")
    repository.git("add", "sub")

    assert refused(repository.root, plan_of(repository.root, {"sub/a.py": b"x = 2\n"})).startswith(
        "git refuses to look at these files: "
    )
