"""Copies of live code: by their name, or because they mirror what stands under a shorter prefix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.canon.options import Canon
from canonry.source.trees.shadow import mirror_candidates, named_shadows, shadow_name
from tests.workbench import IDLE, Folder

WORDS = Canon().shadow_names
LETTERS = "abcde"
LIVE: dict[str, str | bytes] = {
    f"tests/unit/test_{letter}.py": f"def test_{letter}():\n    assert '{letter}'\n" for letter in LETTERS
}


def copies(folder: str, *, of: str = "tests/unit", changed: str = "", more: int = 0) -> dict[str, str | bytes]:
    """A copy of the live files, some of them changed, with some of its own."""
    found = {
        path.replace(of, folder): f"{code}    assert 'changed'\n" if path[-4] in changed else code
        for path, code in LIVE.items()
    }
    return found | {f"{folder}/test_own_{number}.py": f"X = {number}\n" for number in range(more)}


def shadows(folder: Folder, **options) -> list[str]:
    return [finding.path for finding in folder.findings("DUP005", **options)]


@pytest.mark.parametrize(
    "name",
    [
        "backup", "tests_backup", "Backups", "tests.backup", "BACKUP_1", "archive", "_archived", "snapshots", "old",
        "old_tests", "tests-old", "tests.old", "test_old_2", "OLD", "tests_20250917", "2025-09-17", "2025_09_17",
        "2025.09.17", "run-2025-09-17-final", "19991231",
    ],
)  # fmt: skip
def test_a_name_that_says_copy(name: str) -> None:
    assert shadow_name(name, WORDS)


@pytest.mark.parametrize(
    "name",
    [
        "golden", "household", "folder", "threshold", "bold", "older_than", "tests", "unit", "2025", "2025-09",
        "20251317", "20250932", "2025-13-01", "2025-0917", "12345678", "120250917", "copy", "legacy", "back_up", "",
    ],
)  # fmt: skip
def test_a_name_that_only_looks_like_it(name: str) -> None:
    assert not shadow_name(name, WORDS)


def test_the_topmost_folder_is_named_once() -> None:
    found = named_shadows(["a/old/b/backup/x.py", "a/old/y.py", "a/z.py", "old.py", "x/backup/y.py"], WORDS)

    assert [(shadow.folder, shadow.files) for shadow in found] == [("a/old", 2), ("x/backup", 1)]


def test_a_named_copy_is_reported_once_and_counted_nowhere_else(folder: Folder) -> None:
    folder.write({"tests_backup/test_a.py": IDLE, "tests_backup/deep/test_b.py": IDLE, "tests/test_a.py": IDLE})
    result = folder.audit()

    assert [(each.code, each.path) for each in result.findings()] == [
        ("TST001", "tests/test_a.py"),
        ("DUP005", "tests_backup"),
    ]
    assert sum(result.header.shadows.values()) == 2
    assert [record.path for record in result.files()] == ["tests/test_a.py"]


def test_the_words_are_the_canons(folder: Folder) -> None:
    folder.write({"canonry.toml": "shadow-names = ['parked']\n", "parked/a.py": "x = 1\n", "backup/a.py": "x = 2\n"})

    assert shadows(folder) == ["parked"]


def test_backup_files_are_reported_too(folder: Folder) -> None:
    folder.write({"a.py": "x = 1\n", "a.py.backup": "x = 1\n", "b.py.backup_2": "x = 1\n", "old/c.py.backup": "x"})

    assert shadows(folder) == ["a.py.backup", "b.py.backup_2", "old"]


@pytest.mark.parametrize(
    ("copied", "found"),
    [
        (copies("legacy/tests/unit"), ["legacy"]),
        (copies("far/away/copy"), ["far/away/copy"]),
        (copies("legacy/tests/unit", changed="ab"), ["legacy"]),  # 3 of 5 are equal
        (copies("legacy/tests/unit", changed="abc"), []),  # 2 of 5 are equal
        (copies("legacy/tests/unit", more=1), ["legacy"]),  # 5 of 6 mirror
        (copies("legacy/tests/unit", more=2), []),  # 5 of 7 mirror
        (copies("copy"), ["tests/unit"]),  # a shorter prefix is never the copy
        (copies("tests/copy"), []),  # nor is an equal one
        ({path: code for path, code in copies("legacy/tests/unit").items() if path[-4] in "ab"}, []),  # two files
    ],
)
def test_a_mirror_needs_most_paths_and_half_of_the_contents(
    folder: Folder, copied: dict[str, str | bytes], found: list[str]
) -> None:
    folder.write(LIVE | copied)

    assert shadows(folder) == found


def test_trivial_files_do_not_make_a_mirror(folder: Folder) -> None:
    names = ("__init__.py", "conftest.py", "setup.py", "__main__.py")
    folder.write({f"shop/{name}": "" for name in names} | {f"more/shop/{name}": "" for name in names})

    assert shadows(folder) == []


def test_a_copy_inside_what_it_copies_is_found(folder: Folder) -> None:
    folder.write(LIVE | copies("tests/parked/unit"))

    assert shadows(folder) == ["tests/parked"]


def test_two_copies_are_two_findings(folder: Folder) -> None:
    folder.write(LIVE | copies("one/tests/unit") | copies("two/tests/unit"))

    assert shadows(folder) == ["one", "two"]


def test_a_copy_that_was_equal_when_it_was_added(repository: Folder) -> None:
    repository.commit(LIVE)
    repository.commit(copies("legacy/tests/unit"), "keep a copy")
    added = repository.git("rev-parse", "HEAD")
    repository.commit(copies("legacy/tests/unit", changed=LETTERS), "edit the copy")
    (finding,) = repository.findings("DUP005")

    assert finding.path == "legacy"
    assert added[:9] in finding.message


def test_a_folder_that_never_equalled_what_it_mirrors_is_no_copy(repository: Folder) -> None:
    repository.commit(LIVE)
    repository.commit(copies("legacy/tests/unit", changed=LETTERS))

    assert shadows(repository) == []


def test_equality_at_a_later_commit_than_the_adding_one_does_not_count(repository: Folder) -> None:
    repository.commit(LIVE)
    repository.commit(copies("legacy/tests/unit", changed=LETTERS))
    repository.commit(copies("legacy/tests/unit"), "for a moment equal")
    repository.commit(copies("legacy/tests/unit", changed="abcd"))

    assert shadows(repository) == []


def test_a_folder_name_is_no_pattern_for_history(repository: Folder) -> None:
    repository.commit(LIVE | {"legacy1/x.py": "x = 1\n"})
    repository.commit(copies("legacy[1]/tests/unit"))
    repository.commit(copies("legacy[1]/tests/unit", changed=LETTERS))

    assert shadows(repository) == ["legacy[1]"]


def test_what_history_said_on_one_branch_is_not_said_on_another(repository: Folder) -> None:
    repository.commit(LIVE)
    repository.git("branch", "other")
    repository.commit(copies("legacy/tests/unit"), "a copy")
    repository.commit(copies("legacy/tests/unit", changed=LETTERS), "edited")
    assert shadows(repository, cache=True) == ["legacy"]

    repository.git("checkout", "--quiet", "other")
    repository.commit(copies("legacy/tests/unit", changed=LETTERS), "never a copy")
    repository.commit({"shop.py": "x = 1\n"})
    assert shadows(repository, cache=True) == shadows(repository) == []


def test_the_same_verdict_for_a_commit_without_a_checkout(repository: Folder) -> None:
    repository.commit(LIVE | copies("legacy/tests/unit"))

    assert shadows(repository, revision="HEAD") == shadows(repository) == ["legacy"]


@given(
    st.lists(st.text(alphabet="ab/", min_size=1, max_size=12).map(lambda path: path.strip("/") + ".py"), max_size=30)
)
def test_a_candidate_always_has_the_longer_prefix(paths: list[str]) -> None:
    for candidate in mirror_candidates(paths):
        depth = candidate.original.count("/") + 1 if candidate.original else 0
        assert candidate.folder.count("/") + 1 > depth
