"""Suppressions in the comments of files that are no Python, through the real readers and rules."""

import pytest

from tests.workbench import Folder

WORKFLOW = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: pytest tests  # canonry: ignore[RUN005] the runner is not installed here
      # canonry: ignore[RUN005] nor here
      - name: more
        run: |
          cd tests
          pytest -x
      - run: |
          # canonry: ignore[RUN005] a comment of the shell
          pytest a
          pytest b
"""


def lines(folder: Folder, path: str, text: str) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """Open and closed findings in a document."""
    result = folder.write({path: text, "canonry.toml": "", "a.py": "x = 1\n"}).audit()
    return (
        [(each.code, each.line) for each in result.findings() if each.path == path],
        [(each.finding.code, each.finding.line) for each in result.closed() if each.finding.path == path],
    )


def test_workflows(folder: Folder) -> None:
    still, closed = lines(folder, ".github/workflows/ci.yml", WORKFLOW)

    assert still == [("RUN005", 15)]
    assert closed == [("RUN005", 6), ("RUN005", 11), ("RUN005", 14)]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("run.sh", "#!/bin/sh\n# canonry: ignore[RUN005] why\npytest tests\n", 3),
        ("run.sh", "#!/bin/sh\npytest tests  # canonry: ignore[RUN] why\n", 2),
        ("run.bat", "REM canonry: ignore[RUN005] why\r\npytest tests\r\n", 2),
        ("run.ps1", "pytest tests  # canonry: ignore[RUN005] why\n", 1),
        ("Makefile", "test:\n\tpytest tests  # canonry: ignore[RUN005] why\n", 2),
        ("justfile", "test:\n    # canonry: ignore[RUN005] why\n    pytest tests\n", 3),
        ("Dockerfile", "FROM x\n# canonry: ignore[RUN005] why\nRUN pytest tests\n", 3),
        ("tox.ini", "[testenv]\n# canonry: ignore[RUN005] why\ncommands = pytest tests\n", 3),
        ("tox.ini", "[testenv]\ncommands =\n    ls\n    pytest tests  # canonry: ignore[RUN005] why\n", 4),
        ("tox.ini", "[testenv]\ncommands =\n    pytest \\\n      tests # canonry: ignore[RUN005] why\n", 3),
        ("setup.cfg", "[testenv]\ncommands = pytest tests # canonry: ignore[RUN005] why\n", 2),
        (".gitlab-ci.yml", "test:\n  script:\n    - pytest tests  # canonry: ignore[RUN005] why\n", 3),
        ("README.md", "<!-- canonry: ignore[RUN007] why -->\n```sh\npytest tests\n```\n", 3),
    ],
)
def test_other_documents(folder: Folder, path: str, text: str, line: int) -> None:
    still, closed = lines(folder, path, text)

    assert still == []
    assert [place for _, place in closed] == [line]


def test_what_is_wrong_with_a_suppression_in_a_document(folder: Folder) -> None:
    text = "pytest a  # canonry: ignore[RUN005]\nls  # canonry: ignore[RUN005] why\npytest b  # canonry: ignore[RUN005] until=2020-01-31 why\n"
    still, closed = lines(folder, "run.sh", text)

    assert still == [("RUN005", 1), ("GOV001", 1), ("GOV003", 2), ("RUN005", 3), ("GOV002", 3)]
    assert closed == []


def test_json_is_reached_by_the_canon_alone(folder: Folder) -> None:
    canon = "[[suppressions]]\nrules = ['RUN005']\npaths = ['package.json']\nreason = 'why'\n"
    result = folder.write(
        {"canonry.toml": canon, "package.json": '{"scripts": {"test": "pytest tests"}}\n', "a.py": ""}
    ).audit()

    assert [each.code for each in result.findings()] == []
    assert [each.finding.code for each in result.closed()] == ["RUN005"]
