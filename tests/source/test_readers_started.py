"""Commands that start a test tool through other programs, and those that only name one, in every kind of file."""

import pytest

from canonry.source.documents.readers.registry import read_document, reader_of
from canonry.source.documents.reading import Reading


def read(path: str, text: str) -> Reading:
    return read_document(reader_of(path), text.encode())


def found(path: str, text: str) -> list[str]:
    return [f"{each.site.line}:{each.site.column} {each.tool}" for each in read(path, text).commands if each.tool]


EVERYWHERE = {
    ".github/workflows/a.yml": ("jobs:\n  a:\n    steps:\n      - run: {}\n", "4:14"),
    ".gitlab-ci.yml": ("a:\n  script:\n    - {}\n", "3:7"),
    "a.sh": ("{}\n", "1:1"),
    "a.bat": ("{}\r\n", "1:1"),
    "a.ps1": ("{}\n", "1:1"),
    "Makefile": ("t:\n\t{}\n", "2:2"),
    "justfile": ("t:\n    {}\n", "2:5"),
    "Dockerfile": ("FROM a\nRUN {}\n", "2:5"),
    "compose.yml": ("services:\n  a:\n    command: {}\n", "3:14"),
    "tox.ini": ("[testenv]\ncommands =\n    {}\n", "3:5"),
    "package.json": ('{{"scripts": {{"t": "{}"}}}}', "1:20"),
    "a.md": ("```sh\n{}\n```\n", "2:1"),
}


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize(
    "line",
    [
        "python -m coverage run -m pytest",
        "python -m pipenv run pytest",
        "python -m cProfile -m pytest",
        "pipx run pytest",
        "docker run --rm --name pytest img pytest -q",
    ],
)
def test_through_another_program(path: str, line: str) -> None:
    text, place = EVERYWHERE[path]

    assert found(path, text.format(line)) == [f"{place} pytest"]


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize(
    "line",
    [
        "docker rm pytest",
        "docker run --name pytest img",
        "docker network create pytest",
        "sudo cat pytest",
        "coverage report -m pytest",
    ],
)
def test_only_named(path: str, line: str) -> None:
    reading = read(path, EVERYWHERE[path][0].format(line))

    assert [each.tool for each in reading.commands if each.tool] == []
    assert reading.passed_over == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "t:\n\t$(MAKE) pytest\n"),
        ("Makefile", "t:\n\t$(MAKE) -C sub pytest\n"),
        ("Makefile", "t:\n\t@${MAKE} --no-print-directory pytest\n"),
        ("Makefile", "t:\n\t$(RM) pytest\n\t$(RM) -r pytest\n"),
        ("Makefile", "t:\n\t$(GREP) -r pytest .\n"),
        ("Makefile", "t:\n\t$(PIP) install pytest\n"),
        ("Makefile", "t:\n\t$(DOCKER) rm pytest\n\t$(COMPOSE) up pytest\n"),
        ("a.sh", "$GREP pytest x\n"),
        ("a.sh", "$DOCKER_COMPOSE stop pytest\n"),
        ("a.sh", "sudo $CAT pytest\n"),
        ("a.sh", "$SUDO rm pytest\n"),
        ("a.sh", "$PY manage.py pytest\n"),
    ],
)
def test_a_variable_is_no_evidence(path: str, text: str) -> None:
    reading = read(path, text)

    assert [each.tool for each in reading.commands if each.tool] == []


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("a.sh", "$THING pytest x\n", (1, 1)),
        ("a.sh", '"$@" pytest\n', (1, 1)),
        ("Makefile", "t:\n\t@$(THING) -x pytest\n", (2, 3)),
        ("a.bat", "%THING% pytest\r\n", (1, 1)),
        ("a.ps1", "& $thing pytest\n", (1, 3)),
    ],
)
def test_what_nobody_can_tell_is_passed_over(path: str, text: str, place: tuple[int, int]) -> None:
    reading = read(path, text)

    assert [each.tool for each in reading.commands if each.tool] == []
    ((site, reason),) = [((each.site.line, each.site.column), each.reason) for each in reading.passed_over]
    assert site == place
    assert reason.endswith("is not set in the file, and nothing says that it starts what stands behind it")


@pytest.mark.parametrize(
    ("path", "text", "doubt"),
    [
        ("a.sh", "$RUN pytest\n", "`$RUN` is not set in the file"),
        ("a.sh", "$SUDO pytest\n", "`$SUDO` is not set in the file"),
        ("a.sh", "$DOCKER run img pytest\n", "`$DOCKER` is not set in the file"),
        ("a.sh", "sudo $RUNNER pytest\n", "`$RUNNER` is not set in the file"),
        ("a.sh", "$PYTHON -m coverage run -m pytest\n", ""),
        ("a.sh", "timeout 60 $PYTHON -m pytest\n", ""),
        ("a.sh", "$VENV/bin/python -m pytest\n", ""),
        ("a.sh", "python$V -m pytest\n", ""),
        ("Makefile", "t:\n\t$(POETRY) run pytest\n", "`$(POETRY)` is not set in the file"),
        ("Makefile", "t:\n\t$(IN_ENV) pytest\n", "`$(IN_ENV)` is not set in the file"),
    ],
)
def test_a_variable_that_says_that_it_starts_something(path: str, text: str, doubt: str) -> None:
    assert [(each.tool, each.doubt) for each in read(path, text).commands if each.tool] == [("pytest", doubt)]


def test_many_launchers_in_a_row_are_followed_to_a_bound() -> None:
    assert read("a.sh", "sudo $x " * 3_000 + "pytest\n").commands
    assert read("a.sh", "sudo " * 3_000 + "pytest\n").commands


@pytest.mark.parametrize(
    "line",
    [
        'find . -name "*.py" -exec pytest {} \\;',
        "env SETTINGS=conf/settings.py pytest",
        "xvfb-run -s x.py pytest",
        "sudo bash -c 'pytest a.py'",
    ],
)
def test_a_word_that_ends_like_a_script_hides_nothing(line: str) -> None:
    assert [each.split()[1] for each in found("a.sh", line + "\n")] == ["pytest"]
