"""What looks like an end and is none: the commands behind it are found at their place, or passed over with a reason."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.documents.reading import Reading


def read(path: str, text: str) -> Reading:
    return read_document(reader_of(path), text.encode())


def places(path: str, text: str) -> list[str]:
    return [
        f"{each.site.line}:{each.site.column} {' '.join(each.words)}" + (f" [{each.forgiven}]" if each.forgiven else "")
        for each in read(path, text).commands
        if each.tool
    ]


def reasons(path: str, text: str) -> list[str]:
    return [f"{each.site.line} {each.reason}" for each in read(path, text).passed_over]


MAKE = {
    "t:\nifeq ($(A),b)\n\tpytest a\nelse\n\tpytest b\nendif\n\tpytest c\n": ["3:2 pytest a", "5:2 pytest b", "7:2 pytest c"],
    "t:\n\ttrue\n  ifdef A\n\tpytest a\n  endif\n": ["4:2 pytest a"],
    ".RECIPEPREFIX = >\nt:\n>pytest a\n> @pytest b\n": ["3:2 pytest a", "4:4 pytest b"],
    ".RECIPEPREFIX := >\nt:\n>pytest a\n.RECIPEPREFIX =\nu:\n\tpytest b\n": ["3:2 pytest a", "6:2 pytest b"],
    "A := $(shell pytest -q a)\nt:\n\ttrue\n": ["1:14 pytest -q a"],
    "t:\n\techo $(shell cd x; pytest a) ${shell pytest b}\n": ["2:21 pytest a", "2:39 pytest b"],
    "A != pytest a\n": ["1:6 pytest a"],
    "t:\n\ttrue\nifeq ($(shell pytest a),)\n\tpytest b\nendif\n": ["3:15 pytest a", "4:2 pytest b"],
    "else-x: y\n\tpytest a\nendif.x:\n\tpytest b\n": ["2:2 pytest a", "4:2 pytest b"],
    "define x\ndefine y\nA = pytest\nendef\nt:\n\t$(A) z\nendef\nt:\n\tpytest b\n": ["9:2 pytest b"],
    "override define x\nA = pytest\nendef\nt:\n\t$(A) a\n\tpytest b\n": ["6:2 pytest b"],
    "# $(shell pytest a)\nt:\n\tpytest b\n": ["3:2 pytest b"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "found"), MAKE.items())
def test_make(text: str, found: list[str]) -> None:
    assert places("Makefile", text) == found


def test_a_document_whose_end_is_not_found_is_passed_over() -> None:
    assert [each[2:] for each in reasons("a.sh", "cat <<EOF\nhello\npytest a\n")] == [
        "a here-document whose end is not found"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "define a\ndefine b\nt:\nendef\nt:\n\tpytest a\nendef\n",
        "define run\n\tpytest a\nendef\n",
        "x = 1\ndefine run =\npytest a\nendef\nt:\n\ttrue\n",
    ],
)
def test_a_define_block_is_passed_over(text: str) -> None:
    assert [each[2:] for each in reasons("Makefile", text)] == ["a `define` block, which is not expanded"]
    assert places("Makefile", text) == []


TOX = """\
[env.a]
change_dir = "x"  # here
ignore_outcome = true  # for now
commands = [["pytest", "a"]]  # all of them
"""


def test_comments_behind_values_of_tox() -> None:
    (command,) = read("tox.toml", TOX).commands

    assert (command.words, command.folder, command.forgiven) == (("pytest", "a"), "x", "tox's `ignore_outcome`")


HEAD = "jobs:\n  a:\n    steps:\n"
NODES = {
    HEAD + "      - run: &a\n          pytest nl\n": ["5:11 pytest nl"],
    HEAD + "      - run: &a # why\n          pytest nl\n": ["5:11 pytest nl"],
    HEAD + "      - run: &a |2\n          pytest a\n          pytest b\n": ["5:11 pytest a", "6:11 pytest b"],
    HEAD + '      - run: &a "pytest q"\n': ["4:18 pytest q"],
    HEAD + "      - run: !!str pytest\n": ["4:20 pytest"],
    HEAD + "      - run: !!str &a 'pytest q'\n": ["4:24 pytest q"],
    HEAD + "      - run: &a !!str >-\n          pytest\n          q\n": ["5:11 pytest q"],
    HEAD + "      - {run: &a pytest q}\n": ["4:18 pytest q"],
}


@pytest.mark.parametrize(("text", "found"), NODES.items())
def test_anchors_and_tags_are_no_part_of_a_place(text: str, found: list[str]) -> None:
    assert places(".github/workflows/a.yml", text) == found


OTHERS = {
    ".circleci/config.yml": ("version: 2.1\njobs: {}\nworkflows: {}\n", "CircleCI"),
    "azure-pipelines.yml": ("trigger: [main]\nsteps:\n  - script: pytest\n", "Azure Pipelines"),
    ".travis.yml": ("language: python\nscript: pytest\n", "Travis CI"),
    "Jenkinsfile": ("pipeline {\n  agent any\n}\n", "Jenkins"),
    "bitbucket-pipelines.yml": ("pipelines:\n  default: []\n", "Bitbucket Pipelines"),
    "appveyor.yml": ("test_script:\n  - pytest\n", "AppVeyor"),
    ".drone.yml": ("kind: pipeline\nsteps: []\n", "Drone"),
    ".woodpecker.yml": ("steps: []\n", "another CI system"),
    "buildspec.yml": ("version: 0.2\nphases: {}\n", "AWS CodeBuild"),
    "cloudbuild.yaml": ("steps: []\n", "another CI system"),
    ".buildkite/pipeline.yml": ("steps:\n  - label: tests\n    command: pytest\n", "Buildkite"),
    ".buildkite/hooks/more.yaml": ("env: {A: b}\nsteps:\n  - command: pytest\n", "Buildkite"),
    ".cirrus.yml": ("unit_task:\n  container: {image: a}\n  script: pytest\n", "Cirrus CI"),
    ".semaphore/semaphore.yml": ("blocks:\n  - task: {jobs: [{commands: [pytest]}]}\n", "Semaphore"),
    ".build.yml": ("image: a\ntasks:\n  - t: pytest\n", "SourceHut"),
    ".drone.yaml": ("kind: pipeline\nsteps:\n  - commands: [pytest]\n", "Drone"),
}


@pytest.mark.parametrize("path", OTHERS)
def test_other_systems_are_passed_over(path: str) -> None:
    text, system = OTHERS[path]

    assert reasons(path, text) == [f"1 a configuration of {system}, which canonry does not read"]


PLACEHOLDERS = {
    "git revert <commit-hash>\npytest x\n": ["2:1 pytest x"],
    "git revert <commit hash> # why\npytest x\n": ["2:1 pytest x"],
    "git revert <hash> && pytest x\n": ["1:22 pytest x"],
    "git revert <hash>\r\npytest x\r\n": ["2:1 pytest x"],
    "pytest <in >out\npytest x\n": ["1:1 pytest", "2:1 pytest x"],
}


@pytest.mark.parametrize(("text", "found"), PLACEHOLDERS.items())
def test_a_placeholder_takes_no_line(text: str, found: list[str]) -> None:
    assert places("a.sh", text) == found
    assert [each.partition(" ")[2] for each in places("a.md", f"```sh\n{text}```\n")] == [
        each[4:].strip() for each in found
    ]


def test_an_entry_whose_quotes_do_not_close() -> None:
    text = 'repos:\n  - repo: local\n    hooks:\n      - id: t\n        entry: pytest-q\'\n        args: [-x, "a b"]\n'

    assert reasons(".pre-commit-config.yaml", text) == ["5 an entry whose quotes do not close"]
    assert read(".pre-commit-config.yaml", text).commands == ()


@pytest.mark.parametrize(
    ("code", "tool"),
    [
        ("import pytest; pytest.main()", "pytest"),
        ("import sys, pytest as p; sys.exit(p.main(['-q']))", "pytest"),
        ("from pytest import main; main()", "pytest"),
        ("import unittest; unittest.main()", "unittest"),
        ("import pytest; print(pytest.__version__)", ""),
        ("print('pytest.main()')", ""),
        ("import pytest; mine.main()", ""),
        ("import pytest; pytest.main(", ""),
    ],
)
def test_code_on_the_command_line(code: str, tool: str) -> None:
    (command,) = read("a.sh", f'python -c "{code}"\n').commands

    assert (command.tool, bool(command.doubt)) == (tool, bool(tool))
