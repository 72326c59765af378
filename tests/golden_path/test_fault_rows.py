"""The matrix itself, on the rows that cost little: every check green without its fault, red with it, by its own rule."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from canonry.model.outcome import Outcome
from golden_path.__main__ import main
from golden_path.matrix.rows import CASES
from golden_path.matrix.runs import Run
from golden_path.matrix.verdicts import Seen
from tests.workbench import ROOT

FEW = ("swap", "misroute", "ticket-twice", "pubsub-drop", "persist-late", "double-route")


def matrix(*options: str) -> subprocess.CompletedProcess[str]:
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("GOLDEN_", "CANONRY_", "PYTEST_"))
    }
    command = [sys.executable, "-m", "golden_path", *options]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def count_of_the_suite() -> int:
    """How many tests the categories `golden` and `golden_inside` have."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "golden_path/anywhere", "golden_path/inside"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("GOLDEN_", "CANONRY_"))}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+) tests collected", done.stdout)
    assert found is not None, done.stdout[-2000:] + done.stderr[-2000:]
    return int(found[1])


def test_every_row_is_proven_on_sqlite(tmp_path: Path) -> None:
    """The whole suite is green on the healthy service, too, and runs nowhere else in `make test`."""
    done = matrix("--engine", "sqlite", "--quick", "--result", str(tmp_path / "matrix.json"))

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    healthy = re.search(r"sqlite: (\d+) tests on the healthy service", done.stderr)
    assert healthy is not None
    assert int(healthy[1]) == count_of_the_suite(), "the healthy run left tests out"
    for row in set(range(1, 34)) - {26}:
        assert f"\n{row:>2}  " in f"\n{done.stdout}", row


@pytest.mark.requires("postgres", "redis")
def test_some_rows_are_proven_on_postgresql_and_redis_with_two_workers() -> None:
    done = matrix("--engine", "pair", *(word for key in FEW for word in ("--fault", key)))

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"{len(FEW)} of {len(FEW)} faults proven on pair" in done.stdout


def test_what_is_not_proven_ends_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command, on runs in which the checks of two faults stay green, or are red for another reason."""
    checks = {case.key: f"golden_path/{case.check}" for case in CASES if case.key in ("dup", "swap")}
    green = {node: Seen(outcome=Outcome.PASSED) for node in checks.values()}
    red = {
        f"{checks['dup']}[dup]": Seen(outcome=Outcome.FAILED, rules=("unique.event_id",)),
        f"{checks['swap']}[swap]": Seen(outcome=Outcome.FAILED, rules=("run.once",)),
    }

    def told(swapped: Seen) -> tuple[int, str]:
        seen = red | {f"{checks['swap']}[swap]": swapped}
        runs = {
            False: Run(status=0, seen=green, seconds=1.0, output=""),
            True: Run(status=1, seen=seen, seconds=1, output=""),
        }
        monkeypatch.setattr("golden_path.__main__.run_suite", lambda engine, *, faults, quick, only: runs[faults])
        options = ["--engine", "sqlite", "--fault", "dup", "--fault", "swap", "--result", str(tmp_path / "matrix.json")]
        return main(options), capsys.readouterr().out

    status, out = told(Seen(outcome=Outcome.FAILED, rules=("run.once",)))
    assert (status, "1 of 2 faults proven on sqlite" in out) == (1, True), out
    assert "unproven: row 2, swap, sqlite: the check is red, and not by `sequence.seq`, but: run.once" in out

    status, out = told(Seen(outcome=Outcome.PASSED))
    assert (status, "the check is passed under its fault" in out) == (1, True), out

    status, out = told(Seen(outcome=Outcome.FAILED, rules=("sequence.seq",)))
    assert (status, "2 of 2 faults proven on sqlite" in out) == (0, True), out
    assert not (tmp_path / "matrix.json").exists(), "a matrix of some faults is kept as that of all"


def test_a_red_test_on_the_healthy_service_ends_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that no fault needs: all faults are proven, and another test of the suite is red."""
    check = next(f"golden_path/{case.check}" for case in CASES if case.key == "dup")
    other = {"golden_path/anywhere/test_accounts.py::test_another": Seen(outcome=Outcome.FAILED, reason="broken")}
    proven = {f"{check}[dup]": Seen(outcome=Outcome.FAILED, rules=("unique.event_id",))}

    def told(status: int, also: dict[str, Seen]) -> tuple[int, str]:
        runs = {
            False: Run(status=status, seen={check: Seen(outcome=Outcome.PASSED), **also}, seconds=1.0, output=""),
            True: Run(status=1, seen=proven, seconds=1.0, output=""),
        }
        monkeypatch.setattr("golden_path.__main__.run_suite", lambda engine, *, faults, quick, only: runs[faults])
        options = ["--engine", "sqlite", "--fault", "dup", "--result", str(tmp_path / "matrix.json")]
        return main(options), capsys.readouterr().out

    assert told(0, {})[0] == 0
    status, out = told(1, other)
    assert (status, "1 of 1 faults proven on sqlite" in out) == (1, True), out
    assert "the healthy suite is not green on sqlite" in out
