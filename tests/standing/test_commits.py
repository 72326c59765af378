"""Commits of a branch, audited out of the object store, and the histories that keep what was measured."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from canonry.history.store import History, open_history
from canonry.model.errors import NothingValidatedError, UserError
from canonry.model.history import MeasuredRange, Source
from canonry.run.keeping import history_path
from canonry.standing.commits import history_of
from tests.workbench import Folder

CANON = '[tool.canonry]\ntests = ["tests"]\n'
SOUND = "def test_a():\n    assert 1 + 1 == 2\n"
BROKEN = "def test_b(:\n"
ADA = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example")


@pytest.fixture
def branch(repository: Folder) -> Folder:
    """Four commits: sound, broken, mended, and one whose canon leaves a folder out."""
    repository.start({"pyproject.toml": CANON, "tests/test_a.py": SOUND, "old/test_z.py": BROKEN})
    repository.commit({"tests/test_b.py": BROKEN}, "breaks a file")
    repository.commit({"tests/test_b.py": SOUND}, "mends it | <b>")
    repository.commit({"pyproject.toml": f'{CANON}exclude = ["old/**"]\n'}, "leaves a folder out")
    return repository


@pytest.fixture
def kept(tmp_path: Path) -> History:
    return open_history(tmp_path / "kept.db")


def numbers(found: MeasuredRange, name: str) -> list[float]:
    return [each.measured.values[name] for each in found.commits]


def test_every_commit_is_judged_by_the_canon_of_the_last(branch: Folder, kept: History) -> None:
    found = history_of(branch.root, "HEAD~3..HEAD", history=kept, workers=1)

    assert [each.subject for each in found.commits] == ["breaks a file", "mends it | <b>", "leaves a folder out"]
    assert numbers(found, "files") == [2, 2, 2]
    assert numbers(found, "unparsable") == [1, 0, 0]
    assert numbers(found, "compliant") == [1, 2, 2]
    assert [each.measured.parts.get(("rule", "SYN001"), 0) for each in found.commits] == [1, 0, 0]
    assert found.canon.startswith("`pyproject.toml` of ")
    assert [each.measured.commit for each in found.commits] == [each.commit for each in found.commits]


def test_what_was_measured_is_known_the_next_time(branch: Folder, kept: History) -> None:
    first = history_of(branch.root, "HEAD~3..HEAD~1", history=kept, config=branch.root / "pyproject.toml", workers=1)
    again = history_of(branch.root, "HEAD~3..HEAD", history=kept, config=branch.root / "pyproject.toml", workers=1)
    branch.write({"other.toml": '[tool.canonry]\ntests = ["old"]\n'})
    other = history_of(branch.root, "HEAD~3..HEAD", history=kept, config=branch.root / "other.toml", workers=1)

    assert [each.kept for each in first.commits] == [False, False]
    assert [each.kept for each in again.commits] == [True, True, False]
    assert [each.measured for each in again.commits[:2]] == [each.measured for each in first.commits]
    assert [each.kept for each in other.commits] == [False, False, False]
    assert len(kept.measured(Source.AUDIT)) == 6


def test_of_many_commits_some_are_audited_the_last_among_them(branch: Folder) -> None:
    found = history_of(branch.root, "HEAD~3..HEAD", most=2, workers=1)

    assert [each.subject for each in found.commits] == ["breaks a file", "leaves a folder out"]
    assert found.of == 3
    assert found.notes == ("2 of 3 commits are shown, evenly spread; `--commits 3` audits all",)


def test_a_rewritten_branch_is_measured_as_it_is_now(branch: Folder, kept: History) -> None:
    before = history_of(branch.root, "HEAD~2..HEAD", history=kept, workers=1)
    branch.git(*ADA, "commit", "--quiet", "--amend", "--message", "said anew")
    branch.git("reflog", "expire", "--expire=now", "--all")
    branch.git("gc", "--quiet", "--prune=now")
    after = history_of(branch.root, "HEAD~2..HEAD", history=kept, workers=1)
    gone = before.commits[-1].commit

    assert [each.kept for each in after.commits] == [True, False]
    assert gone not in {each.commit for each in after.commits}
    assert len(kept.measured(Source.AUDIT, commits=[gone])) == 1
    with pytest.raises(UserError, match=f"`{gone}` names no commit"):
        history_of(branch.root, f"HEAD~2..{gone}", history=kept)


@pytest.mark.parametrize("revisions", ["HEAD", "HEAD~1...HEAD", "..HEAD", "nowhere..HEAD", ""])
def test_what_is_no_range_is_refused(branch: Folder, revisions: str) -> None:
    with pytest.raises(UserError):
        history_of(branch.root, revisions)


def test_a_range_without_a_commit_validates_nothing(branch: Folder) -> None:
    with pytest.raises(NothingValidatedError, match="has to come before the last"):
        history_of(branch.root, "HEAD..HEAD~1")


def test_a_folder_outside_git_has_no_commits(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is in no git repository"):
        history_of(tmp_path, "a..b")


def test_what_merges_brought_in_is_left_out_unless_it_is_asked_for(branch: Folder) -> None:
    branch.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    branch.commit({"tests/test_c.py": SOUND}, "on the side")
    branch.git("checkout", "--quiet", "-")
    branch.git(*ADA, "merge", "--quiet", "--no-ff", "--message", "merges", "side")

    def subjects(*, merged: bool) -> list[str]:
        found = history_of(branch.root, "HEAD~2..HEAD", merged=merged, workers=1)
        return [each.subject for each in found.commits]

    assert subjects(merged=False) == ["leaves a folder out", "merges"]
    assert sorted(subjects(merged=True)) == ["leaves a folder out", "merges", "on the side"]


def test_the_command_writes_every_format(branch: Folder) -> None:
    said = {
        name: branch.call("report", "history", "HEAD~3..HEAD", "--output-format", name, "--workers", "1", "-q")
        for name in ("full", "markdown", "json", "csv")
    }
    assert {name: (done.returncode, done.stderr) for name, done in said.items()} == dict.fromkeys(said, (0, ""))
    document = json.loads(said["json"].stdout)
    rows = list(csv.DictReader(io.StringIO(said["csv"].stdout)))

    assert [commit["values"]["unparsable"] for commit in document["commits"]] == [1, 0, 0]
    assert [commit["kept"] for commit in document["commits"]] == [True, True, True]
    assert [(row["unparsable"], row["SYN001"]) for row in rows] == [("1", "1"), ("0", "0"), ("0", "0")]
    assert "compliance        50.00 % to 100.00 % (+50.00)" in said["full"].stdout
    assert "mends it | <b>" in said["full"].stdout
    assert "| unparsable | 1 to 0 (-1) |" in said["markdown"].stdout
    assert len(open_history(history_path(branch.root)).measured(Source.AUDIT)) == 3


def test_a_bare_repository_has_its_history_in_the_cache_folder(branch: Folder, tmp_path: Path) -> None:
    bare = branch.clone_bare(tmp_path / "bare.git")
    for expected in (False, True):
        done = branch.call(
            "report", "history", "HEAD~2..HEAD", "--repo", bare, "--output-format", "json", "--workers", "1", "-q"
        )
        assert [commit["kept"] for commit in json.loads(done.stdout)["commits"]] == [expected, expected]

    assert sorted(each.name for each in bare.iterdir() if each.name.startswith(".")) == []
    assert any(Path(os.environ["XDG_CACHE_HOME"]).rglob("bare.git-*/history.db"))
