"""Earlier versions of a file, out of real repositories."""

import subprocess
from pathlib import Path

import pytest

from canonry.repair.ancestors import AncestorVersion, find_ancestors, is_shallow
from canonry.source.trees.git import BlobReader, Git, GitError
from tests.workbench import Folder, environment

ONE = "def test_one():\n    assert sum([1, 1]) == 2\n    assert sorted('ba') == ['a', 'b']\n"
TWO = ONE + "\n\ndef test_two():\n    assert 2 > 1\n"
BROKEN = TWO.replace("'ba')", "ba')")


def ancestors(folder: Folder, path: str = "test_a.py", commit: str = "HEAD") -> tuple[AncestorVersion, ...]:
    present = folder.git("rev-parse", f"{commit}:{path}")
    first, *earlier = find_ancestors(Git(folder.root), commit, [path])[path]
    assert first.blob == present
    return tuple(earlier)


def texts(directory: Path, versions: tuple[AncestorVersion, ...]) -> list[str | None]:
    reader = BlobReader(Git(directory))
    try:
        return [None if (data := reader.read(version.blob)) is None else data.decode() for version in versions]
    finally:
        reader.close()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "shop").start({"test_a.py": ONE}).commit({"test_a.py": TWO}, "second")


def test_versions_come_newest_first_the_present_one_among_them(folder: Folder) -> None:
    folder.commit({"test_a.py": BROKEN})

    found = ancestors(folder)

    assert texts(folder.root, found) == [TWO, ONE]
    assert found[0].commit == folder.git("rev-parse", "HEAD~1")
    assert (found[0].path, found[0].date) == ("test_a.py", "2025-06-01")


def test_content_not_yet_committed_has_the_committed_ones_as_ancestors(folder: Folder) -> None:
    found = find_ancestors(Git(folder.root), "HEAD", ["test_a.py"])["test_a.py"]

    assert texts(folder.root, found) == [TWO, ONE]


def test_later_commits_are_no_ancestors(folder: Folder) -> None:
    folder.commit({"test_a.py": BROKEN}).commit({"test_a.py": TWO + "\n# fixed\n"})

    assert texts(folder.root, ancestors(folder, commit="HEAD~1")) == [TWO, ONE]


def test_a_reverted_content_counts_once(folder: Folder) -> None:
    folder.commit({"test_a.py": ONE}).commit({"test_a.py": BROKEN})

    assert texts(folder.root, ancestors(folder)) == [ONE, TWO]


def test_a_rename_is_followed(folder: Folder) -> None:
    folder.git("mv", "test_a.py", "test_b.py")
    folder.commit().commit({"test_b.py": BROKEN})

    found = ancestors(folder, "test_b.py")

    assert [version.path for version in found] == ["test_b.py", "test_a.py"]
    assert texts(folder.root, found) == [TWO, ONE]


def test_a_rename_that_breaks_the_file_is_followed(folder: Folder) -> None:
    folder.git("mv", "test_a.py", "test_b.py")
    folder.commit({"test_b.py": BROKEN})

    assert texts(folder.root, ancestors(folder, "test_b.py")) == [TWO, ONE]


def test_a_copy_of_a_file_changed_with_it_is_followed(folder: Folder) -> None:
    folder.commit({"test_b.py": BROKEN, "test_a.py": TWO + "\n# copied\n"})

    assert texts(folder.root, ancestors(folder, "test_b.py")) == [TWO, ONE]


def test_a_file_deleted_and_added_again_keeps_its_history(folder: Folder) -> None:
    (folder.root / "test_a.py").unlink()
    folder.commit().commit({"test_a.py": BROKEN})

    assert texts(folder.root, ancestors(folder)) == [TWO, ONE]


def test_versions_of_a_merged_branch_count(folder: Folder) -> None:
    folder.git("checkout", "--quiet", "-b", "side")
    folder.commit({"test_a.py": TWO + "\n# side\n"}, "side")
    folder.git("checkout", "--quiet", "-")
    folder.commit({"other.py": "x = 1\n"}, "main")
    folder.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "merge", "--quiet", "--no-edit", "side")
    folder.commit({"test_a.py": BROKEN})

    assert texts(folder.root, ancestors(folder)) == [TWO + "\n# side\n", TWO, ONE]


def test_a_merge_that_breaks_the_file_has_both_parents_as_ancestors(folder: Folder) -> None:
    folder.git("checkout", "--quiet", "-b", "side")
    folder.commit({"test_a.py": TWO + "\n# side\n"}, "side")
    folder.git("checkout", "--quiet", "-")
    folder.commit({"test_a.py": TWO + "\n# main\n"}, "main")
    merge = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "merge", "--quiet", "--no-commit", "side")
    subprocess.run(["git", "-C", str(folder.root), *merge], env=environment(), capture_output=True, check=False)
    folder.commit({"test_a.py": BROKEN}, "merge")

    assert folder.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2
    assert set(texts(folder.root, ancestors(folder))) == {TWO + "\n# side\n", TWO + "\n# main\n", TWO, ONE}


def test_a_bare_clone_gives_the_same(folder: Folder, tmp_path: Path) -> None:
    folder.commit({"test_a.py": BROKEN})
    bare = folder.clone_bare(tmp_path / "bare.git")

    assert find_ancestors(Git(bare), "HEAD", ["test_a.py"])["test_a.py"][1:] == ancestors(folder)


def test_a_shallow_clone_ends_where_its_history_ends_and_says_so(folder: Folder, tmp_path: Path) -> None:
    folder.commit({"test_a.py": BROKEN})
    shallow = tmp_path / "shallow"
    folder.git("clone", "--quiet", "--depth", "2", f"file://{folder.root}", str(shallow))

    found = find_ancestors(Git(shallow), "HEAD", ["test_a.py"])["test_a.py"]

    assert texts(shallow, found) == [BROKEN, TWO]
    assert is_shallow(Git(shallow))
    assert not is_shallow(Git(folder.root))


def test_many_paths_give_the_same_as_each_alone(folder: Folder) -> None:
    names = [f"test_{number}.py" for number in range(20)]
    folder.commit({name: ONE + f"# {name}\n" for name in names}).commit(
        {name: BROKEN + f"# {name}\n" for name in names}
    )
    folder.git("mv", "test_a.py", "test_z.py")
    folder.commit({"test_z.py": BROKEN})
    asked = [*names, "test_z.py"]
    git = Git(folder.root)

    together = find_ancestors(git, "HEAD", asked)

    assert together == {name: find_ancestors(git, "HEAD", [name])[name] for name in asked}
    assert texts(folder.root, together["test_z.py"]) == [BROKEN, TWO, ONE]


def test_names_that_need_quoting_are_found(folder: Folder) -> None:
    name = 'tests/a "b"\té*.py'
    folder.commit({name: ONE}).commit({name: BROKEN})

    assert texts(folder.root, ancestors(folder, name)) == [ONE]


def test_a_path_without_history_has_no_ancestors(folder: Folder) -> None:
    assert find_ancestors(Git(folder.root), "HEAD", ["nowhere.py"]) == {"nowhere.py": ()}


def test_an_unknown_commit_is_one_sentence(folder: Folder) -> None:
    with pytest.raises(GitError, match="git log"):
        find_ancestors(Git(folder.root), "0" * 40, ["test_a.py"])
