"""Applying a plan on a machine that does not play along: closed folders, full disks, crashes."""

import contextlib
import os
import resource
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from canonry.changes.apply import RefusedError, apply_plan, object_to_plan
from canonry.changes.folder import ChangesFolder
from canonry.changes.recover import recover
from canonry.changes.rollback import roll_back
from canonry.changes.splice import remove_file, replace_file
from canonry.changes.transaction import UndoneError
from canonry.model.change_plan import ChangePlan, Verification
from canonry.model.errors import UserError
from tests.changes.trees import NEW, OLD, agree, edits_plan, plan_of, put, refused, snapshot
from tests.workbench import Folder, as_nobody, in_process, small_disk


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
