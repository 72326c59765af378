"""Applying a plan: what it writes, what it keeps, what it refuses, and that a refusal writes nothing."""

import os
import stat
from pathlib import Path

import pytest

from canonry.changes.apply import apply_plan
from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.changes.rollback import roll_back
from canonry.changes.splice import ConflictError, replace_file
from canonry.changes.transaction import UndoneError
from canonry.model.change_plan import ChangePlan, FileChange, Verification
from canonry.source.trees.tree import open_tree
from tests.changes.trees import NEW, OLD, agree, edits_plan, plan_of, put, refused, snapshot
from tests.workbench import Folder

# what is written -----------------------------------------------------------------------------------------------------


def test_all_files_are_changed_and_come_back(folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    outcome = put(root, NEW)

    assert (outcome.id, outcome.notes) == ("0001", ())
    assert outcome.files == tuple(NEW)
    for path, content in NEW.items():
        assert ((root / path).read_bytes() if (root / path).exists() else None) == content
    assert roll_back(root, "0001").id == "0002"
    assert snapshot(root) == before


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o2640, 0o664])
def test_permissions_stay(folder: Folder, mode: int) -> None:
    root = folder.write({"a.py": "x = 1\n"}).root
    (root / "a.py").chmod(mode)
    put(root, {"a.py": b"x = 2\n"})
    assert stat.S_IMODE((root / "a.py").stat().st_mode) == mode
    roll_back(root, "1")

    assert stat.S_IMODE((root / "a.py").stat().st_mode) == mode


def test_a_file_that_is_made_gets_what_the_umask_leaves(folder: Folder) -> None:
    folder.write({"beside.py": ""})
    put(folder.root, {"a.py": b"x = 1\n"})
    script = FileChange(path="run", digest=None, edits=replace_file("run", None, b"#!x", rule="t").edits, mode=0o755)
    plan = ChangePlan(files=(script,), reason="why", origin="test", verification=Verification.OWN)
    apply_plan(folder.root, plan, verify=agree)

    assert (folder.root / "a.py").stat().st_mode == (folder.root / "beside.py").stat().st_mode
    assert stat.S_IMODE((folder.root / "run").stat().st_mode) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(folder: Folder) -> None:
    root = folder.write({"a.py": "x = 1\n"}).root
    os.chown(root / "a.py", 1234, 2345)
    put(root, {"a.py": b"x = 2\n"})

    assert ((root / "a.py").stat().st_uid, (root / "a.py").stat().st_gid) == (1234, 2345)


def test_names_that_are_no_text_or_hold_spaces(folder: Folder) -> None:
    names = [os.fsdecode(b"caf\xe9.py"), "a b.py", "\u00e9.py", "tab\t.py", "new\nline.py", "-x.py"]
    root = folder.write(dict.fromkeys(names, "x = 1\n")).root
    put(root, dict.fromkeys(names, b"x = 2\n"))
    assert all((root / name).read_bytes() == b"x = 2\n" for name in names)
    assert folder.call("changes", "list").returncode == folder.call("changes", "show", "1").returncode == 0
    roll_back(root, "1")

    assert all((root / name).read_bytes() == b"x = 1\n" for name in names)


def test_nothing_of_ours_is_in_the_tree_or_in_git(repository: Folder) -> None:
    repository.commit(OLD)
    put(repository.root, {"shop/a.py": b"x = 2\n"})

    assert repository.git("status", "--porcelain") == "M shop/a.py"
    assert {place.name for place in repository.root.iterdir()} == {".git", ".canonry", "shop"}
    assert set(open_tree(repository.root).files) == set(OLD)


# what is refused -----------------------------------------------------------------------------------------------------


def test_a_plan_needs_its_own_verification_where_it_says_so(folder: Folder) -> None:
    folder.write(OLD)
    plan = plan_of(folder.root, {"shop/a.py": b"x = 2\n"})

    with pytest.raises(ValueError, match="needs `verify`"):
        apply_plan(folder.root, plan)
    assert refused(folder.root, plan, verify=lambda *_: "a test is lost") == (
        "`shop/a.py` is not changed, nor any other file of the plan: a test is lost"
    )


def test_one_bad_result_keeps_all_files(folder: Folder) -> None:
    root = folder.write({"a.py": "x = f(1)\n", "b.py": "y = f(1)\n"}).root
    files = tuple(edits_plan(root, path, "f(1)", new).files[0] for path, new in [("a.py", "2"), ("b.py", "f(1")])
    plan = ChangePlan(files=files, reason="why", origin="test")

    assert refused(root, plan).startswith(
        "`b.py` is not changed, nor any other file of the plan: the result does not parse"
    )
    assert not list(ChangesFolder(root).journal.iterdir())


def test_edits_are_checked_and_written(folder: Folder) -> None:
    root = folder.write({"a.py": "x = f(1)\n"}).root
    outcome = apply_plan(root, edits_plan(root, "a.py", "f(1)", "g(2)"))

    assert (root / "a.py").read_bytes() == b"x = g(2)\n"
    assert read_history(ChangesFolder(root))[0].header.files[0].rules == ("TST000",)
    assert outcome.files == ("a.py",)


def test_a_file_that_changed_since(folder: Folder) -> None:
    root = folder.write(OLD).root
    plan = plan_of(root, {"shop/a.py": b"x = 2\n", "shop/gone.py": None, "made.py": b"1\n"})
    folder.write({"shop/a.py": "x = 9\n"})
    assert refused(root, plan) == "`shop/a.py` changed since it was read; plan again from what is there now"
    folder.write({"shop/a.py": OLD["shop/a.py"], "made.py": "2\n"})
    assert refused(root, plan) == (
        "`made.py` is there already, and the plan is to make it; plan again from what is there now"
    )
    (root / "made.py").unlink()
    (root / "shop/gone.py").unlink()
    assert refused(root, plan) == "`shop/gone.py` is gone; plan again from what is there now"


def test_a_file_that_changes_while_the_plan_is_applied(folder: Folder) -> None:
    root = folder.write(OLD).root

    def edit(name: str) -> None:
        if name == "staged":
            folder.write({"shop/bom.py": "mine = 1\n"})

    with pytest.raises(UndoneError, match=r"^`shop/bom.py` changed meanwhile; run the command again; "):
        put(root, NEW, step=edit)
    assert snapshot(root) == snapshot(folder.write({**OLD, "shop/bom.py": "mine = 1\n"}).root)


def test_a_tree_that_does_not_pass_is_put_back(folder: Folder) -> None:
    root = folder.write(OLD).root
    seen: list[bytes] = []

    def prove() -> str | None:
        seen.append((root / "shop/a.py").read_bytes())
        return "2 tests were lost"

    assert refused(root, plan_of(root, NEW), prove=prove) == "2 tests were lost; every file is as it was before"
    assert seen == [b"x = 2\n"]
    (change,) = read_history(ChangesFolder(root))
    assert (change.state, change.note) == ("undone", "2 tests were lost")


def test_what_somebody_edits_while_it_is_proved_is_never_lost(folder: Folder) -> None:
    root = folder.write(OLD).root

    def prove() -> str | None:
        folder.write({"shop/a.py": "mine = 1\n"})
        return "2 tests were lost"

    with pytest.raises(UndoneError) as caught:
        put(root, NEW, prove=prove)
    assert str(caught.value) == "2 tests were lost; `shop/a.py` was edited meanwhile and was left alone"
    assert (root / "shop/a.py").read_text() == "mine = 1\n"
    assert (root / "shop/gone.py").exists()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../a.py", "is no path below"),
        ("/etc/passwd", "is no path below"),
        ("", "is no path below"),
        ("a//b.py", "is no path below"),
        ("./a.py", "is no path below"),
        ("a\0.py", "is no path below"),
        (".GIT/config", "belongs to git or to canonry itself and is never changed"),
        (".git/config", "belongs to git or to canonry itself and is never changed"),
        (".canonry/cache.db", "belongs to git or to canonry itself and is never changed"),
        ("shop", "is no regular file; only those are changed"),
        ("pipe", "is no regular file; only those are changed"),
        ("shop/a.py/b.py", "lies below a file, so it cannot be made; plan another path"),
    ],
)
def test_what_is_no_file_of_the_tree(folder: Folder, path: str, message: str) -> None:
    os.mkfifo(folder.write(OLD).root / "pipe")
    plan = ChangePlan(
        files=(replace_file(path, None, b"x", rule="t"),), reason="", origin="test", verification=Verification.OWN
    )

    assert message in refused(folder.root, plan)


def test_one_file_twice(folder: Folder) -> None:
    root = folder.write({"a.py": "x\n"}).root
    (root / "b.py").symlink_to("a.py")
    plan = plan_of(root, {"a.py": b"y\n", "b.py": b"z\n"})

    assert refused(root, plan) == "the plan changes `a.py` twice; plan each file once"


def test_links_inside_the_tree_are_followed_and_stay(folder: Folder, tmp_path: Path) -> None:
    root = folder.write({"real/a.py": "x\n"}).root
    (root / "linked").symlink_to("real")
    (root / "b.py").symlink_to("linked/a.py")
    (root / "out").symlink_to(tmp_path)
    (root / "out.py").symlink_to(tmp_path / "outside.py")
    (tmp_path / "outside.py").write_text("x\n")
    assert put(root, {"b.py": b"y\n"}).files == ("real/a.py",)
    assert (root / "b.py").is_symlink()
    assert (root / "linked").is_symlink()
    for path in ("out.py", "out/outside.py"):
        assert refused(root, plan_of(root, {path: b"z\n"})).startswith(f"`{path}` is a link to ")
    assert (tmp_path / "outside.py").read_text() == "x\n"


def test_a_read_only_file(folder: Folder) -> None:
    (folder.write(OLD).root / "shop/a.py").chmod(0o444)

    assert refused(folder.root, plan_of(folder.root, NEW)) == (
        "`shop/a.py` is read-only; make it writable and run the command again"
    )


def test_a_plan_that_does_nothing(folder: Folder) -> None:
    root = folder.write(OLD).root

    assert refused(root, plan_of(root, {})) == "the plan changes no file; there is nothing to apply"
    assert refused(root, plan_of(root, {"shop/a.py": b"x = 1\n"})) == (
        "the plan leaves `shop/a.py` as it is; plan only files that change"
    )


def test_edits_that_collide(folder: Folder) -> None:
    root = folder.write({"a.py": "x = f(1)\n"}).root
    one, other = (edits_plan(root, "a.py", old, "y").files[0] for old in ("f(1)", "1"))
    change = FileChange(path="a.py", digest=one.digest, edits=(*one.edits, *other.edits))

    with pytest.raises(ConflictError, match=r"^`a.py`: TST000 and TST000 both edit line 1; apply one of them first$"):
        apply_plan(root, ChangePlan(files=(change,), reason="", origin="test"))


def test_what_the_caller_leaves_out(folder: Folder) -> None:
    root = folder.write(OLD).root

    assert refused(root, plan_of(root, NEW), left_out=lambda path: "a shadow tree" if "bom" in path else None) == (
        "`shop/bom.py` is left out (a shadow tree), so it is never changed"
    )


def test_one_writer_at_a_time(folder: Folder) -> None:
    root = folder.write(OLD).root
    with ChangesFolder(root).locked():
        assert refused(root, plan_of(root, NEW)) == (
            f"another canonry is changing files in `{root}`; run the command again when it is done"
        )
        assert folder.call("changes", "list").returncode == 0
        assert folder.call("changes", "rollback", "1").returncode == 2
    assert put(root, NEW).id == "0001"


def test_a_newer_format_is_refused(folder: Folder) -> None:
    root = folder.write(OLD).root
    put(root, {"shop/a.py": b"x = 2\n"})
    (ChangesFolder(root).place / "format").write_text("2\n")
    sentence = "was written by a newer canonry, or is damaged (format `2`, this one knows up to 1); use that version"

    assert sentence in refused(root, plan_of(root, {"shop/a.py": b"x = 3\n"}))
    for arguments in (["list"], ["show", "1"], ["rollback", "1"]):
        done = folder.call("changes", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
