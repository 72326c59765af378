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

CHEAP = (
    "drop-unnumbered", "swap", "dup", "misroute", "reuse", "ticket-twice", "skip-signature", "persist-late",
    "double-route", "zombie",
)  # fmt: skip
FEW = ("swap", "misroute", "ticket-twice", "pubsub-drop", "persist-late", "double-route")


def clean() -> dict[str, str]:
    """What a process gets that knows nothing of this run."""
    ours = ("GOLDEN_", "CANONRY_", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def matrix(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "golden_path", *options]
    return subprocess.run(command, cwd=ROOT, env=clean(), capture_output=True, text=True, check=False)


def count_of_the_suite() -> int:
    """How many tests the categories `golden` and `golden_inside` have."""
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "golden_path/anywhere", "golden_path/inside"]
    done = subprocess.run(command, cwd=ROOT, env=clean(), capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)(?:/\d+)? tests collected", done.stdout)
    assert found is not None, done.stdout[-2000:] + done.stderr[-2000:]
    return int(found[1])


def test_the_whole_suite_is_green_on_the_healthy_service() -> None:
    """It runs nowhere else in `make test`."""
    command = [sys.executable, "-m", "canonry", "run", "--flow", "golden_path", "--color", "never"]
    done = subprocess.run(command, cwd=ROOT, env=clean(), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    ran = re.search(r"(\d+) tests run: (\d+) passed", done.stdout)
    assert ran is not None, done.stdout[-2000:]
    assert int(ran[1]) == int(ran[2]) == count_of_the_suite(), "the healthy run left tests out"


def test_some_rows_are_proven_on_sqlite(tmp_path: Path) -> None:
    """`make matrix` proves all of them; these are of each kind of check."""
    names = [word for key in CHEAP for word in ("--fault", key)]
    done = matrix("--engine", "sqlite", *names, "--result", str(tmp_path / "matrix.json"))

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert f"{len(CHEAP)} of {len(CHEAP)} faults proven on sqlite" in done.stdout


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


def test_an_unknown_fault_is_refused_before_anything_runs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["--fault", "nosuch"])

    assert refused.value.code == 2
    assert "`nosuch` is no fault of the table" in capsys.readouterr().err
