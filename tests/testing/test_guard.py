"""What the canon says of tests that the runner did not start holds for plain pytest, and for it alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.pytest_plugin import guard_policy
from tests.workbench import environment

SUITE = "def test_it(): pass\n"
SAID = "canonry: this project's tests are started with `canonry run`"


def run_plain(folder: Path, policy: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    (folder / "test_it.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "canonry.toml").write_text(f'[run]\nguard = "{policy}"\n')
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    given = {name: value for name, value in environment().items() if name != "CANONRY_WORKER_MARK"}
    return subprocess.run(command, cwd=folder, env=given | variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [
        ("off", 0, ""),
        ("warn", 0, f"{SAID}; these are not"),
        ("refuse", 4, "ERROR: this project's tests are started with `canonry run` (`run.guard` is `refuse`)"),
    ],
)
def test_plain_pytest_is_what_the_canon_says_of_it(tmp_path: Path, policy: str, status: int, said: str) -> None:
    done = run_plain(tmp_path, policy)

    assert done.returncode == status
    assert (said in done.stderr) if said else (SAID not in done.stderr)
    assert ("1 passed" in done.stdout) is (status == 0)


def test_a_pytest_of_the_runners_own_passes_the_guard(tmp_path: Path) -> None:
    assert run_plain(tmp_path, "refuse", CANONRY_WORKER_MARK="1").returncode == 0
    run = [sys.executable, "-m", "canonry", "run", "--workers", "1"]
    assert subprocess.run(run, cwd=tmp_path, env=environment(), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("files", "policy"),
    [
        ({}, "off"),
        ({"canonry.toml": '[run]\nguard = "warn"\n'}, "warn"),
        ({"pyproject.toml": '[tool.canonry.run]\nguard = "refuse"\n'}, "refuse"),
        ({"canonry.toml": "x = 1\n", "pyproject.toml": '[tool.canonry.run]\nguard = "refuse"\n'}, "off"),
        ({"canonry.toml": "guard = [\n"}, "off"),
        ({"pyproject.toml": '# guard\n[tool]\ncanonry = "x"\n'}, "off"),
    ],
)
def test_the_policy_is_read_from_the_canon(tmp_path: Path, files: dict[str, str], policy: str) -> None:
    for name, contents in files.items():
        (tmp_path / name).write_text(contents)

    assert guard_policy(os.fspath(tmp_path)) == policy
