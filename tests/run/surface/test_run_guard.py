"""The guard: what plain pytest says where the canon wants tests to be started with `canonry run`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.pytest_plugin import guard_policy
from canonry.run.processes import MARK
from tests.workbench import SOUND, Folder, environment


def plain_pytest(folder: Folder, below: str = "") -> "subprocess.CompletedProcess[str]":
    """A pytest that no runner started."""
    variables = {name: value for name, value in environment().items() if name != MARK}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        command, cwd=folder.root / below, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [("off", 0, ""), ("warn", 0, "these are not"), ("refuse", 4, "`run.guard` is `refuse`")],
)
def test_the_canon_says_what_a_run_past_the_runner_is_worth(
    repository: Folder, policy: str, status: int, said: str
) -> None:
    repository.write({"canonry.toml": f"[run]\nguard = '{policy}'\n", "test_a.py": SOUND})
    done = plain_pytest(repository)

    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stderr
    assert ("canonry run" in done.stderr) is (policy != "off")


def test_it_holds_in_nested_projects_and_lets_the_runner_pass(repository: Folder) -> None:
    repository.write({"canonry.toml": "[run]\nguard = 'refuse'\n", "shop/pytest.ini": "", "shop/test_a.py": SOUND})

    assert plain_pytest(repository, "shop").returncode == 4
    assert repository.call("run", "--workers", "1", "shop").returncode == 0


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
