"""`canonry migrate` and `canonry audit --fix`, as commands."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonry.changes.splice import splice
from canonry.migrate.edits import joined
from canonry.model.edit import Edit
from tests.workbench import Folder

PATH = "tests/test_it.py"
READ = "import os\n\n\ndef test_a():\n    assert os.environ.get('URL') is None\n"
AFTER = "from canonry.testing import IsolatedEnvironment\n\n\ndef test_a():\n    assert IsolatedEnvironment().get('URL') is None\n"


@pytest.fixture
def place(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "shop").start({PATH: READ, "pyproject.toml": "[tool.canonry]\n"})


def text(place: Folder) -> str:
    return (place.root / PATH).read_text()


def test_a_preview_shows_and_writes_nothing(place: Folder) -> None:
    done = place.call("migrate")
    assert (done.returncode, text(place)) == (1, READ)
    assert "+from canonry.testing import IsolatedEnvironment" in done.stdout


def test_what_is_written_is_empty_the_second_time_and_can_be_undone(place: Folder) -> None:
    done = place.call("migrate", "--write")
    assert (done.returncode, text(place)) == (0, AFTER), done.stderr
    assert place.call("migrate").returncode == 0
    change = json.loads(place.call("changes", "list", "--output-format", "json").stdout)["changes"][0]["id"]
    assert place.call("changes", "rollback", change).returncode == 0
    assert text(place) == READ


def test_a_commit_is_migrated_beside_the_tree(place: Folder, tmp_path: Path) -> None:
    (place.root / PATH).write_text("x = 1\n")
    done = place.call("migrate", "--rev", "HEAD", "--output", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / PATH).read_text() == AFTER
    assert text(place) == "x = 1\n"


def test_a_commit_is_never_written_to(place: Folder) -> None:
    done = place.call("migrate", "--rev", "HEAD", "--write")
    assert (done.returncode, "`--output`" in done.stderr) == (2, True)


def test_a_file_is_not_written_during_a_merge(place: Folder) -> None:
    place.git("checkout", "-q", "-b", "other")
    place.commit({"tests/test_other.py": "x = 1\n"})
    place.git("checkout", "-q", "-")
    place.commit({"tests/test_other.py": "x = 2\n"})
    with pytest.raises(Exception, match="merge"):
        place.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "merge", "other")
    done = place.call("migrate", "--write")
    assert (done.returncode, text(place)) == (2, READ)


def test_audit_fix_is_the_same(place: Folder) -> None:
    assert place.call("audit", "--fix", "--select", "BAS").returncode == 0
    assert place.call("audit", "--fix", "--select", "ENV").returncode == 1
    assert place.call("audit", "--fix", "--write", "--select", "ENV001").returncode == 0
    assert text(place) == AFTER
    assert place.call("audit", "--write").returncode == 2


def test_counts_are_in_json_by_codemod_and_grade(place: Folder) -> None:
    report = json.loads(place.call("migrate", "--output-format", "json").stdout)
    assert report["grades"] == {"environment": {"safe": 1, "review": 0, "manual": 0}}
    assert [(item["path"], item["line"], item["planned"]) for item in report["items"]] == [(PATH, 5, True)]


def test_codemods_are_listed_and_unknown_ones_are_told(place: Folder) -> None:
    assert "absolute-imports" in place.call("migrate", "list").stdout
    done = place.call("migrate", "--codemod", "enviroment")
    assert (done.returncode, "did you mean `environment`?" in done.stderr) == (2, True)


@given(st.data())
def test_edits_of_two_turns_do_together_what_they_do_in_turn(data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=12))
    first = data.draw(edits(content))
    between = splice(content, first)
    second = data.draw(edits(between))
    assert splice(content, joined(content, first, second, between)) == splice(between, second)


@st.composite
def edits(draw: st.DrawFn, content: bytes) -> list[Edit]:
    """Edits of a content that do not meet."""
    places = sorted(draw(st.lists(st.integers(0, len(content)), max_size=6, unique=True)))
    pairs = zip(places[::2], places[1::2], strict=False)
    return [
        Edit(start=a, end=b, expected=content[a:b], replacement=draw(st.binary(max_size=3)), rule="r") for a, b in pairs
    ]


def test_results_stand_apart_from_the_tree_and_from_other_runs(tmp_path: Path) -> None:
    place = Folder(tmp_path / "shop").start({"tests/test_a.py": READ, "tests/test_b.py": READ})
    for inside in ("tests", "new/folder", "."):
        done = place.call("migrate", "--output", inside)
        assert (
            done.returncode,
            "the tree that was read" in done.stderr or "the files that were read" in done.stderr,
        ) == (
            2,
            True,
        ), done.stderr
    assert place.git("status", "--porcelain") == ""
    out = str(tmp_path / "out")
    assert place.call("migrate", "--output", out).returncode == 0
    assert place.call("migrate", "--output", out).returncode == 0
    other = place.call("migrate", "tests/test_a.py", "--output", out)
    assert (other.returncode, "`tests/test_b.py`); name an empty folder" in other.stderr) == (2, True), other.stderr


def test_a_codemod_is_understood_by_its_name_at_any_place(tmp_path: Path) -> None:
    place = Folder(tmp_path / "shop").start(
        {"tests/test_a.py": READ, "Makefile": "t:\n\tpytest tests\n", "requirements.txt": "canonry\n"}
    )
    for arguments in (
        ("--output-format", "concise", "ci-commands"),
        ("--review", "ci-commands"),
        ("ci-commands", "Makefile", "--output-format", "concise"),
        ("Makefile", "tests", "ci-commands"),
    ):
        done = place.call("migrate", *arguments)
        assert (done.returncode, "ENV001" in done.stdout, "Makefile" in done.stdout) == (1, False, True), (
            arguments,
            done.stderr,
        )


def test_a_word_that_no_command_takes_is_refused_with_a_next_step(tmp_path: Path) -> None:
    place = Folder(tmp_path / "shop").start({"tests/test_a.py": READ})
    place.call("migrate", "plan", "-q")
    done = place.call("migrate", "next", "99", "--write")
    assert (done.returncode, "waves are taken in their order" in done.stderr) == (2, True), done.stderr
