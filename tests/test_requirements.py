"""The mark `requires` counts what could not run, and never hides it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench import ROOT

_SUITE = """
import pytest

@pytest.mark.requires("git")
def test_with_git():
    assert 1

@pytest.mark.requires("no-such-program")
def test_without():
    assert 1

@pytest.mark.requires("no-such-program")
def test_without_again():
    assert 1
"""


def run_suite(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    suite = folder / "tests" / "test_suite.py"
    suite.parent.mkdir()
    suite.write_text(_SUITE)
    (folder / "tests" / "conftest.py").write_bytes((ROOT / "tests" / "conftest.py").read_bytes())
    (folder / "tests" / "workbench.py").write_bytes((ROOT / "tests" / "workbench.py").read_bytes())
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:hypothesispytest", "--strict-markers", "tests"]
    paths = os.pathsep.join((str(folder), str(ROOT)))
    environment = {name: value for name, value in os.environ.items() if name != "CANONRY_REQUIRE"}
    return subprocess.run(
        [*command, "--import-mode=importlib", f"--basetemp={folder / 'temporary'}", *options],
        cwd=folder,
        env=environment | {"PYTHONPATH": paths} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("--numprocesses=1",)], ids=["here", "in a worker"])
def test_what_is_missing_is_counted_as_not_run(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run_suite(tmp_path, *options)
    lines = done.stdout.splitlines()

    assert done.returncode == 0, done.stdout
    assert "not run: 2 (needs no-such-program)" in lines
    assert any(line.endswith("needs no-such-program") and line.startswith("SKIPPED [2]") for line in lines)
    assert "1 passed, 2 skipped" in lines[-1]


@pytest.mark.parametrize(("promised", "failed"), [("git, no-such-program", 2), ("git", 0)])
def test_what_was_promised_and_is_missing_fails(tmp_path: Path, promised: str, failed: int) -> None:
    done = run_suite(tmp_path, CANONRY_REQUIRE=promised)

    assert done.returncode == (1 if failed else 0)
    assert done.stdout.count("which CANONRY_REQUIRE promises") == failed
