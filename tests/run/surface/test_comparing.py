"""`canonry run --compare REF`: two copies alike but for one commit, each side run in its own, and what is said."""

import io
import json
import math
import tempfile

import msgspec
import pytest

from canonry.cli._run_compare import Sides, _copies, status_of
from canonry.history.statistics.paired import first_look, judge
from canonry.model.errors import NothingValidatedError
from canonry.model.outcome import Outcome
from canonry.report.run.compared import Question, render, render_json
from canonry.run.comparing import Compared, Side, TestCompared
from canonry.run.execute import StopSignal
from canonry.run.prepare import prepare
from canonry.run.project import open_project
from canonry.run.request import RunRequest
from canonry.source.trees.git import Git
from tests.workbench import Folder

WAITS = """
import os, pathlib, time

import shop


def test_waits():
    time.sleep({seconds})
    assert shop.NAME == "{name}"  # the copy's, not the tree's


def test_{name}():
    assert pathlib.Path("ignored.txt").exists()


def test_fails_{name}():
    assert 0
"""


def test_each_side_runs_its_own_files_and_the_tree_stays_as_it_is(
    repository: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(
        {
            ".gitignore": "ignored.txt\n",
            "ignored.txt": "x",
            "conftest.py": "",
            "shop.py": 'NAME = "old"\n',
            "tests/test_a.py": WAITS.format(seconds=0.02, name="old"),
            "tests/test_gone.py": "def test_gone():\n    assert 1\n",
        }
    )
    repository.git("rm", "--quiet", "tests/test_gone.py")
    repository.write({"shop.py": 'NAME = "new"\n', "tests/test_a.py": WAITS.format(seconds=0.2, name="new")})
    repository.write({"tests/test_untracked.py": "def test_untracked():\n    assert 1\n"})
    before = repository.git("status", "--porcelain")
    index = repository.root / ".git" / "index"
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))  # as in a hook
    monkeypatch.chdir(repository.root)
    with open_project() as project:
        prepared = prepare(project, RunRequest())
        commit = Git(project.root).resolve("HEAD")
        with _copies(project.root, commit) as copies, Sides(prepared, copies, StopSignal()) as measure:
            here, there = measure(Side.HERE, ()), measure(Side.THERE, ())
            places = list(copies.values())

    a = "tests/test_a.py::test_"
    assert here.outcomes[f"{a}waits"] is there.outcomes[f"{a}waits"] is Outcome.PASSED
    assert here.seconds[f"{a}waits"] > 0.2 > 0.02 < there.seconds[f"{a}waits"]
    assert (here.outcomes[f"{a}new"], there.outcomes[f"{a}old"]) == (Outcome.PASSED, Outcome.PASSED)
    assert "tests/test_untracked.py::test_untracked" in here.outcomes.keys() - there.outcomes.keys()
    assert "tests/test_gone.py::test_gone" in there.outcomes.keys() - here.outcomes.keys()
    assert not any(place.parent.exists() for place in places)
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert repository.git("status", "--porcelain") == before
    assert repository.git("diff", "--cached", "--name-only").split() == ["tests/test_gone.py"]
    assert repository.git("worktree", "list").count("\n") == 0


def test_nothing_that_passes_on_both_sides_is_nothing_compared(repository: Folder) -> None:
    repository.commit({"test_a.py": "def test_a():\n    assert 0\n\n\ndef test_b():\n    assert 1\n"})
    repository.write({"test_a.py": "def test_a():\n    assert 1\n\n\ndef test_c():\n    assert 1\n"})
    done = repository.call("run", "--compare", "HEAD")

    assert done.returncode == 5
    assert "1 test: it does not pass there: test_a.py::test_a" in done.stdout
    assert "1 test: it is only here: test_a.py::test_c" in done.stdout
    assert "1 test: it is only there: test_a.py::test_b" in done.stdout
    assert "with uncommitted changes compared with `HEAD`" in done.stdout
    assert "in 2 runs" in done.stdout
    assert "nothing was compared" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--compare", "v9.9"), "`v9.9` names no commit"),
        (("--compare", "--upload-pack=x"), "names no commit"),
        (("--compare", "HEAD", "--list"), "ask for two things"),
        (("--compare", "HEAD", "--report", "junit=x"), "makes many runs"),
        (("--compare", "HEAD", "--output-format", "ctrf"), "`full` or `json`"),
        (("--compare", "HEAD", "--cover"), "`--cover` measures what runs"),
    ],
)
def test_what_cannot_be_compared_is_a_mistake(repository: Folder, arguments: tuple[str, ...], said: str) -> None:
    repository.commit({"test_a.py": "def test_a():\n    assert 1\n"})
    done = repository.call("run", *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_temporary_folder_in_the_tree_is_refused(repository: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit({"test_a.py": "def test_a():\n    assert 1\n", "tmp/kept": ""})
    monkeypatch.setattr(tempfile, "tempdir", str(repository.root / "tmp"))
    done = repository.call("run", "--compare", "HEAD")

    assert done.returncode == 2
    assert "lies in the tree that is to be copied" in done.stderr
    assert [each.name for each in (repository.root / "tmp").iterdir()] == ["kept"]


def test_a_folder_outside_git_has_nothing_to_compare_with(folder: Folder) -> None:
    folder.write({"test_a.py": "def test_a():\n    assert 1\n"})
    done = folder.call("run", "--compare", "HEAD")

    assert done.returncode == 2
    assert "is no git repository" in done.stderr


def test_the_report_names_ratios_with_their_interval() -> None:
    paired = judge({"slow": [math.log(2) + number / 100 for number in range(-8, 9)], "same": [0.0] * 17})
    tests = tuple(TestCompared(node=f"t.py::{name}", paired=each, here=0.2, there=0.1) for name, each in paired.items())
    compared = Compared(tests=tests, left_out={"t.py::new": "it is only here"}, runs=36)
    question = Question(name="main", there="a" * 40, here="b" * 40)
    out, document = io.StringIO(), io.StringIO()
    render(question, compared, out)
    render_json(question, compared, document)

    assert "    slower  2.00 times (1.92 to 2.08)  0.200s, was 0.100s  t.py::slow  (17 pairs)\n" in out.getvalue()
    assert "1 slower, 0 faster, 1 the same (within 1.25 times), 0 that cannot be told" in out.getvalue()
    assert status_of(compared) == 1
    assert status_of(Compared(tests=tests[1:])) == 0
    unsure = msgspec.structs.replace(tests[0], paired=first_look([1.0, -1.0] * 3))
    with pytest.raises(NothingValidatedError, match="quieter machine"):
        status_of(Compared(tests=(unsure,)))
    assert json.loads(document.getvalue())["counts"] == {"slower": 1, "faster": 0, "same": 1, "not enough": 0}
