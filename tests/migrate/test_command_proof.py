"""A rewritten command is proved by what pytest and the runner select; one that selects other tests is refused."""

import sys
from pathlib import Path

import pytest

from canonry.audit.request import Request
from canonry.migrate.commands.proof import Proof, arguments_of_runner
from canonry.migrate.engine import Wanted, migrate
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade
from canonry.run.observed import observe
from tests.workbench import Folder

FILES = {
    "requirements.txt": "canonry\npytest\n",
    "tests/unit/test_a.py": "def test_a():\n    assert 1\n\n\ndef test_b():\n    assert 1\n",
    "tests/unit/check_c.py": "def test_c():\n    assert 1\n",
    "tests/test_top.py": "def test_top():\n    assert 1\n",
    "Makefile": "unit:\n\tpytest tests/unit -x\n\nodd:\n\tpytest -o python_files=check_c.py tests/unit\n"
    "\nopen:\n\tpytest $(TESTS)\n",
}


def test_commands_are_proved_or_refused_with_the_tests_that_differ(tmp_path: Path) -> None:
    place = Folder(tmp_path).write(FILES).start()
    request = Request(repository=place.root, cache=False, workers=1)
    found = migrate(request, Wanted(codemods=("ci-commands",), review=True, proved=True)).summary
    by_line = {item.line: item for item in found.items}
    assert by_line[2].grade is Grade.SAFE
    assert by_line[5].grade is Grade.MANUAL
    assert "it would no longer run `tests/unit/check_c.py::test_c`" in by_line[5].reason
    assert by_line[8].planned
    assert any("`pytest $(TESTS)` is not proved" in note for note in found.notes)


SELECTED = {
    "requirements.txt": "canonry\npytest\n",
    "pytest.ini": "[pytest]\nmarkers = slow\n",
    "tests/test_x.py": "import pytest\n\n\n@pytest.mark.slow\ndef test_a():\n    assert 1\n\n\n"
    "def test_b():\n    assert 1\n",
    "Makefile": "k:\n\tpytest tests -k test_a\n\nm:\n\tpytest -m slow\n\nid:\n\tpytest tests/test_x.py::test_a\n"
    "\nuv:\n\tuv run pytest tests -k test_b\n\nno:\n\tpytest tests/test_x.py::test_nope\n",
}


def test_what_narrows_a_command_is_proved_too_and_a_second_preview_is_empty(tmp_path: Path) -> None:
    place = Folder(tmp_path).write(SELECTED).start()
    request = Request(repository=place.root, cache=False, workers=1)
    wanted = Wanted(codemods=("ci-commands",), review=True, proved=True)
    found = migrate(request, wanted)
    by_line = {item.line: item for item in found.summary.items}
    assert [(line, by_line[line].grade) for line in (2, 5, 8, 11)] == [(line, Grade.SAFE) for line in (2, 5, 8, 11)]
    assert (by_line[14].grade, "`tests/test_x.py::test_nope` does not exist" in by_line[14].reason) == (
        Grade.MANUAL,
        True,
    )
    assert not found.summary.notes
    write_migration(found)
    again = migrate(request, wanted)
    assert not again.plan.files
    assert [item.line for item in again.summary.items] == [14]


@pytest.mark.parametrize(
    "front",
    [
        "uv run",
        "poetry run",
        "hatch run",
        "hatch run test:",
        "pdm run",
        "pipenv run",
        "coverage run -m",
        "uv run python -m",
        "uv run --with x coverage run -m",
    ],
)
def test_the_arguments_of_the_runner_are_found_behind_tools_with_a_run_of_their_own(front: str) -> None:
    words = [*front.split(), "canonry", "run", "tests", "-k", "x", "--", "-o", "a=b"]
    assert arguments_of_runner(words) == ["tests", "-k", "x", "--", "-o", "a=b"]


def test_a_difference_names_the_tests_that_come_and_go(tmp_path: Path) -> None:
    place = Folder(tmp_path).write(FILES).start()
    proof = Proof(place.root)
    said = proof.objection(["pytest", "tests/unit"], ["canonry", "run", "tests/test_top.py"], "")
    assert said == (
        "it would no longer run `tests/unit/test_a.py::test_a`, `tests/unit/test_a.py::test_b`; "
        "it would run `tests/test_top.py::test_top`"
    )
    assert proof.objection(["pytest", "tests/unit"], ["canonry", "run", "."], "tests/unit") == ""
    assert "is not proved: collecting its tests ends with 4" in proof.notes[-1]


def test_what_takes_too_long_is_ended_and_said_so(tmp_path: Path) -> None:
    sleeper = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"
    found = observe([sys.executable, "-c", sleeper], tmp_path, limit=1)
    assert found.status is None
    assert not found.outcomes
