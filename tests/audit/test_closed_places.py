"""Places that the system does not let us look at: one sentence and exit status 2, never a traceback."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.workbench import IDLE, SOUND, Folder, as_nobody, call_canonry, give_up_powers, in_process

VERBS = [("audit",), ("repair",), ("init",), ("changes", "list"), ("canon", "show")]


@pytest.fixture(scope="module")
def _imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the verbs import, which somebody without powers might not be allowed to."""
    other = Folder(tmp_path_factory.mktemp("other")).write({"test_a.py": SOUND, "broken.py": "x = (\n"})
    for verb in VERBS:
        other.call(*verb)


@pytest.fixture
def shop(_imported: None) -> Iterator[Folder]:
    """A folder that every user can reach, unlike pytest's, with a file in a folder that nobody may enter."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        folder = Folder(Path(place, "shop")).write({"tests/test_a.py": IDLE, "closed/test_z.py": SOUND})
        folder.root.chmod(0o777)
        (folder.root / "closed").chmod(0)
        yield folder
        for each in (folder.root, *folder.root.rglob("*")):
            if not each.is_symlink():
                each.chmod(0o777)


def called(folder: Folder, *arguments: str) -> Callable[[], str]:
    def act() -> str:
        done = call_canonry(*arguments, cwd=folder.root)
        return f"{done.returncode}\n{done.stderr}"

    return act


def said(folder: Folder, *arguments: str) -> list[str]:
    """The exit status and what a user without powers is told."""
    return as_nobody(called(folder, *arguments)).splitlines()


@pytest.mark.parametrize("verb", ["audit", "repair", "init"])
@pytest.mark.parametrize("path", ["closed", "closed/test_z.py"])
def test_a_closed_place_is_named(shop: Folder, verb: str, path: str) -> None:
    status, sentence = said(shop, verb, path)

    assert status == "2"
    assert sentence.startswith("canonry: ")
    assert path in sentence
    assert "cannot be read (permission denied)" in sentence or "is not readable" in sentence


@pytest.mark.parametrize("verb", ["audit", "repair", "init"])
def test_a_closed_repository_is_named(shop: Folder, verb: str) -> None:
    status, sentence = said(shop, verb, "--repo", "closed")

    assert status == "2"
    assert sentence == "canonry: Invalid value for '--repo': Path 'closed' is not readable."


@pytest.mark.parametrize("verb", VERBS[:3])
def test_a_closed_current_folder_is_named(shop: Folder, verb: tuple[str, ...]) -> None:
    def act() -> str:
        (shop.root / "here").mkdir()
        os.chdir(shop.root / "here")
        (shop.root / "here").chmod(0)
        give_up_powers()
        done = call_canonry(*verb, cwd=None)
        return f"{done.returncode}\n{done.stderr}"

    if os.geteuid() != 0:
        pytest.skip("only root may enter such a folder")
    status, sentence = in_process(act).splitlines()

    assert status == "2"
    assert "the current folder cannot be read (permission denied)" in sentence or "is not readable" in sentence


@pytest.mark.parametrize("verb", ["audit", "repair", "init"])
def test_a_name_that_is_too_long_is_named(folder: Folder, verb: str) -> None:
    folder.write({"test_a.py": SOUND})
    done = folder.call(verb, "a" * 300)

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"canonry: `{'a' * 300}` cannot be read (file name too long); shorten it, or name another place"
    ]


@pytest.mark.parametrize("verb", [("list",), ("rollback", "1"), ("show", "1")])
@pytest.mark.parametrize("place", [".canonry", ".canonry/changes", ".canonry/changes/journal"])
def test_changes_that_cannot_be_read_are_said(shop: Folder, verb: tuple[str, ...], place: str) -> None:
    shop.write({"pyproject.toml": ""})
    assert shop.call("init", "--write").returncode == 0
    (shop.root / ".canonry/changes").chmod(0o777)
    (shop.root / place).chmod(0)
    status, *sentences = said(shop, "changes", *verb)

    assert status == "2"
    assert all(each.startswith("canonry: ") for each in sentences)
    assert ".canonry" in sentences[-1]


def test_a_rule_file_that_cannot_be_read_is_named(shop: Folder) -> None:
    shop.write({"pyproject.toml": '[tool.canonry]\nrules-from = ["own.py"]\n', "own.py": ""})
    (shop.root / "own.py").chmod(0)

    assert said(shop, "audit") == [
        "2",
        "canonry: `own.py` of `rules-from` cannot be read (permission denied); mend that, or leave it out",
    ]


def test_a_closed_folder_inside_the_tree_is_a_note(shop: Folder) -> None:
    status, *sentences = said(shop, "audit")

    assert status == "1"
    assert any("closed` cannot be listed: Permission denied" in each for each in sentences)


# a canon that nobody can read ----------------------------------------------------------------------------------------

DECLARED = '[tool.canonry]\ntests = ["tests"]\n'


@pytest.mark.parametrize("verb", [("audit",), ("init",), ("repair",), ("canon", "show")])
@pytest.mark.parametrize("name", ["canonry.toml", "pyproject.toml"])
def test_a_canon_without_permission_is_no_missing_canon(shop: Folder, verb: tuple[str, ...], name: str) -> None:
    shop.write({name: 'tests = ["tests"]\n' if name == "canonry.toml" else DECLARED})
    (shop.root / name).chmod(0)

    assert said(shop, *verb) == [
        "2",
        f"canonry: `{name}` cannot be read (permission denied); mend that, or move it away",
    ]


@pytest.mark.parametrize("name", ["canonry.toml", "pyproject.toml"])
def test_a_canon_that_is_a_folder_is_a_mistake(folder: Folder, name: str) -> None:
    folder.start({"tests/test_a.py": SOUND, f"{name}/x.txt": ""})

    assert folder.call("audit").stderr.splitlines() == [
        f"canonry: `{name}` cannot be read (it is no regular file); move it away, or put a file there"
    ]


@pytest.mark.parametrize("target", ["pyproject.toml", "nowhere"])
def test_a_canon_that_is_a_link_to_nothing_is_a_mistake(folder: Folder, target: str) -> None:
    folder.start({"tests/test_a.py": SOUND})
    (folder.root / "pyproject.toml").symlink_to(target)
    done = folder.call("audit")

    assert done.returncode == 2
    assert done.stderr.startswith("canonry: `pyproject.toml` cannot be read (")


def test_an_unreadable_project_file_beside_the_canon_is_a_note(folder: Folder) -> None:
    folder.start({"tests/test_a.py": SOUND, "canonry.toml": 'tests = ["tests"]\n', "pyproject.toml/x.txt": ""})
    done = folder.call("audit")

    assert done.returncode == 0
    assert "`pyproject.toml` cannot be read (it is no regular file)" in done.stderr
    assert "its `requires-python` is unknown" in done.stderr


# files that nobody can read ------------------------------------------------------------------------------------------


def test_a_test_file_that_cannot_be_read_is_not_compliant(shop: Folder) -> None:
    shop.write({"tests/test_a.py": SOUND, "tests/test_b.py": SOUND, "tests/notes.py": ""})
    for path in ("tests/test_b.py", "tests/notes.py"):
        (shop.root / path).chmod(0)
    report = json.loads(as_nobody(lambda: call_canonry("audit", "--output-format", "json", cwd=shop.root).stdout))

    assert report["compliance"] == {"compliant": 1, "total": 2, "percent": 50.0}
    assert report["compliance_by"]["folder"] == [
        {"name": "tests", "compliance": {"compliant": 1, "total": 2, "percent": 50.0}}
    ]
    assert report["population"]["missing"] == 2


def test_a_test_file_that_was_deleted_is_none(folder: Folder) -> None:
    folder.start({"tests/test_a.py": SOUND, "tests/test_b.py": SOUND})
    (folder.root / "tests/test_b.py").unlink()

    assert folder.report()["compliance"]["total"] == 1


def test_a_broken_workflow_is_named(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND, ".github/workflows/ci.yml": "jobs: [\n"})
    done = folder.call("audit")

    assert "canonry: `.github/workflows/ci.yml:" in done.stderr
    assert "is passed over: broken" in done.stderr
