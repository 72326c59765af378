"""Files that are no Python, from the tree to the report: through the engine and the command line."""

from typing import Any

import pytest

from tests.workbench import SOUND, Folder

WORKFLOW = ".github/workflows/ci.yml"


def workflow(*steps: str) -> str:
    """A workflow with these steps, each a text that begins behind the dash."""
    listed = "".join(f"      - {step}\n" for step in steps)
    return f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n{listed}"


def found(folder: Folder, *codes: str, **options: Any) -> list[tuple[str, str, int]]:
    return [(each.code, each.path, each.line) for each in folder.findings(*codes, **options)]


# what an audit of documents is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("run", "status"), [("pytest -q", 1), ("canonry run", 0)])
def test_documents_alone_are_validated(folder: Folder, run: str, status: int) -> None:
    folder.write({WORKFLOW: workflow(f"run: {run}")})

    assert folder.call("audit").returncode == status
    assert folder.call("audit", WORKFLOW).returncode == status


def test_a_named_document_is_judged_alone(folder: Folder) -> None:
    folder.write({WORKFLOW: workflow("run: pytest"), "a.sh": "pytest\n", "tests/test_a.py": SOUND})
    report = folder.report("a.sh")

    assert [each["path"] for each in report["findings"]] == ["a.sh"]
    assert (report["population"]["files"], report["population"]["documents"]) == (0, 1)


def test_the_population_counts_documents_commands_and_what_was_passed_over(folder: Folder) -> None:
    folder.write(
        {"a.sh": "ls\ncd x\n", "b.sh": "for x in a; do $x; done\n", WORKFLOW: "a: [\n", "notes.txt": "pytest\n"}
    )
    population = folder.report()["population"]

    assert (population["documents"], population["commands"], population["passed_over"]) == (3, 2, 2)


def test_what_is_passed_over_is_narrated(folder: Folder) -> None:
    folder.write({"a.sh": "for x in a; do $x; done\n", WORKFLOW: "a: [\n"})

    said = folder.call("audit").stderr
    assert "is passed over: broken" in said
    assert "canonry: 1 more part of files that are no Python passed over (all with -v)" in said
    said = folder.call("audit", "-v").stderr
    assert "canonry: `a.sh:1` is passed over: a command that is built in a loop" in said
    assert f"canonry: `{WORKFLOW}:" in said


def test_copies_of_documents_are_left_out(folder: Folder) -> None:
    folder.write({"ci_backup/a.sh": "pytest\n", "ci/a.sh": "pytest\n"})

    assert found(folder, "RUN005") == [("RUN005", "ci/a.sh", 1)]


def test_a_document_is_read_again_when_it_changes(repository: Folder) -> None:
    repository.commit({"a.sh": "pytest\n", "tests/test_a.py": SOUND})
    assert found(repository, "RUN005", cache=True) == [("RUN005", "a.sh", 1)]
    repository.write({"a.sh": "\npytest\n"})

    assert found(repository, "RUN005", cache=True) == [("RUN005", "a.sh", 2)]
    assert found(repository, "RUN005", cache=True) == [("RUN005", "a.sh", 2)]
    assert found(repository, "RUN005", revision="HEAD") == [("RUN005", "a.sh", 1)]


def test_an_untracked_file_that_nobody_reads_leaves_the_tree_clean(repository: Folder) -> None:
    repository.commit({"a.sh": "ls\n", "tests/test_a.py": SOUND})
    repository.write({"notes.txt": "x\n"})
    assert repository.report()["dirty"] is False

    repository.write({"b.sh": "ls\n"})
    assert repository.report()["dirty"] is True


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1"])
def test_the_frame_shows_the_command(folder: Folder, encoding: str) -> None:
    folder.write({"a.ps1": "# é\r\n  pytest -q\r\n".encode(encoding)})
    lines = folder.call("audit", "--select", "RUN005").stdout.splitlines()

    assert lines[:3] == [
        "a.ps1:2:3: RUN005 error: the command starts pytest past the canonical runner",
        "2 |   pytest -q",
        "  |   ^^^^^^^^^",
    ]


# one finding per place -----------------------------------------------------------------------------------------------


def test_a_command_in_a_command_is_one_finding(folder: Folder) -> None:
    folder.write({"a.sh": "docker exec a bash -c 'cd b; pytest -q'\n"})

    assert found(folder, "RUN005") == [("RUN005", "a.sh", 1)]


def test_an_anchor_is_reported_where_it_stands(folder: Folder) -> None:
    folder.write({WORKFLOW: workflow("&a {run: pytest}", "*a", "*a")})

    assert found(folder, "RUN005") == [("RUN005", WORKFLOW, 6)]


def test_a_session_of_nox_is_one_finding(folder: Folder) -> None:
    folder.write({"noxfile.py": "import nox\n\n\n@nox.session\ndef t(session):\n    session.run('pytest', '-q')\n"})

    assert found(folder, "RUN002", "RUN004", "RUN005") == [("RUN005", "noxfile.py", 6)]


# what the canon allows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runner", "path", "text"),
    [
        ("tox", "tox.ini", "[testenv]\ncommands = pytest\n"),
        ("nox", "noxfile.py", "def t(session):\n    session.run('pytest')\n"),
        ("make test", "Makefile", "test:\n\tpytest\n"),
        ("npm run test", "package.json", '{"scripts": {"test": "pytest"}}'),
        ("./scripts/test.sh", "scripts/test.sh", "pytest\n"),
        ("python -m unittest", "a.sh", "python -m unittest discover\n"),
        ("python tools/run.py", "a.sh", "coverage run tools/run.py pytest\n"),
    ],
)
def test_what_the_runner_itself_is_made_of(folder: Folder, runner: str, path: str, text: str) -> None:
    folder.write({path: text, "canonry.toml": f"[canon]\nrunner = '{runner}'\n"})
    assert found(folder, "RUN005") == []

    folder.write({"canonry.toml": "[canon]\nrunner = 'canonry run'\n"})
    assert len(found(folder, "RUN005")) == (0 if path == "a.sh" and "tools" in text else 1)


# dead commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("run: python run_tests.py", "the script `run_tests.py` does not exist here (`tools/run_tests.py` does)"),
        ("run: bash ./ci/test-all.sh", "the script `./ci/test-all.sh` does not exist"),
        (
            "run: cd tools && python ../run_tests.py",
            "the script `../run_tests.py` does not exist here (`tools/run_tests.py` does)",
        ),
        ("run: pytest tests/test_gone.py::test_a", "the tests `tests/test_gone.py` do not exist"),
        ("run: pytest -q tests/gone", "the tests `tests/gone` do not exist"),
        ("run: pytest tests || true", "these tests cannot fail: `|| true` forgives it"),
        ("run: python tools/run_tests.py", None),
        ("run: cd tools; python run_tests.py", None),
        ("{run: python run_tests.py, working-directory: tools}", None),
        ("{run: python run_tests.py, working-directory: '${{ x }}'}", None),
        ("run: touch run_tests.py && python run_tests.py", None),
        ("run: git clone x y && python y/run_tests.py", None),
        ("run: python $DIR/run_tests.py", None),
        ("run: python build_docs.py", None),
        ("run: pytest tests -k a/b --cov=x/y -m c/d --ignore tests/gone tests/*.py", None),
    ],
)
def test_dead_commands_of_a_workflow(folder: Folder, step: str, message: str | None) -> None:
    folder.write({WORKFLOW: workflow(step), "tools/run_tests.py": "", "tests/test_a.py": SOUND})

    assert [each.message for each in folder.findings("RUN006")] == ([message] if message else [])


def test_what_another_repository_holds_is_not_missed(folder: Folder) -> None:
    checkout = "{uses: actions/checkout@v4, with: {repository: a/b}}"
    folder.write({WORKFLOW: workflow(checkout, "run: pytest tests/test_b.py"), "tests/test_a.py": SOUND})

    assert found(folder, "RUN006") == []


def test_a_checkout_in_a_folder_moves_the_root(folder: Folder) -> None:
    checkout = "{uses: actions/checkout@v4, with: {path: src}}"
    steps = ("{run: python run_tests.py, working-directory: src}", "run: cd src && python run_tests.py")
    folder.write({WORKFLOW: workflow(checkout, *steps), "run_tests.py": ""})

    assert found(folder, "RUN006") == []


def test_a_script_may_start_in_its_own_folder(folder: Folder) -> None:
    folder.write(
        {"ci/a.sh": "python run_tests.py\npython tools/test_x.py\n", "ci/run_tests.py": "", "tools/test_x.py": ""}
    )
    assert found(folder, "RUN006") == []

    folder.write({"ci/a.sh": "python run_all_tests.py\n"})
    assert found(folder, "RUN006") == [("RUN006", "ci/a.sh", 1)]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("--category smoke", "smoke"),
        ("--category=smoke", "smoke"),
        ("--categories unit smoke -x", "smoke"),
        ("--category unit", ""),
    ],
)
def test_categories_that_the_canon_does_not_declare(folder: Folder, arguments: str, name: str) -> None:
    canon = "[categories.unit]\npaths = ['tests']\n"
    folder.write({"a.sh": f"canonry run {arguments}\n", "canonry.toml": canon, "tests/test_a.py": SOUND})

    assert [each.message for each in folder.findings("RUN006")] == (
        [f"the category `{name}` is not declared"] if name else []
    )


def test_doubt_is_said(folder: Folder) -> None:
    folder.write({"a.sh": "$RUN pytest || true\n", "b.md": "```\npytest -q\n```\n"})

    assert {(each.code, each.confidence.value) for each in folder.findings("RUN005", "RUN006", "RUN007")} == {
        ("RUN005", "likely"),
        ("RUN006", "likely"),
        ("RUN007", "likely"),
    }
