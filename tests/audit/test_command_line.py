"""`canonry audit` as a command: what it refuses, how it ends, what it shows."""

import json
import re
from pathlib import Path

import pytest

from tests.workbench import IDLE, RUNNER, SOUND, Folder, call_canonry

HIDDEN = "canonry: no canon is declared"
RELATIVE = "from . import shop\n"
READS_ENVIRONMENT = "import os\n\n\ndef test_url():\n    assert os.environ['URL']\n"
"""A warning only: ENV001."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """One repository for all tests of this file, which change nothing in it."""
    folder = Folder(tmp_path_factory.mktemp("shop")).start()
    files: dict[str, str | bytes] = {f"tests/test_{letter}.py": f"{IDLE}# {letter}\n" for letter in "abcdefghij"}
    files |= {"tests/test_sound.py": SOUND, "tests/test_env.py": READS_ENVIRONMENT, "shop/__init__.py": RELATIVE}
    return folder.commit(files | {"tools/run.py": RUNNER + "pytest.main()\n"})


def said(done) -> list[str]:
    assert "Traceback" not in done.stderr
    return [line for line in done.stderr.splitlines() if not line.startswith(HIDDEN)]


REFUSED = {
    "unknown-rule": (["--select", "RUN01"], "`RUN01` is no rule; did you mean `RUN001`?"),
    "unknown-rule-name": (["--select", "direct-pytest-cal"], "`direct-pytest-cal` is no rule; did you mean `direct-py"),
    "nonsense-rule": (["--ignore", "QQQQ"], "`QQQQ` is no rule; `canonry explain` lists all rules"),
    "one-of-several-rules": (["--select", "RUN001,RUM002"], "`RUM002` is no rule; did you mean `RUN002`?"),
    "missing-path": (["nowhere"], "`nowhere` does not exist; name a folder, a file or a git directory"),
    "missing-repository": (["--repo", "nowhere"], "`nowhere` does not exist"),
    "path-outside": (["tests", "/"], "`/` lies outside"),
    "unknown-commit": (["--rev", "v9.9"], "`v9.9` names no commit in"),
    "option-like-commit": (["--rev=-x"], "`-x` names no commit in"),
    "empty-commit": (["--rev", ""], "`` names no commit in"),
    "no-commit-but-a-blob": (["--rev", "HEAD:tools/run.py"], "names no commit in"),
    "path-not-in-the-commit": (
        ["--rev", "HEAD", "tests/gone"],
        "the commit holds no file that canonry reads at `tests/gone`",
    ),
    "path-not-in-the-index": (
        ["--staged", "tests/gone.py"],
        "the index holds no file that canonry reads at `tests/gone.py`",
    ),
    "two-trees": (["--staged", "--rev", "HEAD"], "`--staged` and `--rev` name two trees; give one of them"),
    "unknown-option": (["--fial-on", "error"], "No such option"),
    "unknown-format": (["--output-format", "yaml"], "'yaml' is not one of"),
    "unknown-severity": (["--fail-on", "fatal"], "'fatal' is not one of"),
    "zero-worst": (["--worst", "0"], "0 is not in the range"),
    "zero-sample": (["--sample", "0"], "0 is not in the range"),
    "newer-target": (["--target-python", "3.99"], "cannot judge the syntax of Python 3.99"),
    "no-target": (["--target-python", "three"], "`three` is no Python version; write it like `3.11`"),
    "missing-config": (["--config", "nowhere.toml"], "`nowhere.toml` cannot be read (No such file or directory)"),
    "config-is-a-folder": (["--config", "tests"], "`tests` cannot be read (Is a directory)"),
    "output-nowhere": (["--output-file", "no/where.txt"], "`no/where.txt` cannot be written"),
}


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_the_user_can_mend_is_one_sentence(shop: Folder, arguments: list[str], sentence: str) -> None:
    done = shop.call("audit", *arguments)

    assert done.returncode == 2
    assert done.stdout == ""
    assert len(said(done)) == 1
    assert sentence in said(done)[0]


def test_an_unknown_verb_is_answered_with_the_nearest(shop: Folder) -> None:
    done = shop.call("audti")

    assert (done.returncode, said(done)) == (2, ["canonry: `audti` is no command; did you mean `audit`?"])


def test_a_verb_that_is_near_to_nothing(shop: Folder) -> None:
    done = shop.call("qqqq")

    assert (done.returncode, said(done)) == (2, ["canonry: `qqqq` is no command; see `canonry --help`"])


def test_no_verb_at_all_shows_what_there_is(shop: Folder) -> None:
    done = shop.call()

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: canonry [OPTIONS] COMMAND")


def test_a_folder_outside_git_has_no_commits(folder: Folder) -> None:
    folder.write({"a.py": SOUND})

    for option in ("--staged", "--rev=HEAD"):
        done = folder.call("audit", option)
        assert done.returncode == 2
        assert f"not in a git repository, which `{option.partition('=')[0]}` needs" in said(done)[0]


def test_a_broken_canon_is_refused_with_all_errors_at_once(folder: Folder) -> None:
    text = "exclud = []\n[canon]\nrunner = 3\n\n[[canon.symbols]]\nname = 'A'\nhoem = 'x'\n"
    folder.write({"canonry.toml": text, "a.py": SOUND})
    done = folder.call("audit")

    assert done.returncode == 2
    assert [line.split(": ")[1] for line in said(done)] == [f"canonry.toml:{line}" for line in (1, 3, 5, 7)]
    assert "did you mean `exclude`?" in said(done)[0]


@pytest.mark.parametrize("content", ["[canon\n", b"x = '\xff'\n", "x = 1\nx = 2\n"])
@pytest.mark.parametrize("name", ["canonry.toml", "pyproject.toml"])
def test_a_canon_that_is_no_toml_is_refused(folder: Folder, name: str, content: str | bytes) -> None:
    folder.write({name: content, "a.py": SOUND})
    done = folder.call("audit")

    assert done.returncode == 2
    assert said(done)[0].startswith(f"canonry: {name}:")


def test_a_canon_elsewhere_can_be_named(shop: Folder, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[canon]\nrunner = 'pytest'\n")

    assert "RUN001" not in shop.call("audit", "--config", tmp_path / "mine.toml").stdout


def test_the_hint_at_the_canon_is_said_once_and_only_without_one(folder: Folder) -> None:
    folder.write({"a.py": SOUND})
    without = folder.call("audit").stderr
    quiet = folder.call("audit", "--quiet").stderr
    folder.write({"canonry.toml": "[canon]\nrunner = 'canonry run'\n"})

    assert without.count(HIDDEN) == 1
    assert (quiet, folder.call("audit").stderr) == ("", "")


# exit status ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["tests/test_sound.py"], 0),
        (["tests/test_env.py"], 0),
        (["tests/test_env.py", "--fail-on", "warning"], 1),
        (["tests/test_env.py", "--fail-on", "info"], 1),
        (["tests/test_sound.py", "--fail-on", "info"], 0),
        (["--select", "BAS001"], 0),
        (["--select", "IMP001"], 0),
        (["--select", "IMP001", "--fail-on", "warning"], 1),
        (["--ignore", "TST001,RUN001", "--ignore", "RUN004"], 0),
        (["--select", "TST", "--ignore", "TST001"], 0),
        (["--statistics"], 1),
        (["--worst", "2"], 1),
        (["--worst", "2", "--exit-zero"], 0),
    ],
)
def test_the_status_says_what_is_open(shop: Folder, arguments: list[str], status: int) -> None:
    done = shop.call("audit", *arguments)

    assert (done.returncode, said(done)) == (status, [])


# selection -----------------------------------------------------------------------------------------------------------


def codes(done) -> set[str]:
    return set(re.findall(r": ([A-Z]{3}\d{3}) ", done.stdout))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], {"TST001", "ENV001", "RUN001", "RUN004", "IMP001"}),
        (["--select", "RUN"], {"RUN001", "RUN004"}),
        (["--select", "run001"], {"RUN001"}),
        (["--select", "no-assertion"], {"TST001"}),
        (["--select", "RUN001,TST"], {"RUN001", "TST001"}),
        (["--select", "RUN001", "--select", "ENV"], {"RUN001", "ENV001"}),
        (["--select", "all"], {"TST001", "ENV001", "RUN001", "RUN004", "IMP001"}),
        (["--ignore", "RUN,ENV"], {"TST001", "IMP001"}),
        (["--select", "RUN", "--ignore", "RUN004"], {"RUN001"}),
    ],
)
def test_rules_can_be_chosen_for_display(shop: Folder, arguments: list[str], found: set[str]) -> None:
    assert codes(shop.call("audit", "--output-format", "concise", *arguments)) == found


def test_what_is_shown_does_not_change_the_compliance(shop: Folder) -> None:
    everything = shop.report()
    selected = shop.report("--select", "RUN001")

    assert selected["compliance"] == everything["compliance"]
    assert (selected["compliance"]["compliant"], selected["compliance"]["total"]) == (2, 12)
    assert {finding["code"] for finding in selected["findings"]} == {"RUN001"}
    assert [rule["code"] for rule in selected["rules"]] == ["RUN001"]


def findings_of(done) -> list[str]:
    return [line for line in done.stdout.splitlines() if re.match(r".+:\d+:\d+: ", line)]


def test_a_sample_is_drawn_per_rule_and_again_the_same(shop: Folder) -> None:
    options = ("audit", "--output-format", "concise", "--sample", "3")
    first, again = (findings_of(shop.call(*options, "--seed", "1")) for _ in range(2))
    others = {tuple(findings_of(shop.call(*options, "--seed", seed))) for seed in "234"}

    assert first == again
    assert sum(" TST001 " in line for line in first) == 3
    assert sum(" RUN001 " in line for line in first) == 2  # all there are
    assert others != {tuple(first)}
    assert set(first) <= set(findings_of(shop.call("audit", "--output-format", "concise")))


def test_the_worst_files_come_first(shop: Folder) -> None:
    lines = shop.call("audit", "--worst", "3").stdout.splitlines()

    assert lines[0].split() == ["errors", "findings", "file"]
    assert [line.split() for line in lines[1:4]] == [
        ["3", "3", "tools/run.py"],
        ["1", "1", "tests/test_a.py"],
        ["1", "1", "tests/test_b.py"],
    ]
    assert lines[4] == ""


def test_statistics_count_rules(shop: Folder) -> None:
    lines = shop.call("audit", "--statistics", "--output-format", "concise").stdout.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:] if re.match(r"[A-Z]{3}\d{3} ", line)}

    assert lines[0].split() == ["rule", "name", "severity", "findings", "errors", "files"]
    assert rows["TST001"] == ["no-assertion", "error", "10", "10", "10"]
    assert rows["RUN001"] == ["direct-pytest-call", "error", "2", "2", "1"]
    assert rows["ENV001"] == ["direct-environ-read", "warning", "1", "0", "1"]


def test_a_report_can_go_to_a_file(shop: Folder, tmp_path: Path) -> None:
    done = shop.call("audit", "--output-format", "json", "--output-file", tmp_path / "report.json")

    assert (done.stdout, done.returncode) == ("", 1)
    assert json.loads((tmp_path / "report.json").read_text())["schema"] == 1


# places --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "arguments"),
    [
        (".", ["tests/test_a.py"]),
        (".", ["./tests/test_a.py"]),
        (".", ["tests//test_a.py"]),
        ("tests", ["test_a.py"]),
        ("tests", ["../tests/test_a.py"]),
        ("shop", ["../tests/test_a.py"]),
        ("tests", ["--staged", "test_a.py"]),
        ("tests", ["--rev", "HEAD", "test_a.py"]),
        (".", ["--rev", "HEAD", "tests/test_a.py"]),
        ("/", ["--rev", "HEAD", "--repo", "REPOSITORY", "tests/test_a.py"]),
        ("/", ["REPOSITORY/tests/test_a.py"]),
        ("/", ["REPOSITORY/.git", "--rev", "HEAD", "tests/test_a.py"]),
    ],
)
def test_paths_mean_what_they_mean_to_the_shell(shop: Folder, where: str, arguments: list[str]) -> None:
    given = [argument.replace("REPOSITORY", str(shop.root)) for argument in arguments]
    done = call_canonry("audit", "--output-format", "concise", *given, cwd=shop.root / where)

    assert [line.partition(":")[0] for line in findings_of(done)] == ["tests/test_a.py"], done.stderr


@pytest.mark.parametrize(("arguments", "count"), [([], 15), (["tests"], 11), (["tests/"], 11), (["tools", "shop"], 4)])
def test_a_folder_holds_what_is_below_it(shop: Folder, arguments: list[str], count: int) -> None:
    assert len(findings_of(shop.call("audit", "--output-format", "concise", *arguments))) == count


def test_the_whole_repository_is_audited_from_any_folder_of_it(shop: Folder) -> None:
    at_top = shop.call("audit", "--output-format", "concise")
    below = call_canonry("audit", "--output-format", "concise", cwd=shop.root / "shop")

    assert below.stdout == at_top.stdout
