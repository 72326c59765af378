"""Applying a plan: what it writes, what it keeps, what it refuses, and that a refusal writes nothing."""

import contextlib
import os
import resource
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from canonry.changes.apply import RefusedError, apply_plan, object_to_plan
from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.changes.recover import recover
from canonry.changes.rollback import roll_back
from canonry.changes.splice import ConflictError, digest_of, remove_file, replace_file
from canonry.changes.transaction import UndoneError
from canonry.model.change_plan import ChangePlan, FileChange, Verification
from canonry.model.errors import UserError
from canonry.source.trees.tree import open_tree
from tests.changes.trees import NEW, OLD, agree, edit_of, plan_of, put, snapshot
from tests.workbench import Folder, as_nobody, in_process, small_disk


def refused(root: Path, plan: ChangePlan, **options: object) -> str:
    """The one sentence of a refusal, after which everything is as before."""
    before = snapshot(root)
    options = {"verify": agree} | options
    with pytest.raises(UserError) as caught:
        apply_plan(root, plan, **options)  # type: ignore[arg-type]
    assert snapshot(root) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def edits_plan(root: Path, path: str, old: str, new: str, **fields: object) -> ChangePlan:
    content = (root / path).read_bytes()
    change = FileChange(path=path, digest=digest_of(content), edits=(edit_of(content, old.encode(), new.encode()),))
    return ChangePlan(files=(change,), reason="why", origin="test", **fields)  # type: ignore[arg-type]


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


# git -----------------------------------------------------------------------------------------------------------------


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


# a machine that does not play along ----------------------------------------------------------------------------------


@pytest.fixture
def open_folder() -> Iterator[Folder]:
    """A folder that every user can reach, unlike pytest's."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        other = Folder(Path(place, "other")).write(OLD)
        put(other.root, NEW)  # imports what somebody without powers might not be allowed to
        other.call("changes", "list")
        folder = Folder(Path(place, "shop")).write(OLD)
        yield folder
        for path in (folder.root, *folder.root.rglob("*")):
            if path.is_dir():
                path.chmod(0o777)


def attempt(root: Path, new: dict[str, bytes | None]) -> Callable[[], str]:
    def act() -> str:
        try:
            put(root, new)
        except UserError as error:
            return str(error)
        return "done"

    return act


def test_a_folder_that_cannot_be_written(open_folder: Folder) -> None:
    root = open_folder.write({"locked/a.py": "x = 1\n"}).root
    before = snapshot(root)
    (root / "locked").chmod(0o555)
    said = as_nobody(attempt(root, {"shop/a.py": b"x = 2\n", "locked/a.py": b"x = 2\n", "shop/gone.py": None}))
    (root / "locked").chmod(before["locked"][0] & 0o7777)

    assert "permission denied; every file is as it was before" in said
    assert snapshot(root) == before


def test_a_crash_that_cannot_be_undone_yet(open_folder: Folder) -> None:
    root = open_folder.write({"locked/a.py": "x = 1\n"}).root
    before = snapshot(root)

    def crash(name: str) -> None:
        if name == "written":
            os._exit(9)

    assert in_process(lambda: str(put(root, {"locked/a.py": b"x = 2\n"}, step=crash))) == ""
    (root / "locked").chmod(0o555)
    said = as_nobody(attempt(root, {"shop/a.py": b"x = 2\n"}))
    assert said.startswith("change 0001 (a test changes it) was cut off and cannot be undone yet (")
    assert said.endswith("permission denied); see to that and run `canonry changes list`")
    assert "cannot be undone yet" in as_nobody(lambda: open_folder.call("changes", "list").stderr)
    (root / "locked").chmod(before["locked"][0] & 0o7777)

    assert attempt(root, {"nowhere/../a.py": b"x = 2\n"})() == (
        "change 0001 (a test changes it) was cut off and has been undone\n"
        f"`nowhere/../a.py` is no path below `{root}`; plans name files relative to it"
    )
    assert snapshot(root) == before


def test_a_tree_without_a_place_for_the_journal(open_folder: Folder) -> None:
    root = open_folder.root
    before = snapshot(root)
    root.chmod(0o555)
    said = as_nobody(attempt(root, {"shop/a.py": b"x = 2\n"}))

    assert said == (
        f"`{root}/.canonry/changes` cannot be written (Permission denied), and no file is changed without a journal; "
        "see to the folder's permissions and the room on the disk"
    )
    assert snapshot(root) == before


@pytest.mark.parametrize("big", [b"x = 1\n" * 100_000, os.urandom(200_000)], ids=["while staging", "while storing"])
def test_a_disk_that_takes_no_more(folder: Folder, big: bytes) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)

    def act() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        return attempt(root, {"shop/a.py": b"x = 2\n", "shop/big.bin": big, "shop/gone.py": None})()

    said = in_process(act)
    assert said.endswith("file too large; every file is as it was before")
    assert snapshot(root) == before


def test_a_disk_that_is_full_when_the_change_has_to_be_undone(folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)

    def prove() -> str | None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        return "2 tests were lost"

    def act() -> str:
        try:
            put(root, NEW, prove=prove)
        except UserError as error:
            return str(error)
        return "done"

    said = in_process(act)
    assert said.startswith("2 tests were lost; undoing it failed too (")
    assert snapshot(root) == before
    assert len(recover(root)) == 1
    assert snapshot(root) == before


def fill(folder: Path) -> None:
    """Writes until the disk takes no more."""
    with (folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
        while True:
            filler.write(b"x" * 1_000)


@pytest.mark.requires("tmpfs")
def test_a_disk_that_is_really_full(folder: Folder) -> None:
    with small_disk(folder.root):
        root = folder.write(OLD).root
        put(root, {"shop/other.py": b"now = 1\n"})
        fill(root)
        before = snapshot(root)
        message = refused(root, plan_of(root, {**NEW, "shop/big.bin": b"x" * 50_000}))
        assert message.removeprefix(f"`{ChangesFolder(root).staging}").endswith(
            "no space left on device; nothing was changed"
        ) or (message.endswith("no space left on device; every file is as it was before"))
        assert snapshot(root) == before
        (root / "filler").unlink()
        before = snapshot(root)

        def prove() -> str | None:
            fill(root)
            return "2 tests were lost"

        with pytest.raises(UndoneError, match=r"^2 tests were lost; "):
            put(root, NEW, prove=prove)
        (root / "filler").unlink()
        assert snapshot(root) == before
        recover(root)
        assert snapshot(root) == before


@pytest.mark.requires("tmpfs")
def test_a_tree_over_two_file_systems(folder: Folder) -> None:
    root = folder.write({"a.py": "x = 1\n"}).root
    (root / "other").mkdir()
    with small_disk(root / "other"):
        folder.write({"other/b.py": "x = 1\n"})
        before = snapshot(root)
        put(root, {"a.py": b"x = 2\n", "other/b.py": b"x = 2\n"})
        assert (root / "other/b.py").read_bytes() == b"x = 2\n"
        assert sorted(place.name for place in (root / "other").iterdir()) == ["b.py"]
        roll_back(root, "1")
        assert snapshot(root) == before
        assert refused(root, plan_of(root, {"a.py": b"x = 2\n", "other/b.py": b"x = 2\n"}), prove=lambda: "no") == (
            "no; every file is as it was before"
        )
        fill(root / "other")
        before = snapshot(root)
        message = refused(root, plan_of(root, {"a.py": b"x = 2\n", "other/b.py": b"x = 2\n" * 900}))
        assert "no space left on device; every file is as it was before" in message
        assert snapshot(root) == before


def test_a_preview_tells_of_every_file_that_would_be_refused(folder: Folder) -> None:
    root = folder.write({"a.py": "x = f(1)\n", "b.py": "y = f(1)\n", "c.py": "z = f(1)\n"}).root
    results = {"a.py": "2", "b.py": "f(1", "c.py": "g(#)"}
    plan = ChangePlan(
        files=tuple(edits_plan(root, path, "f(1)", new).files[0] for path, new in results.items()),
        reason="",
        origin="t",
    )

    assert [each.path for each in object_to_plan(root, plan)] == ["b.py", "c.py"]
    assert not (root / ".canonry").exists()
    with pytest.raises(RefusedError) as caught:
        apply_plan(root, plan)
    assert caught.value.objection == object_to_plan(root, plan)[0]


def test_the_journal_is_for_nobody_else(folder: Folder) -> None:
    put(folder.write(OLD).root, NEW)

    assert stat.S_IMODE(ChangesFolder(folder.root).place.stat().st_mode) == 0o700


def test_a_thousand_files(folder: Folder) -> None:
    names = [f"shop/p{number % 40}/m{number}.py" for number in range(1_000)]
    root = folder.write({name: f"x = {number}\n" * 50 for number, name in enumerate(names)}).root
    before = snapshot(root)
    put(root, {name: b"y = 1\n" + (root / name).read_bytes() for name in names})
    roll_back(root, "1")

    assert snapshot(root) == before


def test_files_that_are_taken_away_and_moved(folder: Folder) -> None:
    root = folder.write({"old/a.py": "x = 1\n"}).root
    content = (root / "old/a.py").read_bytes()
    files = (remove_file("old/a.py", content), replace_file("new/a.py", None, content, rule="t"))
    apply_plan(root, ChangePlan(files=files, reason="", origin="t", verification=Verification.OWN), verify=agree)

    assert not (root / "old/a.py").exists()
    assert (root / "new/a.py").read_bytes() == content
    roll_back(root, "1")
    assert not (root / "new").exists()
    assert (root / "old/a.py").read_bytes() == content
