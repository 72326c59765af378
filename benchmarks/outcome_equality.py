"""Outcomes of `canonry run` beside plain pytest's: ``python -m benchmarks.outcome_equality PACKAGE_DIR...``.

Each folder is a source distribution with its tests, as ``pip download --no-deps --no-binary :all: NAME==VERSION``
brings it; ``--python`` names an interpreter that has what the tests need and what canonry needs. Each of the two runs
has a copy of its own.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_PROBE = """
import json, os

found = {}


def pytest_runtest_logreport(report):
    is_expected = hasattr(report, "wasxfail")
    if getattr(report, "context", None) is not None:
        outcome = "failed" if report.failed else None
    elif report.failed:
        outcome = {"setup": "setup-error", "call": "failed", "teardown": "teardown-error"}[report.when]
    elif report.skipped:
        outcome = "expected-failure" if is_expected else "skipped"
    elif report.when == "call":
        outcome = "unexpected-pass" if is_expected else "passed"
    else:
        outcome = None
    if outcome and found.get(report.nodeid) != "failed":
        found[report.nodeid] = outcome


def pytest_collectreport(report):
    if report.failed:
        found[report.nodeid] = "uncollectable"


def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump(found, file)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--option", action="append", default=[], help="for pytest, in both runs")
    options = parser.parse_args()
    print("| package | tests | of plain pytest | only plain | only ours | differ |")
    print("| -- | --: | -- | --: | --: | --: |")
    told: list[str] = []
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as place:
            plain = _plain(options.python, folder, Path(place), options.option)
            ours = _ours(options.python, folder, Path(place), options.option, options.workers)
        differ = [
            f"{node}: {plain[node]}, {ours[node]}" for node in plain if node in ours and plain[node] != ours[node]
        ]
        lost, new = sorted(plain.keys() - ours.keys()), sorted(ours.keys() - plain.keys())
        counts = ", ".join(f"{count:,} {outcome}" for outcome, count in Counter(plain.values()).most_common())
        print(f"| {folder.name} | {len(plain):,} | {counts} | {len(lost)} | {len(new)} | {len(differ)} |", flush=True)
        told += [f"{folder.name}: {line}" for line in (*lost, *new, *differ)]
    print("", *told, sep="\n")


def _plain(python: str, folder: Path, place: Path, options: list[str]) -> dict[str, str]:
    tree, out = place / "plain", place / "outcomes.json"
    shutil.copytree(folder, tree)
    (place / "canonry_probe.py").write_text(_PROBE)
    command = [python, "-m", "pytest", "-q", "-p", "canonry_probe", "--continue-on-collection-errors", *options]
    _run(command, tree, {"OUTCOMES": str(out), "PYTHONPATH": str(place)})
    found: dict[str, str] = json.loads(out.read_text())
    return found


def _ours(python: str, folder: Path, place: Path, options: list[str], workers: int) -> dict[str, str]:
    tree = place / "ours"
    shutil.copytree(folder, tree)
    command = [python, "-m", "canonry", "run", "--workers", str(workers), "--output-format", "json", "--", *options]
    report = json.loads(_run(command, tree, {"PYTHONPATH": str(ROOT / "src")}))
    return {test["node"]: test["outcome"] for test in report["tests"]}


def _run(command: list[str], tree: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=tree, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    return done.stdout


if __name__ == "__main__":
    main()
