"""What changes on disk is noticed, also while an audit runs and where a clock or a stat record says nothing changed."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from canonry.audit.engine import audit
from canonry.audit.request import Request
from tests.workbench import IDLE, SOUND, Folder, builtins

LOUD = "def test_total():\n    print((sum([1, 2]), 3))\n"
"""As long as a sound test, and without an assertion."""
OLD = 1_500_000_000


def idle_files(folder: Folder, **options) -> list[str]:
    return [finding.path for finding in folder.findings("TST001", cache=True, **options)]


def replace_unseen(path: Path, content: str) -> None:
    """Writes a content of the same size and puts the modification time back."""
    status = path.stat()
    assert status.st_size == len(content.encode())
    path.write_text(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def by_rename(path: Path, content: str) -> None:
    status = path.stat()
    other = path.with_suffix(".new")
    other.write_text(content)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(path)


@pytest.fixture(params=["folder", "repository", "untracked"])
def place(request: pytest.FixtureRequest, folder: Folder, repository: Folder) -> Folder:
    """The same test file outside git, tracked, and not yet tracked; its modification time is long ago."""
    found = folder if request.param == "folder" else repository
    found.write({"tests/test_a.py": SOUND})
    os.utime(found.root / "tests" / "test_a.py", (OLD, OLD))
    if request.param == "repository":
        found.commit()
    return found


@pytest.mark.parametrize("replace", [replace_unseen, by_rename])
def test_the_same_size_and_time_do_not_hide_a_change(place: Folder, replace: Callable[[Path, str], None]) -> None:
    assert len(LOUD) == len(SOUND)
    assert idle_files(place) == []
    if (place.root / ".git" / "index").exists():
        time.sleep(1.01)  # git compares the time of change in seconds
    replace(place.root / "tests" / "test_a.py", LOUD)

    assert idle_files(place) == ["tests/test_a.py"]


def test_edits_in_quick_succession_are_all_seen(place: Folder) -> None:
    path = place.root / "tests" / "test_a.py"
    for number in range(6):
        path.write_text(LOUD if number % 2 else SOUND)
        assert bool(idle_files(place)) is bool(number % 2)


def test_a_touched_file_is_the_same_file(place: Folder) -> None:
    before = builtins(place.audit(cache=True))
    os.utime(place.root / "tests" / "test_a.py", (OLD + 5, OLD + 5))

    assert builtins(place.audit(cache=True)) == before
    assert place.audit(cache=True).header.dirty is (place.audit(cache=False).header.dirty)


def test_a_touched_file_does_not_make_the_tree_dirty(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": SOUND})
    os.utime(repository.root / "tests" / "test_a.py")

    assert not repository.audit().header.dirty


@pytest.mark.parametrize(
    ("change", "dirty"),
    [
        ({}, False),
        ({"tests/test_a.py": IDLE}, True),
        ({"tests/test_new.py": SOUND}, True),
        ({"README.md": "changed\n"}, True),
        ({"ignored.py": SOUND}, False),
    ],
)
def test_dirty_says_whether_the_tree_differs_from_its_commit(
    repository: Folder, change: dict[str, str], dirty: bool
) -> None:
    repository.commit({"tests/test_a.py": SOUND, "README.md": "\n", ".gitignore": "ignored.py\n"})
    repository.write(change)

    assert repository.audit().header.dirty is dirty


def during(folder: Folder, act: Callable[[], None], **options) -> object:
    """An audit with the cache, in the middle of whose reading something happens once."""
    acts = [act]

    def progress(what: str, _done: int, _total: int) -> None:
        if what == "reading" and acts:
            acts.pop()()

    return audit(Request(repository=folder.root, target="3.11", workers=1, **options), progress=progress)


MANY: dict[str, str | bytes] = {f"tests/test_{letter}.py": f"{SOUND}X = '{letter}'\n" for letter in "abcdef"}


@pytest.fixture(params=["folder", "repository"])
def many(request: pytest.FixtureRequest, folder: Folder, repository: Folder) -> Folder:
    return folder.write(MANY) if request.param == "folder" else repository.commit(MANY)


def test_a_file_that_vanishes_while_others_are_read_is_named(many: Folder) -> None:
    result = during(many, (many.root / "tests" / "test_f.py").unlink)

    assert result.header.missing == {"tests/test_f.py": "vanished or unreadable"}
    assert [record.path for record in result.files()] == [path for path in MANY if "_f" not in path]


def test_a_file_that_vanished_and_came_back_is_found_again(many: Folder) -> None:
    path = many.root / "tests" / "test_f.py"
    during(many, path.unlink)
    path.write_bytes(f"{SOUND}X = 'f'\n".encode())
    result = many.audit(cache=True)

    assert result.header.missing == {}
    assert builtins(result) == builtins(many.audit(cache=False))


def test_a_file_that_is_edited_while_others_are_read_poisons_nothing(many: Folder) -> None:
    path = many.root / "tests" / "test_f.py"
    before = path.read_bytes()
    result = during(many, lambda: path.write_text(IDLE))
    path.write_bytes(before)

    assert [finding.path for finding in result.findings()] in (["tests/test_f.py"], [])
    assert idle_files(many) == []
    path.write_text(IDLE)
    assert idle_files(many) == ["tests/test_f.py"]


def test_a_folder_that_vanishes_while_files_are_read_is_survived(many: Folder) -> None:
    result = during(many, lambda: (many.root / "tests").rename(many.root / "elsewhere"))

    assert set(result.header.missing) <= set(MANY)
    assert len(result.header.missing) + len(list(result.files())) == len(MANY)


def test_a_clock_that_runs_ahead_hides_nothing(place: Folder) -> None:
    path = place.root / "tests" / "test_a.py"
    future = time.time() + 1e6
    os.utime(path, (future, future))
    assert idle_files(place) == []
    replace_unseen(path, LOUD)

    assert idle_files(place) == ["tests/test_a.py"]
