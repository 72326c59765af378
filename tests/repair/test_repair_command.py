"""`canonry repair` as users call it, on real repositories."""

import ast
import codecs
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.workbench import Folder, run_canonry

HEALTHY = '''"""Orders."""

import pytest

from shop.orders import Order


class TestOrder:
    """What an order does."""

    def test_total(self):
        order = Order("tea", price=3)
        assert order.total("EUR") == 3

    def test_unknown_currency(self):
        with pytest.raises(KeyError):
            Order("tea", price=3).total("XXX")


def test_names():
    names = [Order("tea").name, Order("salt").name]
    assert names == ["tea", "salt"]
'''
DAMAGED = HEALTHY.replace('("EUR")', '("EUR)"').replace('"""What an order does."""', '"What an order does."""')
NEWER = "def test_name():\n    order = {'id': 1}\n    assert f'{order['id']}' == '1'\n"
COMMENTED = "".join(f"# {line}\n" for line in HEALTHY.splitlines())
PATH = "tests/test_orders.py"


@pytest.fixture
def shop(repository: Folder) -> Folder:
    """A repository whose only test file was healthy, and then damaged by a commit."""
    return repository.start({PATH: HEALTHY}).commit({PATH: DAMAGED}, "Fix all syntax errors")


def report(folder: Folder, *arguments: str | Path, status: int = 1) -> dict[str, Any]:
    done = folder.call("repair", "--output-format", "json", "--no-cache", *arguments)
    assert done.returncode == status, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_preview_changes_nothing_and_exits_1(shop: Folder) -> None:
    done = shop.call("repair", "--no-cache")

    assert done.returncode == 1
    assert f"{PATH}: broken, safe: restored from" in done.stdout
    assert '-        assert order.total("EUR)" == 3\n+        assert order.total("EUR") == 3\n' in done.stdout
    assert "3 readable before, 3 collectable now" in done.stdout
    assert (shop.root / PATH).read_text() == DAMAGED


def test_writing_restores_the_tests_and_rolling_back_every_byte(shop: Folder) -> None:
    done = shop.call("repair", "--write", "--no-cache")

    assert done.returncode == 0, done.stderr
    assert (shop.root / PATH).read_text() == HEALTHY
    assert shop.call("repair", "--no-cache").returncode == 0
    rolled = shop.call("changes", "rollback", "1")
    assert rolled.returncode == 0, rolled.stderr
    assert (shop.root / PATH).read_text() == DAMAGED


def test_the_preview_is_a_patch_that_git_applies(shop: Folder) -> None:
    done = shop.run("repair", "--no-cache")
    patch = done.stdout[: done.stdout.index(f"{PATH}: broken")]

    subprocess.run(["git", "apply", "-"], cwd=shop.root, input=patch.encode(), check=True)
    assert (shop.root / PATH).read_text() == HEALTHY


def test_changes_made_since_are_kept(shop: Folder) -> None:
    later = DAMAGED + "\n\ndef test_salt():\n    assert Order('salt').name == 'salt'\n"
    shop.commit({PATH: later}, "One test more")

    assert shop.call("repair", "--write", "--review", "--no-cache").returncode == 0
    assert (shop.root / PATH).read_text() == HEALTHY + "\n\ndef test_salt():\n    assert Order('salt').name == 'salt'\n"


def test_json_tells_everything_about_a_file(shop: Folder) -> None:
    (row,) = report(shop)["files"]

    assert row["path"] == PATH
    assert (row["verdict"], row["grade"], row["method"]) == ("broken", "safe", "restore")
    assert (row["tests_before"], row["tests_now"], row["tests_lost"]) == (3, 3, [])
    assert row["source"]["commit"] == shop.git("rev-parse", "HEAD~1")
    assert row["broken_by"] == shop.git("rev-parse", "HEAD")
    assert row["damage"] == {"closing-quote-moved": 1, "triple-quote-shrunk": 1}
    assert row["cpu_seconds"] > 0
    assert (row["words_kept"], row["words_invented"], row["lost"], row["refused"]) == (1.0, 0.0, [], [])


def test_explain_names_the_commit_that_did_it(shop: Folder) -> None:
    done = shop.call("repair", "--explain", "--no-cache")

    assert shop.git("rev-parse", "HEAD")[:10] in done.stdout
    assert "Fix all syntax errors" in done.stdout
    assert "broke     1 file with 3 tests" in done.stdout


def test_without_history_the_lines_are_mended(shop: Folder) -> None:
    found = report(shop, "--no-history")
    (row,) = found["files"]

    assert (row["method"], row["source"]) == ("lines", None)
    assert (row["tests_now"], row["cost"] > 0, 0.5 < row["expected_f1"] < 1) == (3, True, True)
    assert found["commits"] == []


def test_outside_git_the_lines_are_mended_and_it_is_said(folder: Folder) -> None:
    folder.write({PATH: DAMAGED})
    done = folder.call("repair", "--write", "--review", "--no-cache")

    assert done.returncode == 0, done.stderr
    assert "there is no git repository here" in done.stderr
    ast.parse((folder.root / PATH).read_text())


def test_a_gutted_ancestor_is_passed_over(repository: Folder) -> None:
    repository.start({PATH: HEALTHY}).commit({PATH: COMMENTED}, "Make it parse").commit({PATH: DAMAGED}, "Bring back")
    (row,) = report(repository)["files"]

    assert row["source"]["commit"] == repository.git("rev-parse", "HEAD~2")
    assert row["tests_now"] == 3


def test_a_renamed_file_is_found_under_its_old_name(repository: Folder) -> None:
    repository.start({PATH: HEALTHY})
    repository.git("mv", PATH, "tests/test_sales.py")
    repository.commit(message="Rename").commit({"tests/test_sales.py": DAMAGED}, "Break")
    (row,) = report(repository)["files"]

    assert (row["path"], row["grade"]) == ("tests/test_sales.py", "safe")


def test_a_commented_out_module_is_a_proposal_of_its_own(repository: Folder) -> None:
    repository.start({PATH: HEALTHY}).commit({PATH: COMMENTED}, "Make it parse")
    (row,) = report(repository)["files"]

    assert (row["verdict"], row["grade"], row["tests_before"], row["tests_now"]) == ("commented-out", "review", 0, 3)
    assert row["broken_by"] == repository.git("rev-parse", "HEAD")
    assert repository.call("repair", "--write", "--no-cache").returncode == 1
    assert (repository.root / PATH).read_text() == COMMENTED
    assert repository.call("repair", "--write", "--review", "--no-cache").returncode == 0
    assert (repository.root / PATH).read_text() == HEALTHY


def test_a_file_for_a_newer_python_is_told_and_left_alone(repository: Folder) -> None:
    repository.start({"tests/test_new.py": NEWER})
    found = report(repository, "--write", "--review", "--target-python", "3.11", status=0)

    assert [(row["verdict"], row["method"]) for row in found["files"]] == [("newer-python", "none")]
    assert (repository.root / "tests/test_new.py").read_text() == NEWER


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF\x01\0\0\0", b"<html><body>not found</body></html>\n", "a = 1\n".encode("utf-16"), b"\xff\xfe\0"],
)
def test_what_is_no_python_is_told_and_left_alone(folder: Folder, content: bytes) -> None:
    folder.write({"tests/test_x.py": content})
    found = report(folder, "--write", "--review", status=0)

    assert [row["verdict"] for row in found["files"]] == ["not-python"]
    assert (folder.root / "tests/test_x.py").read_bytes() == content


def test_form_is_kept(repository: Folder) -> None:
    def formed(text: str) -> bytes:
        return codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode()

    repository.start({PATH: formed(HEALTHY)}).commit({PATH: formed(DAMAGED)}, "Break")
    (repository.root / PATH).chmod(0o755)

    assert repository.call("repair", "--write", "--no-cache").returncode == 0
    assert (repository.root / PATH).read_bytes() == formed(HEALTHY)
    assert (repository.root / PATH).stat().st_mode & 0o777 == 0o755


def test_undeclared_latin_1_gets_a_declaration_and_keeps_its_bytes(folder: Folder) -> None:
    content = "def test_name():\n    assert 'Andr\xe9'\n".encode("latin-1")
    folder.write({PATH: content})

    assert folder.call("repair", "--write", "--no-cache").returncode == 1  # only a reader can tell
    assert folder.call("repair", "--write", "--review", "--no-cache").returncode == 0
    assert (folder.root / PATH).read_bytes() == b"# -*- coding: latin-1 -*-\n" + content


PYTHON_2 = 'import os\n\n\ndef show(path):\n    print "found", path\n    exec "x = 1"\n'


def test_python_2_is_told_apart(folder: Folder) -> None:
    folder.write({"tools/show.py": PYTHON_2})
    (row,) = report(folder, "--write", "--review", status=0)["files"]

    assert (row["verdict"], row["reason"]) == ("not-python", "it is written for Python 2")
    assert (folder.root / "tools/show.py").read_text() == PYTHON_2


def test_a_broken_rule_file_of_the_project_is_mended_like_any_other(folder: Folder) -> None:
    folder.write({"canonry.toml": 'rules-from = ["rules.py"]\n', "rules.py": 'NAMES = ["a", "b"\n\nVALUE = 1\n'})

    assert folder.call("repair", "--write", "--review", "--no-cache").returncode == 0
    ast.parse((folder.root / "rules.py").read_text())


def test_committed_merge_markers_are_mended(folder: Folder) -> None:
    ours, theirs = '    names = ["tea"]\n', '    names = ["salt"]\n'
    conflict = f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> side\n"
    folder.write({PATH: f"def test_names():\n{conflict}    assert names\n"})
    (row,) = report(folder)["files"]
    assert row["damage"]["merge-conflict-marker"] == 3

    assert folder.call("repair", "--write", "--review", "--no-cache").returncode == 0
    mended = (folder.root / PATH).read_text()
    assert [ast.parse(mended) is not None, "<<<<" in mended, ours in mended or theirs in mended] == [True, False, True]


def test_an_unfinished_merge_is_not_written_into(shop: Folder) -> None:
    shop.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    shop.commit({PATH: HEALTHY.replace("tea", "rice")}, "Rice")
    with pytest.raises(subprocess.CalledProcessError):
        shop.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "merge", "--quiet", "@{-1}")
    before = (shop.root / PATH).read_bytes()
    done = shop.call("repair", "--write", "--review", "--no-cache")

    assert done.returncode == 2
    assert "merge" in done.stderr
    assert (shop.root / PATH).read_bytes() == before


def test_files_of_flows_and_critical_categories_come_first(repository: Folder) -> None:
    canon = (
        '[tool.canonry.categories.vital]\npaths = ["tests/z"]\npriority = "critical"\n'
        '[tool.canonry.flows.golden]\ntests = ["tests/y"]\n'
    )
    repository.start({"pyproject.toml": canon, **{f"tests/{name}/test_a.py": DAMAGED for name in ("x", "y", "z")}})
    found = report(repository, "--limit", "2")

    assert [(row["path"], row["priority"]) for row in found["files"]] == [
        ("tests/y/test_a.py", "flow golden"),
        ("tests/z/test_a.py", "category vital"),
    ]
    assert found["population"] == {"files": 3, "damaged": 2, "left_out": 1}
    assert [row["path"] for row in report(repository, "--category", "vital")["files"]] == ["tests/z/test_a.py"]
    assert [row["path"] for row in report(repository, "--flow", "golden")["files"]] == ["tests/y/test_a.py"]


def test_a_bare_clone_is_repaired_into_a_folder(shop: Folder, tmp_path: Path) -> None:
    bare = shop.clone_bare(tmp_path / "shop.git")
    done = run_canonry("repair", bare, PATH, "--rev", "HEAD", "--output", tmp_path / "out", "--no-cache", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / PATH).read_text() == HEALTHY
    assert (shop.root / PATH).read_text() == DAMAGED


def test_a_proposal_never_replaces_a_file_of_somebody_else(shop: Folder, tmp_path: Path) -> None:
    out = Folder(tmp_path / "out").write({PATH: "precious = 1\n"})
    refused = shop.call("repair", "--no-cache", "--output", out.root)

    assert (refused.returncode, (out.root / PATH).read_text()) == (2, "precious = 1\n")
    (out.root / PATH).unlink()
    assert shop.call("repair", "--no-cache", "--output", out.root).returncode == 0
    assert shop.call("repair", "--no-cache", "--output", out.root, "--no-history").returncode == 0


def test_a_commit_is_not_repaired_into_the_tree_that_it_comes_from(shop: Folder) -> None:
    done = shop.call("repair", "--no-cache", "--rev", "HEAD", "--output", ".")

    assert (done.returncode, (shop.root / PATH).read_text()) == (2, DAMAGED)


def test_a_file_that_must_not_be_written_stops_no_other(shop: Folder) -> None:
    shop.write({".gitignore": "ignored.py\n", "tests/ignored.py": DAMAGED})
    done = shop.call(
        "repair", "--no-cache", "--write", "--review", *(str(shop.root / path) for path in (PATH, "tests/ignored.py"))
    )

    assert done.returncode == 1
    assert "tests/ignored.py: broken, manual" in done.stdout
    assert (shop.root / PATH).read_text() == HEALTHY
    assert (shop.root / "tests/ignored.py").read_text() == DAMAGED


def test_a_real_change_of_a_sign_is_no_damage(repository: Folder) -> None:
    changed = DAMAGED.replace('assert names == ["tea"', 'assert names != ["tea"')
    repository.start({PATH: HEALTHY}).commit({PATH: changed}, "Break, and change")

    assert repository.call("repair", "--write", "--review", "--no-cache").returncode == 0
    assert (repository.root / PATH).read_text() == HEALTHY.replace('assert names == ["tea"', 'assert names != ["tea"')


def test_names_that_are_no_utf_8_are_reported(repository: Folder) -> None:
    name = os.fsdecode(b"tests/test_\xff.py")
    repository.start({name: HEALTHY}).commit({name: DAMAGED}, "Break")

    assert report(repository)["files"][0]["path"] == "tests/test_\\xff.py"


def test_a_repaired_file_is_left_alone_and_so_is_a_healthy_one(shop: Folder) -> None:
    sources = sorted(Path(ast.__file__).parent.glob("*.py"))[:40]
    shop.write({f"lib/{path.name}": path.read_bytes() for path in sources})
    shop.call("repair", "--write", "--review", "--no-cache")

    assert report(shop, status=0)["files"] == []
    assert [(shop.root / "lib" / path.name).read_bytes() for path in sources] == [path.read_bytes() for path in sources]


def test_a_shallow_clone_is_told(shop: Folder, tmp_path: Path) -> None:
    clone = Folder(tmp_path / "clone")
    shop.git("clone", "--quiet", "--depth", "1", f"file://{shop.root}", str(clone.root))
    done = clone.call("repair", "--no-cache")

    assert "the clone is shallow" in done.stderr
    assert "mended line by line" in done.stdout


def test_shadow_trees_and_excluded_files_are_left_out(repository: Folder) -> None:
    repository.start(
        {
            "pyproject.toml": '[tool.canonry]\nexclude = ["vendor/**"]\n',
            "backup_2025-01-01/test_a.py": DAMAGED,
            "vendor/test_b.py": DAMAGED,
            PATH: HEALTHY,
        }
    )

    assert report(repository, status=0)["files"] == []


def test_nothing_is_validated_where_no_python_is(folder: Folder) -> None:
    folder.write({"README": "nothing"})

    assert folder.call("repair", "--no-cache").returncode == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--review",), "give both"),
        (("--write", "--rev", "HEAD"), "a commit cannot be written to"),
        (("--write", "--output", "out"), "give one of them"),
        (("--explain", "--write"), "leave out"),
        (("--category", "none"), "declares no categories"),
        (("--output", "."), "name another folder"),
        (("--output", "proposals/today"), "lies in the tree that was read"),
    ],
)
def test_a_mistake_is_one_sentence(shop: Folder, arguments: tuple[str, ...], said: str) -> None:
    done = shop.call("repair", "--no-cache", "--quiet", *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_markdown_and_concise_hold_the_files(shop: Folder) -> None:
    markdown = shop.call("repair", "--no-cache", "--output-format", "markdown").stdout
    concise = shop.call("repair", "--no-cache", "--output-format", "concise").stdout

    assert f"| `{PATH}` | broken | safe | 3 | 3 | 100.0% | 0.0% |" in markdown
    assert concise.startswith(f"{PATH}: broken, safe: restored from")
    assert "tests 3 -> 3" in concise
