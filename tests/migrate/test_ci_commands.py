"""Commands in every kind of document, rewritten in place: what is not the command's words stays, byte by byte."""

import difflib
import textwrap
from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from canonry.model.migration import Item
from tests.workbench import Folder

TESTS = {
    "tests/unit/test_a.py": "def test_a():\n    assert 1\n",
    "tests/e2e/test_b.py": "def test_b():\n    assert 1\n",
    "requirements.txt": "canonry>=1\npytest\n",
    "canonry.toml": "[categories.unit]\npaths = ['tests/unit']\n",
}


def found_in(place: Path, path: str, text: str | bytes, **files: str) -> Migrated:
    folder = Folder(place).write({**TESTS, **files, path: text}).start()
    request = Request(repository=folder.root, cache=False, workers=1, target="3.11")
    return migrate(request, Wanted(codemods=("ci-commands",), review=True))


def after(place: Path, path: str, text: str | bytes, **files: str) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return found_in(place, path, text, **files).after().get(path, content)


def items(place: Path, path: str, text: str | bytes, **files: str) -> list[Item]:
    return [item for item in found_in(place, path, text, **files).summary.items if item.path == path]


def changed_lines(before: str, after: str) -> list[str]:
    """The new lines that the old text does not have."""
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line[2:].rstrip("\r\n") for line in lines if line.startswith("+ ")]


def workflow(run: str, *, job: str = "") -> str:
    head = f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n{job}    steps:\n      - run: "
    return head + textwrap.indent(run, "          ").lstrip() if "\n" in run else f"{head}{run}\n"


@pytest.mark.parametrize(
    ("path", "before", "line"),
    [
        (".github/workflows/a.yml", workflow("pytest tests -x"), "      - run: canonry run tests --fail-fast"),
        (".github/workflows/a.yml", workflow("'pytest tests -x'"), "      - run: 'canonry run tests --fail-fast'"),
        (
            ".github/workflows/a.yml",
            workflow('"pytest \\"tests\\" -x"'),
            '      - run: "canonry run \\"tests\\" --fail-fast"',
        ),
        (
            ".github/workflows/a.yml",
            workflow("|\nset -e\nPYTHONPATH=. pytest tests  # all\n"),
            "          PYTHONPATH=. canonry run tests  # all",
        ),
        (".github/workflows/a.yml", workflow(">-\npytest tests\n-x\n"), "          canonry run tests --fail-fast"),
        (
            ".github/workflows/a.yml",
            workflow("|\ncd tests\npytest unit || exit 3\n"),
            "          canonry run --category unit || exit 3",
        ),
        (
            ".github/workflows/a.yml",
            workflow("bash -c \"pytest tests -k 'a or b'\""),
            "      - run: bash -c \"canonry run tests -k 'a or b'\"",
        ),
        (
            ".github/workflows/a.yml",
            workflow("if ! pytest tests; then exit 1; fi"),
            "      - run: if ! canonry run tests; then exit 1; fi",
        ),
        (
            ".github/workflows/a.yml",
            workflow("pytest tests -k ${{ matrix.word }}"),
            "      - run: canonry run tests -k ${{ matrix.word }}",
        ),
        (".gitlab-ci.yml", "test:\n  script:\n    - pytest tests -s\n", "    - canonry run tests -- -s"),
        (".gitlab-ci.yml", "test:\n  script: [pytest tests, echo done]\n", "  script: [canonry run tests, echo done]"),
        (
            "run.sh",
            "#!/bin/sh\nset -e\npytest tests \\\n  -x \\\n  --cov=shop >log 2>&1\n",
            "canonry run tests --fail-fast -- \\",
        ),
        ("run.sh", "time pytest tests &\n", "time canonry run tests &"),
        ("Makefile", "PY = python3\nt:\n\t@$(PY) -m pytest tests -x\n", "\t@$(PY) -m canonry run tests --fail-fast"),
        (
            "Makefile",
            "PYTEST := python -m pytest -q\nt:\n\t$(PYTEST) tests -x\n",
            "\tpython -m canonry run tests -q --fail-fast",
        ),
        (
            "Dockerfile",
            "FROM a\nRUN pip install canonry && pytest tests -x\n",
            "RUN pip install canonry && canonry run tests --fail-fast",
        ),
        ("Dockerfile", 'FROM a\nCMD ["pytest"]\n', 'CMD ["canonry", "run"]'),
        ("Dockerfile", 'FROM a\nCMD ["sh", "-c", "pytest tests -s"]\n', 'CMD ["sh", "-c", "canonry run tests -- -s"]'),
        (
            "tox.ini",
            "[testenv]\ndeps =\n    canonry\ncommands =\n    pytest --cov={envsitepackagesdir} tests\n",
            "    canonry run tests -- --cov={envsitepackagesdir}",
        ),
        (
            "tox.toml",
            '[env_run_base]\ndeps = ["canonry"]\ncommands = [["pytest", "tests", "-x"]]\n',
            'commands = [["canonry", "run", "tests", "--fail-fast"]]',
        ),
        (
            "package.json",
            '{\n  "scripts": {\n    "t": "jest && pytest -k \\"a b\\" tests"\n  }\n}\n',
            '    "t": "jest && canonry run tests -k \\"a b\\""',
        ),
        (
            ".pre-commit-config.yaml",
            "repos:\n  - repo: local\n    hooks:\n      - id: t\n        entry: pytest tests -s\n        language: system\n        pass_filenames: false\n",
            "        entry: canonry run tests -- -s",
        ),
        ("justfile", "t:\n    pytest tests -x {{flags}}\n", "    canonry run tests {{flags}} --fail-fast"),
        ("compose.yml", "services:\n  t:\n    command: pytest tests -s\n", "    command: canonry run tests -- -s"),
        (
            "compose.yml",
            "services:\n  t:\n    command:\n      - pytest\n      - -x\n      - tests\n",
            "      - canonry",
        ),
        ("run.ps1", "& pytest tests -x\n", "& canonry run tests --fail-fast"),
        ("run.bat", "@echo off\r\npytest tests -x\r\n", "canonry run tests --fail-fast"),
        ("run.bat", "pytest --cov=shop tests %*\r\n", "canonry run tests %* -- --cov=shop"),
    ],
)
def test_the_words_of_the_command_change_and_nothing_else(path: str, before: str, line: str, tmp_path: Path) -> None:
    found = after(tmp_path, path, before).decode()

    assert line in changed_lines(before, found)
    gone = [each for each in before.splitlines() if each not in found.splitlines()]
    assert len(gone) <= 3, "more than the lines of the command changed"


def test_a_block_list_gets_items(tmp_path: Path) -> None:
    before = "services:\n  t:\n    command:\n      - pytest\n      - -x\n      - tests\n"

    expected = "services:\n  t:\n    command:\n      - canonry\n      - run\n      - tests\n      - --fail-fast\n"
    assert after(tmp_path, "compose.yml", before).decode() == expected


@pytest.mark.parametrize(
    ("path", "before", "reason"),
    [
        ("run.sh", "pytest tests/gone.py\n", "does not exist"),
        ("run.sh", "pytest tests >log -x\n", "a redirection"),
        ("run.sh", "find tests -name 'test_*' -exec pytest {} \\;\n", "`find` hands it arguments"),
        ("run.sh", "cat list | xargs pytest\n", "`xargs` hands it arguments"),
        ("run.sh", "python -c 'import pytest; pytest.main()'\n", "not understood"),
        ("Makefile", "T = pytest -k 'a b'\nt:\n\t$(T) tests\n", "a variable holds words"),
        (
            ".pre-commit-config.yaml",
            "repos:\n  - repo: local\n    hooks:\n      - id: t\n        entry: pytest -s\n        language: system\n",
            "names of changed files",
        ),
        (
            ".pre-commit-config.yaml",
            "repos:\n  - repo: local\n    hooks:\n      - id: t\n        entry: pytest\n        args: [tests]\n        language: system\n",
            "elsewhere",
        ),
        (".github/workflows/a.yml", workflow("$CMD tests", job="    env:\n      CMD: ${{ x || 'pytest' }}\n"), ""),
    ],
)
def test_what_is_left_to_a_hand_and_why(path: str, before: str, reason: str, tmp_path: Path) -> None:
    found = found_in(tmp_path, path, before)

    assert not found.plan.files
    mine = [item for item in found.summary.items if item.path == path]
    assert all(item.grade is Grade.MANUAL and reason in item.reason for item in mine)
    assert mine or not reason


@pytest.mark.parametrize(
    ("path", "before", "reason"),
    [
        ("run.sh", "pytest tests | tee log\n", "another command reads its output"),
        ("run.sh", 'N="$(pytest tests)"\n', "another command reads its output"),
        ("run.sh", 'pytest "$@"\n', "may stand for options"),
        ("run.sh", "$RUN pytest tests\n", "not certain what is started"),
        ("sub/run.sh", "pytest -q\n", "depends on the working directory"),
        ("Dockerfile", "FROM a\nRUN pytest tests\n", "the canon has to be there"),
        ("tox.ini", "[testenv]\ndeps = pytest\ncommands = pytest tests\n", "installed where this runs"),
    ],
)
def test_what_a_reader_is_asked(path: str, before: str, reason: str, tmp_path: Path) -> None:
    (item,) = items(tmp_path, path, before)

    assert item.grade is Grade.REVIEW
    assert reason in item.reason


def test_nothing_is_safe_where_nothing_installs_canonry(tmp_path: Path) -> None:
    (item,) = items(tmp_path, "run.sh", "pytest tests\n", **{"requirements.txt": "pytest\n"})

    assert (item.grade, item.reason) == (
        Grade.REVIEW,
        "nothing in the tree says that canonry is installed where this runs",
    )


def test_line_ends_marks_and_letters_beyond_ascii_stay(tmp_path: Path) -> None:
    before = "\ufeffecho Größe\r\npytest tests  # läuft\r\necho é\r\n".encode()

    assert after(tmp_path, "run.sh", before) == before.replace(b"pytest tests", b"canonry run tests")


def test_a_file_that_is_not_utf8_is_left_alone(tmp_path: Path) -> None:
    (item,) = items(tmp_path, "run.sh", "echo Größe\npytest tests\n".encode("latin-1"))

    assert item.grade is Grade.MANUAL
    assert "UTF-8" in item.reason


def test_a_tool_in_comments_echoes_and_names_stays(tmp_path: Path) -> None:
    before = "# pytest tests\necho pytest tests\npip install pytest\npytest tests\nalias t='pytest'\n"

    assert changed_lines(before, after(tmp_path, "run.sh", before).decode()) == ["canonry run tests"]


def test_a_second_run_is_empty(tmp_path: Path) -> None:
    found = found_in(tmp_path, "run.sh", "pytest tests -x --cov\n")
    write_migration(found)

    again = migrate(
        Request(repository=tmp_path, cache=False, workers=1), Wanted(codemods=("ci-commands",), review=True)
    )
    assert found.plan.files
    assert not again.summary.items
