"""Kill -9 at every step of a change, of a rollback and of a recovery: the tree is as before or as after."""

import errno
import os
import signal
from pathlib import Path

import pytest

from canonry.changes.folder import ChangesFolder
from canonry.changes.history import read_history
from canonry.changes.recover import recover
from canonry.changes.rollback import roll_back
from canonry.changes.transaction import UndoneError
from tests.changes.trees import NEW, OLD, put, snapshot
from tests.workbench import Folder

Snapshot = dict[str, tuple[int, bytes | str]]


def steps_of(tmp_path: Path, what: str) -> list[str]:
    """The names of all steps that something takes when nothing ends it."""
    folder = Folder(tmp_path / "counted").write(OLD)
    seen: list[str] = []
    put(folder.root, NEW, step=seen.append)
    if what == "rollback":
        seen.clear()
        roll_back(folder.root, "1", step=seen.append)
    return seen


def kill(root: Path, what: str, count: int) -> int:
    """Does something in a process of its own that kills itself after that many steps; the signal that ended it, or 0."""
    left = [count]

    def step(_name: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            if what == "apply":
                put(root, NEW, step=step)
            elif what == "rollback":
                roll_back(root, "1", step=step)
            else:
                recover(root, step=step)
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status <= 0
    return -status


def is_clean(root: Path) -> bool:
    """Whether nothing is left over: no staged file, no journal without an end."""
    folder = ChangesFolder(root)
    return not list(folder.staging.iterdir()) and all(each.state != "unfinished" for each in read_history(folder))


def test_a_change_killed_at_any_step_is_made_or_undone(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    steps = steps_of(tmp_path, "apply")
    for count, name in enumerate(steps, 1):
        assert kill(root, "apply", count) == signal.SIGKILL, name
        notes = recover(root)
        if name in ("sealed", "cleaned"):
            assert notes == (), name
            assert all((root / path).exists() == (content is not None) for path, content in NEW.items())
            assert all((root / path).read_bytes() == content for path, content in NEW.items() if content is not None)
            roll_back(root, read_history(ChangesFolder(root))[-1].header.id)
        assert snapshot(root) == before, name
        assert is_clean(root), name
    assert {"begun", "stored", "staged", "replaced", "written", "proved", "sealed", "cleaned"} <= set(steps)


def test_the_next_listing_undoes_what_was_cut_off(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    assert kill(root, "apply", steps_of(tmp_path, "apply").index("replaced") + 3) == signal.SIGKILL
    assert snapshot(root) != before
    done = folder.call("changes", "list")

    assert snapshot(root) == before
    assert done.stderr == "canonry: change 0001 (a test changes it) was cut off and has been undone\n"
    assert done.stdout.splitlines()[1].split()[3:] == ["recovered", "6", "a", "test", "changes", "it"]


def test_the_next_change_undoes_it_first(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    kill(root, "apply", steps_of(tmp_path, "apply").index("replaced") + 2)
    (root / "shop/a.py").write_bytes(b"x = 2\n")  # what the killed one put there already
    outcome = put(root, {"shop/other.py": b"now = 1\n"})

    assert outcome.id == "0002"
    assert outcome.notes == ("change 0001 (a test changes it) was cut off and has been undone",)
    assert (root / "shop/a.py").read_bytes() == b"x = 1\n"


def test_a_rollback_killed_at_any_step_is_made_or_undone(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    steps = steps_of(tmp_path, "rollback")
    put(root, NEW)
    after = snapshot(root)
    for count, name in enumerate(steps, 1):
        assert kill(root, "rollback", count) == signal.SIGKILL, name
        recover(root)
        assert is_clean(root), name
        history = read_history(ChangesFolder(root))
        if name in ("sealed", "cleaned"):
            assert snapshot(root) == before, name
            assert history[0].state == "rolled back"
            roll_back(root, history[-1].header.id)
            assert read_history(ChangesFolder(root))[0].state == "sealed"
        else:
            assert history[0].state == "sealed"
        assert snapshot(root) == after, name


def test_a_recovery_killed_at_any_step_goes_on_where_it_was(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    late = steps_of(tmp_path, "apply").index("written") + 1
    for count in range(1, 30):
        kill(root, "apply", late)
        status = kill(root, "recover", count)
        recover(root)
        assert snapshot(root) == before
        assert is_clean(root)
        if status == 0:
            break
    assert status == 0
    assert count > len(NEW)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt(), ValueError("a bug")]
)
def test_whatever_ends_a_change_undoes_it(tmp_path: Path, folder: Folder, error: BaseException) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    steps = steps_of(tmp_path, "apply")
    for count in range(2, steps.index("sealed") + 1):
        left = [count]

        def step(_name: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise error

        expected = UndoneError if isinstance(error, OSError) else type(error)
        with pytest.raises(expected) as caught:
            put(root, NEW, step=step)
        assert snapshot(root) == before, steps[count - 1]
        assert is_clean(root)
        if isinstance(error, OSError):
            assert str(caught.value) == "no space left on device; every file is as it was before"


def test_what_somebody_edits_after_the_crash_is_left_alone(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    kill(root, "apply", steps_of(tmp_path, "apply").index("written") + 1)
    (root / "shop/a.py").write_bytes(b"mine = 1\n")
    (note,) = recover(root)

    assert note.endswith("has been undone; `shop/a.py` was edited meanwhile and was left alone")
    assert (root / "shop/a.py").read_bytes() == b"mine = 1\n"
    assert (root / "shop/crlf.py").read_bytes() == OLD["shop/crlf.py"]
    assert read_history(ChangesFolder(root))[0].kept == ("shop/a.py",)


def test_a_journal_line_that_a_crash_cut_off_counts_for_nothing(tmp_path: Path, folder: Folder) -> None:
    root = folder.write(OLD).root
    before = snapshot(root)
    kill(root, "apply", steps_of(tmp_path, "apply").index("proved") + 1)
    with (ChangesFolder(root).journal / "0001.jsonl").open("ab") as journal:
        journal.write(b'{"kind":"sealed","at":"2026')
    recover(root)

    assert snapshot(root) == before
    assert [each.state for each in read_history(ChangesFolder(root))] == ["recovered"]
