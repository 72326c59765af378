"""`canonry audit --keep`: whole trees are kept, a commit once, a tree with changes as such."""

import pytest

from canonry.history.store import open_history
from canonry.model.history import Measured, Source
from canonry.run.keeping import history_path
from tests.workbench import Folder

FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.canonry]\ntests = ["tests"]\n',
    "tests/test_a.py": "def test_a():\n    assert 1 + 1 == 2\n",
}


def kept(repository: Folder) -> list[Measured]:
    with open_history(history_path(repository.root)) as history:
        return history.measured(Source.AUDIT)


def test_a_commit_is_kept_once_and_a_tree_with_changes_beside_it(repository: Folder) -> None:
    repository.start(FILES)
    for _ in range(2):
        assert repository.call("audit", "--keep", "-q", "--workers", "1").returncode == 0
    walked = repository.call("report", "history", "HEAD..HEAD", "-q")
    repository.write({"tests/test_b.py": "def test_b(:\n"})
    assert repository.call("audit", "--keep", "-q", "--workers", "1").returncode == 1
    clean, changed = kept(repository)

    assert walked.returncode == 5
    assert (clean.dirty, clean.at, clean.values["unparsable"]) == (False, 1748779200.0, 0)
    assert (changed.dirty, changed.values["unparsable"]) == (True, 1)
    assert clean.basis == changed.basis


def test_a_walk_over_commits_knows_what_an_audit_kept(repository: Folder) -> None:
    repository.start(FILES)
    repository.commit({"tests/test_b.py": "def test_b():\n    assert 2 + 2 == 4\n"})
    repository.call("audit", "--keep", "-q", "--workers", "1")
    done = repository.call("report", "history", "HEAD~1..HEAD", "--workers", "1", "-q")

    assert "1 commit, 1 of them known before" in done.stdout
    assert len(kept(repository)) == 1


@pytest.mark.parametrize("narrows", [["tests"], ["--staged"], ["--owner", "ada"]])
def test_a_part_of_a_tree_is_not_kept(repository: Folder, narrows: list[str]) -> None:
    repository.start(FILES)
    done = repository.call("audit", "--keep", *narrows)

    assert (done.returncode, done.stdout) == (2, "")
    assert "`--keep` keeps audits of whole trees" in done.stderr


def test_an_audit_that_cannot_be_kept_is_an_audit_all_the_same(repository: Folder) -> None:
    repository.start(FILES)
    history_path(repository.root).mkdir(parents=True)
    done = repository.call("audit", "--keep", "--workers", "1")

    assert done.returncode == 0
    assert "canonry: the audit is not kept: the history" in done.stderr
