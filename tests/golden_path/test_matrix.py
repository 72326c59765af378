"""The matrix itself, on the rows that cost little: every check green without its fault, red with it, by its own rule."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench import ROOT

FEW = ("swap", "misroute", "ticket-twice", "pubsub-drop", "persist-late", "double-route")


def matrix(*options: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("GOLDEN_", "CANONRY_"))}
    command = [sys.executable, "-m", "golden_path", *options]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def test_every_row_is_proven_on_sqlite(tmp_path: Path) -> None:
    """The whole suite is green on the healthy service, too: a check that is not makes the matrix end with status 1."""
    done = matrix("--engine", "sqlite", "--quick", "--result", str(tmp_path / "matrix.json"))

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    for row in set(range(1, 34)) - {26}:
        assert f"\n{row:>2}  " in f"\n{done.stdout}", row


@pytest.mark.requires("postgres", "redis")
def test_some_rows_are_proven_on_postgresql_and_redis_with_two_workers() -> None:
    done = matrix("--engine", "pair", *(word for key in FEW for word in ("--fault", key)))

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"{len(FEW)} of {len(FEW)} faults proven on pair" in done.stdout


def test_a_check_that_does_not_notice_is_unproven(tmp_path: Path) -> None:
    """The row of a fault that its check cannot see: nothing is green because it is green."""
    suite = tmp_path / "blind.py"
    suite.write_text(
        "import dataclasses, sys\n"
        "from golden_path.matrix import rows\n"
        "from golden_path import __main__ as command\n"
        "blind = [dataclasses.replace(case, expects=('run.once',)) for case in rows.CASES if case.key == 'dup']\n"
        "rows.CASES = command.CASES = tuple(blind)\n"
        "sys.exit(command.main(['--engine', 'sqlite', '--fault', 'dup']))\n"
    )
    done = subprocess.run(
        [sys.executable, str(suite)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "the check is red, and not by `run.once`, but: " in done.stdout
    assert "0 of 1 faults proven" in done.stdout
