"""`canonry init` as users call it: what it prints, what it writes, what it never touches."""

import json
import os
import stat
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonry.canon.load import load_canon
from tests.canon.test_canon_insert import documents, is_kept
from tests.workbench import SOUND, Folder

TREE: dict[str, str | bytes] = {
    "tests/unit/test_a.py": SOUND,
    "tests/unit/test_b.py": SOUND,
    "Makefile": "test:\n\tpytest\n",
}
KEYS = ["tests", "canon.runner", "canon.base-cases", "canon.environment", "canon.mock-factory", "categories.unit"]
NONE = (
    "# 0 files use `os.environ` directly, and no class or function that reads it is imported for that:\n"
    '# none is demanded\nenvironment = ""\n'
    '# 0 test files make mocks in place; no test needs a factory: none is demanded\nmock-factory = ""\n'
)


@pytest.fixture
def shop(folder: Folder) -> Folder:
    return folder.write(TREE)


def test_the_preview_is_a_canon_with_reasons(shop: Folder) -> None:
    done = shop.write({"pyproject.toml": "[project]\nname = 'shop'\n"}).call("init", "--no-cache")

    assert done.returncode == 1
    assert done.stdout == (
        '[tool.canonry]\n# it holds 2 of 2 files with tests\ntests = ["tests"]\n\n'
        '[tool.canonry.canon]\n# 1 command in 1 file (`Makefile`) starts pytest\nrunner = "pytest"\n'
        "# 2 of 2 tests are functions, or methods of classes without a base case: none is demanded\nbase-cases = []\n"
        f"{NONE}\n"
        '# 2 test files in 1 folder of that kind\n[tool.canonry.categories.unit]\npaths = ["tests/unit"]\n'
    )
    assert "canonry: counted 2 Python files, 2 test files, 2 tests\n" in done.stderr
    assert "canonry: not proposed: `canon.symbols`: " in done.stderr
    assert done.stderr.endswith("canonry: `--write` adds them to `pyproject.toml`\n")
    assert (shop.root / "pyproject.toml").read_text() == "[project]\nname = 'shop'\n"


def test_toml_alone_and_quiet(shop: Folder) -> None:
    done = shop.call("init", "--no-cache", "--output-format", "toml", "--quiet")

    assert "#" not in done.stdout
    assert done.stderr == ""
    assert tomllib.loads(done.stdout)["canon"] == {
        "runner": "pytest",
        "base-cases": [],
        "environment": "",
        "mock-factory": "",
    }


def test_json_has_the_counts(shop: Folder) -> None:
    document = json.loads(shop.call("init", "--no-cache", "--output-format", "json").stdout)

    assert (document["schema"], document["file"], document["written"]) == (1, "canonry.toml", False)
    assert [entry["key"] for entry in document["entries"]] == KEYS
    assert document["entries"][0]["evidence"] == {"inside": 2, "test-files": 2}
    assert document["population"] == {"files": 2, "test_files": 2, "tests": 2}


@pytest.mark.parametrize(
    ("files", "written"),
    [
        pytest.param({}, "canonry.toml", id="neither is there"),
        pytest.param({"pyproject.toml": "[project]\n"}, "pyproject.toml", id="pyproject.toml"),
        pytest.param({"canonry.toml": "", "pyproject.toml": "[project]\n"}, "canonry.toml", id="both"),
    ],
)
def test_write_adds_the_canon_once(shop: Folder, files: dict[str, str | bytes], written: str) -> None:
    shop.write(files)
    first = shop.call("init", "--write")
    content = (shop.root / written).read_bytes()
    second = shop.call("init", "--write")

    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr.endswith(f"canonry: wrote 6 keys to `{written}`\n")
    assert second.returncode == 0
    assert second.stderr.endswith(f"canonry: nothing to add to `{written}`\n")
    assert (shop.root / written).read_bytes() == content
    assert shop.call("init").returncode == 0, "nothing is left to write"
    loaded = load_canon(lambda path: (shop.root / path).read_bytes() if (shop.root / path).exists() else None)
    assert (loaded.file, loaded.canon.canon.runner, loaded.canon.canon.base_cases) == (written, "pytest", [])
    assert loaded.canon.categories["unit"].paths == ["tests/unit"]
    assert shop.call("audit", "--no-cache").returncode == 0


def test_declared_keys_are_kept_and_compared(shop: Folder) -> None:
    canon = "tests = ['tests'] # ours\n\n[canon]\nrunner = 'python run.py'\n\n[categories.unit]\ntimeout = '1m'\n"
    done = shop.write({"canonry.toml": canon}).call("init", "--write")

    assert (shop.root / "canonry.toml").read_text() == canon.replace(
        "runner = 'python run.py'\n",
        "runner = 'python run.py'\n# 2 of 2 tests are functions, or methods of classes without a base case: none is"
        f" demanded\nbase-cases = []\n{NONE}",
    )
    assert "canonry: kept `tests`, as counting says too\n" in done.stderr
    assert 'canonry: kept `canon.runner` = "python run.py"; counting says "pytest"\n' in done.stderr
    assert "canonry: kept `categories.unit` = { timeout" in done.stderr


def test_the_mode_of_the_file_stays_and_nothing_else_appears(shop: Folder) -> None:
    project = shop.write({"pyproject.toml": "[project]\r\n"}).root / "pyproject.toml"
    project.chmod(0o640)
    before = set(shop.root.iterdir())

    assert shop.call("init", "--write", "--no-cache").returncode == 0
    assert stat.S_IMODE(project.stat().st_mode) == 0o640
    assert set(shop.root.iterdir()) == before | {shop.root / ".canonry"}
    assert project.read_bytes().count(b"\r\n") == project.read_bytes().count(b"\n") > 10


def test_a_link_inside_the_tree_is_written_through(shop: Folder) -> None:
    shop.write({"config/shop.toml": "[project]\n", "pyproject.toml": ""})
    (shop.root / "pyproject.toml").unlink()
    (shop.root / "pyproject.toml").symlink_to("config/shop.toml")

    assert shop.call("init", "--write").returncode == 0
    assert (shop.root / "pyproject.toml").is_symlink()
    assert "[tool.canonry]" in (shop.root / "config/shop.toml").read_text()


def refused(folder: Folder, *arguments: str | Path) -> str:
    """The one sentence of a refusal, after which the tree is what it was."""
    before = {path: path.read_bytes() for path in folder.root.rglob("*.toml")}
    done = folder.call("init", "--write", "--no-cache", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert {path: path.read_bytes() for path in folder.root.rglob("*.toml")} == before
    (line,) = [
        line
        for line in done.stderr.splitlines()
        if line.startswith("canonry: `") or "not valid" in line or "commit" in line
    ]
    return line.removeprefix("canonry: ")


def test_a_link_out_of_the_tree_is_refused(shop: Folder, tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text("[project]\n")
    (shop.root / "pyproject.toml").symlink_to(tmp_path / "outside.toml")

    assert refused(shop).startswith("`pyproject.toml` is a link to ")
    assert (tmp_path / "outside.toml").read_text() == "[project]\n"


def test_a_read_only_file_is_refused(shop: Folder) -> None:
    (shop.write({"pyproject.toml": "[project]\n"}).root / "pyproject.toml").chmod(0o444)

    assert refused(shop).startswith("`pyproject.toml` is read-only; ")


def test_a_broken_file_is_refused(shop: Folder) -> None:
    assert refused(shop.write({"pyproject.toml": "[project\n"})).startswith("pyproject.toml:1: not valid TOML: ")


def test_a_layout_that_takes_no_key_is_refused(shop: Folder) -> None:
    assert refused(shop.write({"pyproject.toml": "[tool]\ncanonry = {}\n"})).startswith(
        "`pyproject.toml` is laid out so that keys cannot be added; "
    )


def test_a_commit_is_counted_and_never_written(repository: Folder, tmp_path: Path) -> None:
    repository.commit({**TREE, "pyproject.toml": "[project]\n"})
    bare = repository.clone_bare(tmp_path / "bare.git")
    (repository.root / "tests/unit/test_a.py").unlink()
    (repository.root / "Makefile").unlink()
    of_commit = repository.call("init", "--no-cache", "--rev", "HEAD", "--output-format", "toml")
    of_bare = repository.call("init", "--no-cache", "--repo", bare, "--output-format", "toml")

    assert tomllib.loads(of_commit.stdout)["tool"]["canonry"]["canon"]["runner"] == "pytest"
    assert of_bare.stdout == of_commit.stdout
    assert "a commit cannot be written to" in refused(repository, "--rev", "HEAD")
    assert "is a git directory, which holds no files" in refused(repository, "--repo", bare)


def test_any_place_in_the_tree_means_the_tree(repository: Folder) -> None:
    repository.commit(TREE)

    assert repository.call("init", "-q", repository.root / "tests").stdout == repository.call("init", "-q").stdout


@pytest.mark.parametrize("files", [{"a.py": "x = 1\n"}, {}, {"tests/helper.py": "x = 1\n"}])
def test_without_a_test_file_nothing_is_proposed(folder: Folder, files: dict[str, str | bytes]) -> None:
    done = folder.write(files).call("init", "--write", "--no-cache")

    assert done.returncode == 5
    assert done.stderr.startswith("canonry: no test file was found among ")
    assert not list(folder.root.glob("*.toml"))


def test_names_that_no_text_holds_are_left_out(shop: Folder) -> None:
    for name in (b"tests/e2e/\xff", b"vendor\n", b"tests/unit/a b", b"te\xfests/integration"):
        place = shop.root / os.fsdecode(name)
        place.mkdir(parents=True)
        (place / "test_x.py").write_text(SOUND)
        (place / "run_tests.py").write_text("import pytest\n\npytest.main()\n")
    shop.write({"Makefile": "test:\n\tpython 'tests/unit/a b/run_tests.py'\n\tpytest\n"})

    assert shop.call("init", "--no-cache", "--output-format", "json").returncode == 1
    assert shop.call("init", "--write", "--no-cache").returncode == 0
    assert tomllib.loads((shop.root / "canonry.toml").read_text())["canon"]["runner"] == "pytest"
    assert shop.call("audit", "--no-cache", "--exit-zero").returncode == 0


def test_two_names_for_a_tree_are_one_too_many(shop: Folder) -> None:
    assert "both name a tree" in shop.call("init", ".", "--repo", ".").stderr


def test_the_hint_of_an_audit_names_init(shop: Folder) -> None:
    assert "`canonry init` proposes your own" in shop.call("audit", "--no-cache").stderr


CANONS = st.sampled_from(
    [
        "",
        "[tool.canonry]\n",
        "[tool.canonry]\ntests = ['tests']\n",
        "[tool.canonry.canon]\nrunner = 'x' # y\n",
        "[tool]\ncanonry.exclude = []\n",
        "[tool.canonry]\ncanon.runner = 'x'\ncategories.unit.timeout = '1m'\n",
        "[tool.canonry]\n\n[tool.canonry.categories.unit]\n",
    ]
)


@settings(max_examples=60, deadline=None)
@given(documents(), CANONS, st.booleans())
def test_writing_keeps_every_byte_and_is_idempotent(document: bytes, canon: str, first: bool) -> None:
    parts = [document, canon.encode()]
    before = b"\n".join(parts if first or document.startswith(b"\xef") else reversed(parts))
    with tempfile.TemporaryDirectory() as place:
        shop = Folder(Path(place)).write({**TREE, "pyproject.toml": before})
        project = shop.root / "pyproject.toml"
        done = shop.call("init", "--write", "--no-cache", "--workers", "1")
        once = project.read_bytes()
        again = shop.call("init", "--write", "--no-cache", "--workers", "1")

        assert done.returncode in (0, 2), done.stderr
        assert is_kept(before, once)
        assert again.returncode == done.returncode
        assert project.read_bytes() == once
        if done.returncode == 2:
            assert once == before
        else:
            assert shop.call("canon", "show", "--repo", place).returncode == 0


def test_one_test_is_spoken_of_in_the_singular(folder: Folder) -> None:
    folder.write({"tests/test_a.py": SOUND})

    assert "# 1 of 1 test is a function, or a method of a class without a base case" in folder.call("init").stdout
