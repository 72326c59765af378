"""Whatever lies in a tree: a clear sentence or a finding, the right exit status, never a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.git import git
from tests.workbench import IDLE, RUNNER, SOUND, Folder, call_canonry

HIDDEN = "canonry: no canon is declared"
NO_SPACE = "canonry: the report cannot be written (No space left on device); name a file with `--output-file`"


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said on stderr beyond the hint that every tree without a canon gets."""
    return [line for line in done.stderr.splitlines() if not line.startswith(HIDDEN)]


def check(done: subprocess.CompletedProcess[str], status: int) -> list[str]:
    assert "Traceback" not in done.stderr
    assert done.returncode == status, done.stderr + done.stdout
    found = sentences(done)
    assert all(line.startswith("canonry: ") for line in found)
    return found


# contents ------------------------------------------------------------------------------------------------------------

CONTENTS: dict[str, tuple[str | bytes, str]] = {
    "no-utf-8": (b"x = '\xff\xfe'\n", "encoding"),
    "binary": (bytes(range(256)) * 40, "nul-bytes"),
    "binary-without-nul": (bytes(range(1, 256)) * 40, "encoding"),
    "nul-bytes": ("x = 1\n\0\0y = 2\n", "nul-bytes"),
    "utf-16": ("x = 1\n".encode("utf-16"), "nul-bytes"),
    "unknown-encoding": (b"# coding: klingon\nx = '\xe9'\n", "encoding"),
    "wrong-encoding": (b"# coding: ascii\nx = '\xe9'\n", "encoding"),
    "a-photograph": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "nul-bytes"),
    "deep-parentheses": ("x = " + "(" * 10_000 + ")" * 10_000 + "\n", ""),
    "deep-brackets": ("x = " + "[" * 10_000 + "]" * 10_000 + "\n", ""),
    "deep-unary": ("x = " + "-" * 5_000 + "1\n", ""),
    "deep-not": ("x = " + "not " * 5_000 + "y\n", ""),
    "deep-attributes": ("x = y" + ".z" * 5_000 + "\n", ""),
    "deep-calls": ("x = y" + "()" * 5_000 + "\n", ""),
    "deep-subscripts": ("x = y" + "[0]" * 5_000 + "\n", ""),
    "deep-sums": ("x = 1" + " + 1" * 5_000 + "\n", ""),
    "deep-powers": ("x = 1" + " ** 1" * 5_000 + "\n", ""),
    "deep-lambdas": ("x = " + "lambda: " * 5_000 + "1\n", ""),
    "deep-conditions": ("x = " + "1 if y else " * 5_000 + "1\n", ""),
    "deep-blocks": ("".join(" " * depth + "if x:\n" for depth in range(120)) + " " * 120 + "pass\n", ""),
    "deep-elifs": ("if x:\n    pass\n" + "elif x:\n    pass\n" * 5_000, ""),
    "deep-f-strings": ("x = " + "f'{" * 200 + "1" + "}'" * 200 + "\n", ""),
    "deep-classes": ("".join(" " * depth + "class A:\n" for depth in range(90)) + " " * 90 + "pass\n", ""),
}


@pytest.fixture(scope="module")
def odd_contents(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """One audit of all odd contents, and what it says of each."""
    folder = Folder(tmp_path_factory.mktemp("contents"))
    folder.write({f"{name}.py": content for name, (content, _) in CONTENTS.items()} | {"tests/test_idle.py": IDLE})
    done = folder.run("audit", "--output-format", "concise", "--target-python", "3.11")
    found = {line.partition(".py:")[0]: line for line in done.stdout.splitlines() if ".py:" in line}
    return done, found


def test_odd_contents_end_in_findings(odd_contents) -> None:
    done, found = odd_contents

    assert check(done, 1) == []
    assert "TST001" in found["tests/test_idle"]
    assert {path for path, line in found.items() if " SYN001 " not in line} == {"tests/test_idle", "deep-f-strings"}


@pytest.mark.parametrize(("name", "damage"), [(name, damage) for name, (_, damage) in CONTENTS.items() if damage])
def test_each_odd_content_is_named(odd_contents, name: str, damage: str) -> None:
    assert f"(damage: {damage})" in odd_contents[1][name]


def test_a_generated_file_of_ten_megabytes(folder: Folder) -> None:
    row = "    'abcdefghijklmnopqrstuvwxyz', # pytest.main()\n"
    folder.write({"rows.py": "ROWS = [\n" + row * (10_000_000 // len(row)) + "]\nimport pytest\npytest.main()\n"})
    done = folder.call("audit", "--output-format", "concise")

    assert (folder.root / "rows.py").stat().st_size > 9_900_000
    assert check(done, 1) == []
    assert f"rows.py:{10_000_000 // len(row) + 4}:1: RUN001" in done.stdout


# files that are none -------------------------------------------------------------------------------------------------


def link(folder: Folder, path: str, target: str) -> None:
    (folder.root / path).parent.mkdir(parents=True, exist_ok=True)
    (folder.root / path).symlink_to(target)


def make_links(folder: Folder) -> None:
    link(folder, "shop/itself.py", "itself.py")
    link(folder, "shop/dangling.py", "nowhere.py")
    link(folder, "shop/linked.py", "../tests/test_a.py")
    link(folder, "shop/loop", "..")
    link(folder, "more/up", "../shop")


def make_pipe(folder: Folder) -> None:
    os.mkfifo(folder.root / "pipe.py")


def make_folder(folder: Folder) -> None:
    folder.write({"package.py/inner.py": SOUND, "empty.py/notes.txt": "x"})


@pytest.mark.parametrize(
    ("make", "files", "missing"),
    [
        (make_links, {"tests/test_a.py"}, {}),
        (make_pipe, {"tests/test_a.py"}, {"pipe.py": "not a regular file"}),
        (make_folder, {"tests/test_a.py", "package.py/inner.py"}, {}),
    ],
)
def test_what_is_no_file_outside_git(
    folder: Folder, make: Callable[[Folder], None], files: set[str], missing: dict[str, str]
) -> None:
    folder.write({"tests/test_a.py": SOUND})
    make(folder)
    report = folder.report()

    assert report["missing"] == missing
    assert report["population"]["files"] == len(files)
    assert report["population"]["missing"] == len(missing)


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("make", [make_links, make_folder])
def test_what_is_no_file_in_a_repository(repository: Folder, make: Callable[[Folder], None], committed: bool) -> None:
    repository.commit({"tests/test_a.py": SOUND})
    make(repository)
    if committed:
        repository.commit()
    report = repository.report()

    assert report["missing"] == {}
    assert report["population"]["files"] == (2 if make is make_folder else 1)


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere.py")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (Path.unlink, "no such file or directory"),
        (replace_by_pipe, "not a regular file"),
        (replace_by_folder, "not a regular file"),
        (replace_by_link, None),
    ],
)
def test_a_tracked_file_that_is_no_longer_there(repository: Folder, act: Callable[[Path], None], reason) -> None:
    repository.commit({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE})
    act(repository.root / "tests" / "test_b.py")
    done = repository.call("audit")
    named = [f"canonry: `tests/test_b.py` could not be read: {reason}"] if reason else []

    assert check(done, 0) == named
    assert ("1 file missing" in done.stdout) is bool(named)


def test_a_deleted_file_can_still_be_audited_in_its_commit(repository: Folder) -> None:
    repository.commit({"tests/test_b.py": IDLE})
    (repository.root / "tests" / "test_b.py").unlink()

    assert check(repository.call("audit", "--rev", "HEAD", "tests/test_b.py"), 1) == []
    assert check(repository.call("audit", "--staged", "tests/test_b.py"), 1) == []


# file names ----------------------------------------------------------------------------------------------------------

NAMES = [
    b"test_ b.py",
    b"test_\nb.py",
    b"test_\tb.py",
    b"test_\xff\xfe.py",
    "test_é日本.py".encode(),
    b"test_'quoted'.py",
    b'test_"quoted".py',
    b"test_\\back.py",
    b"test_*?[a].py",
    b"test_$HOME`ls`;.py",
    b"test_:(top).py",
    b"-test_.py",
    b"test_\x1b[31m.py",
    b"test_" + b"n" * 245 + b".py",
]


def write_names(folder: Folder) -> Folder:
    folder.write({"tests/sub/test_a.py": IDLE})
    for name in NAMES:
        path = os.path.join(os.fsencode(folder.root), b"tests", name)  # noqa: PTH118 - names are bytes here
        with open(path, "wb") as file:
            file.write(IDLE.encode() + b"# " + name.translate(None, b"\n\xff\xfe") + b"\n")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [[], ["--rev", "HEAD"], ["--staged"], ["tests"], ["--output-format", "json"], ["--output-format", "jsonl"],
     ["--output-format", "concise"], ["--worst", "30"]],
    ids=" ".join,
)  # fmt: skip
def test_any_file_name_can_be_reported(repository: Folder, arguments: list[str]) -> None:
    write_names(repository).commit()
    done = repository.call("audit", *arguments)

    assert check(done, 1) == []
    assert "\x1b" not in done.stdout
    assert done.stdout.isascii() or "é日本" in done.stdout


@pytest.mark.parametrize("tracked", [False, True])
def test_every_odd_name_is_audited(repository: Folder, tracked: bool) -> None:
    write_names(repository)
    for path in (repository.root / "tests").iterdir():
        os.utime(path, (1e9, 1e9))  # long ago, so that stat records are kept
    if tracked:
        repository.commit()
    repository.audit(cache=True)
    result = repository.audit(cache=True)
    named = [record for record in result.files() if record.is_test]

    assert len(list(result.files())) == len(NAMES) + 1
    assert len(list(result.findings())) == len(named) == len(NAMES)  # `-test_.py` is no test's name
    assert sum("\\xff\\xfe" in record.path for record in named) == 1


def test_an_odd_name_can_be_named(repository: Folder) -> None:
    write_names(repository).commit()
    names = [os.fsdecode(b"tests/" + name) for name in NAMES]
    done = repository.call("audit", "--output-format", "concise", "--", *names)

    assert check(done, 1) == []
    assert done.stdout.count(" TST001 ") == len(NAMES) - 1


def test_folders_of_any_name_can_be_copies(repository: Folder) -> None:
    for name in (b"backup_\xff", b"parked_\xff/tests/unit", b"tests/unit"):
        folder = os.path.join(os.fsencode(repository.root), name)  # noqa: PTH118 - names are bytes here
        os.makedirs(folder)  # noqa: PTH103
        for letter in "abc":
            with open(os.path.join(folder, f"test_{letter}.py".encode()), "w") as file:  # noqa: PTH118
                file.write(f"{SOUND}# {letter}\n")
    repository.commit()

    for options in (["--output-format", "json"], ["--output-format", "jsonl"], [], ["--rev", "HEAD"], []):
        done = repository.call("audit", *options)
        assert check(done, 0) == []
        assert "parked_\\xff" in done.stdout.replace("\\\\", "\\")


# repositories --------------------------------------------------------------------------------------------------------


def test_a_repository_without_a_commit(repository: Folder) -> None:
    repository.write({"tests/test_a.py": IDLE})
    report = repository.report()

    assert (report["commit"], report["dirty"], report["population"]["files"]) == (None, True, 1)
    assert check(repository.call("audit", "--staged"), 5) == [
        "canonry: no file that canonry reads was found, so nothing was validated"
    ]
    (said,) = check(repository.call("audit", "--rev", "HEAD"), 2)
    assert "`HEAD` names no commit" in said


@pytest.mark.parametrize("start", [Folder.start, lambda folder: folder.write({"notes.txt": "x"})])
def test_nothing_to_audit_is_a_failure(folder: Folder, start: Callable[[Folder], Folder]) -> None:
    start(folder)

    assert check(folder.call("audit"), 5) == ["canonry: no file that canonry reads was found, so nothing was validated"]
    assert check(folder.call("audit", "--exit-zero"), 5)


def test_only_copies_are_nothing_to_audit_either(folder: Folder) -> None:
    folder.write({"tests_backup/test_a.py": IDLE})
    done = folder.call("audit")

    assert check(done, 5) == [
        "canonry: no file that canonry reads was found outside shadow trees, so nothing was validated"
    ]
    assert "DUP005" in done.stdout


def test_a_machine_without_git(repository: Folder, tmp_path: Path) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    report = repository.report(variables={"PATH": str(tmp_path)})

    assert (report["source"], report["commit"]) == ("folder", None)
    assert [finding["code"] for finding in report["findings"]] == ["TST001"]
    (said,) = check(repository.run("audit", "--rev", "HEAD", variables={"PATH": str(tmp_path)}), 2)
    assert "not in a git repository" in said


def test_a_bare_repository(repository: Folder, tmp_path: Path) -> None:
    bare = repository.commit({"tests/test_a.py": IDLE}).clone_bare(tmp_path / "bare.git")
    said = ["canonry: a git directory holds no files, so its HEAD is audited; name a commit with `--rev`"]

    assert check(call_canonry("audit", bare, cwd=tmp_path), 1) == said
    assert check(call_canonry("audit", cwd=bare), 1) == said
    assert check(call_canonry("audit", "--repo", bare, "--rev", "HEAD", "tests", cwd=tmp_path), 1) == []
    assert check(call_canonry("audit", bare, "--staged", cwd=tmp_path), 2)


def test_the_git_directory_of_a_working_tree_names_the_repository(repository: Folder, tmp_path: Path) -> None:
    repository.commit({"tests/test_a.py": IDLE, "tests/test_b.py": "def test_b(:\n"})
    done = call_canonry("audit", repository.root / ".git", "--rev", "HEAD", cwd=tmp_path)

    assert check(done, 1) == []
    assert "never parsed since it was added by" in done.stdout


def test_an_empty_bare_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")

    (said,) = check(call_canonry("audit", "empty.git", cwd=tmp_path), 2)
    assert "names no commit" in said


def test_missing_blobs_are_counted_and_named(repository: Folder, tmp_path: Path) -> None:
    repository.commit({f"tests/test_{letter}.py": f"{IDLE}# {letter}\n" for letter in "abcdefgh"})
    bare = Folder(tmp_path / "bare.git").start(None, "--bare")
    repository.git("push", "--quiet", str(bare.root), "HEAD:refs/heads/main")
    for letter in "bcdefgh":
        blob = repository.git("rev-parse", f"HEAD:tests/test_{letter}.py")
        (bare.root / "objects" / blob[:2] / blob[2:]).unlink()
    done = call_canonry("audit", bare.root, "--rev", "main", cwd=tmp_path)
    said = check(done, 1)

    assert said[:-1] == [
        f"canonry: `tests/test_{letter}.py` could not be read: not in the object store" for letter in "bcdef"
    ]
    assert said[-1] == "canonry: 2 more could not be read (all with -v)"
    assert "7 files missing" in done.stdout
    assert len(check(call_canonry("audit", bare.root, "--rev", "main", "-v", cwd=tmp_path), 1)) == 8


@pytest.mark.parametrize(
    ("path", "content", "status", "said"),
    [
        ("index", b"junk", 2, "`git ls-files` failed"),
        ("HEAD", b"junk", 1, None),  # to git this is no repository, so it is a folder
        ("refs/heads/main", b"junk", 1, None),
    ],
)
def test_a_damaged_git_directory(repository: Folder, path: str, content: bytes, status: int, said: str | None) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    (repository.root / ".git" / path).write_bytes(content)
    found = check(repository.call("audit"), status)

    assert [said in sentence for sentence in found] == [True] if said else found == []


@pytest.mark.parametrize("what", ["HEAD", "HEAD:tests"])
def test_a_commit_with_a_missing_tree(repository: Folder, what: str) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    missing = repository.git("rev-parse", what)
    (repository.root / ".git" / "objects" / missing[:2] / missing[2:]).unlink()

    assert len(check(repository.call("audit", "--rev", "HEAD"), 2)) == 1
    assert check(repository.call("audit"), 1) == []


def test_a_submodule_is_another_repository(repository: Folder, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other").start({"inner.py": RUNNER})
    repository.commit({"tests/test_a.py": SOUND})
    repository.git("clone", "--quiet", str(other.root), "vendor/other")
    repository.commit()

    assert repository.report()["population"]["files"] == 1
    assert repository.report("--rev", "HEAD")["population"]["files"] == 1
    assert check(repository.call("audit", "vendor/other"), 1) == []


def test_a_repository_inside_a_repository_is_another_one(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": SOUND})
    Folder(repository.root / "inner").start({"inner.py": RUNNER})

    assert repository.report()["population"]["files"] == 1


def test_a_linked_working_tree(repository: Folder, tmp_path: Path) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    repository.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    done = call_canonry("audit", "--output-format", "concise", cwd=tmp_path / "linked")

    assert check(done, 1) == []
    assert done.stdout.startswith("tests/test_a.py:1:1: TST001")
    assert (tmp_path / "linked" / ".canonry" / "cache.db").is_file()


def test_an_unfinished_merge(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": SOUND, "tests/test_b.py": IDLE})
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit({"tests/test_a.py": SOUND.replace("3", "4")})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"tests/test_a.py": SOUND.replace("3", "5")})
    with pytest.raises(subprocess.CalledProcessError):
        repository.git("merge", "other", GIT_COMMITTER_NAME="Ada", GIT_COMMITTER_EMAIL="ada@shop.example")
    done = repository.call("audit", "--output-format", "concise")

    assert check(done, 1) == ["canonry: a merge is unfinished: 1 unmerged file read as on disk"]
    assert "tests/test_a.py:2:1: SYN004" in done.stdout
    staged = repository.call("audit", "--staged", "--output-format", "concise")
    assert check(staged, 1) == ["canonry: 1 unmerged path read from the side of the current branch"]
    assert "SYN004" not in staged.stdout


def test_an_owner_that_git_does_not_trust(repository: Folder) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    for path in (repository.root, repository.root / ".git"):
        os.chown(path, 12345, 12345)

    (said,) = check(repository.call("audit"), 2)
    assert "somebody else owns it" in said


# the cache, said once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("garbage", "canonry: the cache was damaged and has been rebuilt"),
        ("newer", "canonry: the cache was written by a newer version of canonry and has been rebuilt"),
    ],
)
def test_a_cache_that_cannot_be_used_is_mentioned_once(repository: Folder, damage: str, said: str) -> None:
    import sqlite3

    repository.commit({"tests/test_a.py": IDLE})
    first = repository.call("audit")
    path = repository.root / ".canonry" / "cache.db"
    if damage == "garbage":
        path.write_bytes(b"garbage")
    else:
        connection = sqlite3.connect(path)
        connection.execute("pragma user_version = 99")
        connection.close()
    second, third = repository.call("audit"), repository.call("audit")

    assert check(second, 1) == [said]
    assert check(third, 1) == []
    assert first.stdout == second.stdout == third.stdout


# the surroundings ----------------------------------------------------------------------------------------------------


def shell(folder: Folder, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    from tests.workbench import canonry_command, environment

    command = " ".join(canonry_command("audit"))
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("CANONRY", command)],
        cwd=folder.root,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_goes_away_is_no_error(folder: Folder) -> None:
    folder.write({"tests/test_0.py": "".join(f"def test_{number}(): print({number})\n" for number in range(2_000))})
    done = shell(folder, "CANONRY --no-cache | /usr/bin/head -n 1")

    assert done.stdout.startswith("tests/test_0.py:1:1")
    assert check(done, 0) == []


@pytest.mark.parametrize(
    ("redirection", "status", "said"),
    [
        (">&-", 1, []),
        ("2>&-", 1, []),
        (">&- 2>&-", 1, []),
        ("< /dev/null > /dev/null", 1, []),
        (">/dev/full", 2, [NO_SPACE]),
    ],
)  # fmt: skip
def test_where_the_output_goes(folder: Folder, redirection: str, status: int, said: list[str]) -> None:
    folder.write({"tests/test_a.py": IDLE})

    assert check(shell(folder, f"CANONRY {redirection}"), status) == said


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"TERM": "dumb", "COLUMNS": "1"},
    ],
)
@pytest.mark.parametrize("output_format", ["full", "json"])
def test_any_locale(repository: Folder, variables: dict[str, str], output_format: str) -> None:
    repository.commit({"tests/test_é.py": "def test_ä():\n    print('日本 €')\n"})
    done = shell(repository, f"CANONRY --output-format {output_format}", **variables)

    assert check(done, 1) == []


def test_a_folder_that_is_gone(folder: Folder) -> None:
    done = shell(folder, f"{sys.executable} -c 'import os; os.rmdir(os.getcwd())' && CANONRY")

    assert check(done, 2) == ["canonry: the current folder is gone; change into one that exists"]


def test_a_variable_of_git_that_leads_elsewhere(repository: Folder, tmp_path: Path) -> None:
    repository.commit({"tests/test_a.py": IDLE})
    other = Folder(tmp_path / "other").start({"a.py": SOUND})
    report = repository.report(variables={"GIT_DIR": str(other.root / ".git"), "GIT_WORK_TREE": str(other.root)})

    assert report["commit"] == repository.git("rev-parse", "HEAD")
    assert len(report["findings"]) == 1
