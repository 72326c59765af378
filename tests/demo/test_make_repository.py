"""The sample repository is what its summary says. One is made for the whole session."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from demo.git import git
from demo.make_repository import DemoError, DemoSummary, main, make_repository

ROOT = Path(__file__).parents[2]
# What the summary promises to have planted, each with the least number of places.
PLANTED = {
    "SYN001": 15, "SYN002": 3, "SYN003": 6, "SYN004": 2,
    "RUN001": 3, "RUN002": 3, "RUN003": 3, "RUN004": 3, "RUN005": 8, "RUN006": 3, "RUN007": 3,
    "BAS001": 5, "BAS002": 3, "BAS003": 3, "BAS004": 2, "BAS005": 3,
    "ENV001": 3, "ENV002": 3,
    "MCK001": 3, "MCK002": 3, "MCK003": 3, "MCK004": 2,
    "IMP001": 3, "IMP002": 3, "IMP003": 3, "IMP004": 1, "IMP005": 3,
    "DUP001": 3, "DUP002": 3, "DUP003": 3, "DUP004": 6, "DUP005": 3, "DUP006": 3,
    "TST001": 3, "TST002": 3, "TST003": 3, "TST004": 3, "TST005": 3, "TST006": 3, "TST007": 3,
}  # fmt: skip


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    return make_repository(tmp_path_factory.mktemp("demo") / "shop")


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def unparsable(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*.py") if not parses(path.read_text(encoding="utf-8")))
    return {path.relative_to(folder).as_posix() for path in found}


def versions(shop: DemoSummary, path: str) -> list[str]:
    """All texts that the file had, the newest first, under whatever name."""
    log = git(shop.path, "log", "--follow", "--format=:%H", "--name-only", "--", path).split()
    commits = [line[1:] for line in log if line.startswith(":")]
    names = [line for line in log if not line.startswith(":")]
    return [git(shop.path, "show", f"{commit}:{name}") for commit, name in zip(commits, names, strict=True)]


def test_the_same_seed_makes_the_same_commits(shop: DemoSummary, tmp_path: Path) -> None:
    again = make_repository(tmp_path / "again")

    assert git(again.path, "rev-parse", "HEAD") == git(shop.path, "rev-parse", "HEAD")
    assert git(again.path, "diff") == git(shop.path, "diff")


def test_another_seed_makes_another_suite(shop: DemoSummary, tmp_path: Path) -> None:
    other = make_repository(tmp_path / "other", seed=8)

    assert git(other.path, "rev-parse", "HEAD") != git(shop.path, "rev-parse", "HEAD")


def test_nothing_of_the_callers_git_leaks_in(
    shop: DemoSummary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[user]\n\tname = Somebody\n[commit]\n\tgpgsign = true\n[core]\n\thooksPath = hooks\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    again = make_repository(tmp_path / "again")

    assert git(again.path, "rev-parse", "HEAD") == git(shop.path, "rev-parse", "HEAD")


@pytest.mark.parametrize("count", [250, 320])
def test_the_number_of_files_is_the_one_asked_for(tmp_path: Path, count: int) -> None:
    summary = make_repository(tmp_path / "shop", files=count)
    empty = sum(not path.read_text(encoding="utf-8") for path in summary.path.rglob("*.py"))

    assert summary.python_files - summary.copies - empty == count


def test_a_folder_that_holds_something_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_too_few_files_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="ask for 2"):
        make_repository(tmp_path / "shop", files=50)

    assert not (tmp_path / "shop").exists()


@pytest.mark.parametrize("command", [["demo/make_repository.py"], ["-m", "demo.make_repository"]])
def test_it_starts_as_a_script_and_as_a_module(tmp_path: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command, str(tmp_path / "shop"), "--files", "250"], cwd=ROOT, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "38 commits" in done.stdout


def test_counts_are_those_of_git(shop: DemoSummary) -> None:
    python = git(shop.path, "ls-files", "--cached", "--others", "--exclude-standard", "*.py").split()
    copies = [path for path in python if path.startswith(("tests_backup_20250917/", "legacy/tests/"))]
    tests = [path for path in python if Path(path).name.startswith("test_") and path not in copies]

    assert (shop.python_files, shop.copies, shop.test_files) == (len(python), len(copies), len(tests))
    assert shop.commits == int(git(shop.path, "rev-list", "--count", "HEAD"))
    assert shop.test_files >= 300
    assert 25 <= shop.commits <= 40


def test_the_work_tree_is_slightly_dirty(shop: DemoSummary) -> None:
    status = git(shop.path, "status", "--porcelain").splitlines()

    assert [line[:2] for line in status] == [" M"] * 3 + ["??"] * 2
    assert all("/test_" in line for line in status if line.startswith("??"))


def test_exactly_the_planted_files_do_not_parse(shop: DemoSummary) -> None:
    newer = set(shop.planted["SYN002"]) if sys.version_info < (3, 12) else set()
    broken = {*shop.planted["SYN001"], *shop.planted["SYN004"]}

    assert unparsable(shop.path) == broken | newer
    assert shop.broken == len(broken)


def test_broken_files_have_a_healthy_ancestor_unless_they_were_born_broken(shop: DemoSummary) -> None:
    born = {"tests/integration/payments/test_webhook_draft.py"}
    mended = {
        path
        for path in shop.planted["SYN001"]
        if any(parses(text) and ("\ndef test_" in text or "\nclass " in text) for text in versions(shop, path))
    }

    assert mended == set(shop.planted["SYN001"]) - born


def test_one_commit_broke_most_of_them(shop: DemoSummary) -> None:
    guilty = git(shop.path, "log", "--format=%H", "--grep=repair syntax").strip()
    touched = set(git(shop.path, "show", "--format=", "--name-only", guilty).split())

    assert len(touched & set(shop.planted["SYN001"])) >= 15


def test_commented_out_files_hold_commented_tests_only(shop: DemoSummary) -> None:
    for path in shop.planted["SYN003"]:
        lines = (shop.path / path).read_text(encoding="utf-8").splitlines()
        assert all(line.startswith("#") for line in lines if line)
        assert any("def test_" in line for line in lines)

    assert shop.commented_out == len(shop.planted["SYN003"])


@pytest.mark.parametrize(("code", "least"), PLANTED.items())
def test_every_rule_has_its_instances(shop: DemoSummary, code: str, least: int) -> None:
    paths = shop.planted[code]

    assert len(set(paths)) == len(paths) >= least
    assert all((shop.path / path).exists() for path in paths)


def test_what_looks_like_an_offence_exists_and_was_not_planted(shop: DemoSummary) -> None:
    assert {"RUN001", "RUN005", "ENV001", "MCK002", "DUP005"} <= shop.innocent.keys()
    for code, paths in shop.innocent.items():
        assert all((shop.path / path).exists() for path in paths)
        assert not set(paths) & set(shop.planted.get(code, []))


def test_the_legacy_tree_equals_what_it_copied(shop: DemoSummary) -> None:
    added = git(shop.path, "log", "--diff-filter=A", "--format=%H", "--", "legacy/README.md").strip()
    copies = git(shop.path, "ls-tree", "-r", "--name-only", added, "legacy/tests").split()

    assert len(copies) == 12
    for path in copies:
        assert git(shop.path, "show", f"{added}:{path}") == git(
            shop.path, "show", f"{added}:{path.removeprefix('legacy/')}"
        )


def test_the_healthy_folders_pass_under_plain_pytest(shop: DemoSummary) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *shop.healthy, "tests/e2e/golden_path"],
        cwd=shop.path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout.splitlines()[-1]
    assert "skipped" not in done.stdout


def test_nearly_the_whole_suite_passes(shop: DemoSummary) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--continue-on-collection-errors"],
        cwd=shop.path,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    errors = {line.removeprefix("ERROR ").split(" ")[0] for line in lines if line.startswith("ERROR ")}
    failed = [line.removeprefix("FAILED ").split("::")[0] for line in lines if line.startswith("FAILED ")]

    assert errors == unparsable(shop.path)
    # the one needs a service, which only the runner starts; the other is never awaited
    assert failed == ["tests/mission_critical/test_bank_answers.py", "tests/unit/realtime/test_events_bare_async.py"]
