"""Public packages with suites of their own: all codemods applied, their tests run before and after, rolled back.

``python benchmarks/migrate_packages.py FOLDER --python PYTHON [--only NAME]... [--grade safe]``. FOLDER holds unpacked
source distributions, PYTHON an environment in which their tests run. Each is copied; the copy's tests run twice, the
codemods are written (``--grade review``, the default: with those that want a reader), the tests run again, a second
migration is planned, and the change is rolled back. No failing wave is bisected. Prints one table.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import msgspec

from canonry.audit.request import Request
from canonry.migrate.engine import Migrated, Wanted, migrate
from canonry.migrate.writing import write_migration
from canonry.model.edit import Grade

_SOURCE = Path(__file__).parents[1] / "src"
_SEEN = """
import json, os

def pytest_collection_finish(session):
    for item in session.items:
        say([item.nodeid, "collected"])

def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        say([report.nodeid, report.outcome])

def say(words):
    with open(os.environ["OUTCOMES"], "a") as file:
        file.write(json.dumps(words) + "\\n")
"""


class Row(msgspec.Struct):
    """What one package says: findings by grade, edits of files, tests, and what is left after the way back."""

    package: str
    findings: int
    edited: int
    edits: int
    files: int
    tests: int
    same_tests: bool
    broken: list[str]
    guilty: int
    again: int
    restored: bool


def main() -> None:
    """Prints one row per package, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--grade", choices=["safe", "review"], default="review")
    options = parser.parse_args()
    print("| package | findings | edited | files | edits | tests | same ids | pass -> fail | edits in their files "
          "| second run | restored |")  # fmt: skip
    print("| -- | --: | --: | --: | --: | --: | -- | --: | --: | --: | -- |")
    rows, grades = [], Counter[tuple[str, str]]()
    for place in sorted(each for each in options.folder.iterdir() if each.is_dir()):
        if options.only and place.name not in options.only:
            continue
        row = of_package(place, options.python, grades, review=options.grade == "review")
        rows.append(row)
        cells = [row.package, row.findings, row.edited, row.files, row.edits, row.tests, "yes" if row.same_tests else
                 "no", len(row.broken), row.guilty, row.again, "yes" if row.restored else "no"]  # fmt: skip
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)
    findings, edited = sum(row.findings for row in rows), sum(row.edited for row in rows)
    edits, guilty = sum(row.edits for row in rows), sum(row.guilty for row in rows)
    print(f"\nedited {edited:,} of {findings:,} findings ({edited / max(findings, 1):.1%})")
    print(f"{guilty:,} of {edits:,} edits ({guilty / max(edits, 1):.1%}) stand in files with a test that fails now\n")
    for (codemod, grade), count in sorted(grades.items()):
        print(f"- {codemod}, {grade}: {count:,}")
    for row in rows:
        for node in row.broken:
            print(f"- fails now: {row.package}: `{node}`")


def of_package(place: Path, python: str, grades: Counter[tuple[str, str]], *, review: bool) -> Row:
    """One package, in a copy that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, place.name)
        shutil.copytree(place, root, ignore=shutil.ignore_patterns(".git", ".canonry", "__pycache__"))
        subprocess.run(["git", "init", "-q", root], check=True)
        ids, before = run(root, python)
        flaky = {node for node, outcome in run(root, python)[1].items() if before.get(node) != outcome}
        original = contents(root)
        found = migration(root, review=review)
        summary, _ = write_migration(found)
        for item in summary.items:
            grades[item.codemod, item.grade.value] += 1
        after_ids, after = run(root, python)
        broken = sorted(
            node
            for node, outcome in before.items()
            if outcome == "passed" and after.get(node) != "passed" and node not in flaky
        )
        again = migration(root, review=review)
        if summary.plan:
            command = [os.sys.executable, "-m", "canonry", "changes", "rollback", summary.plan]  # type: ignore[attr-defined]
            subprocess.run(command, cwd=root, check=True, capture_output=True)
        changed = {change.path: len(change.edits) for change in found.plan.files}
        guilty = {node.partition("::")[0] for node in broken}
        return Row(
            package=place.name,
            findings=len(summary.items),
            edited=sum(item.written or (item.elsewhere is not None and item.grade is not Grade.MANUAL)
                       for item in summary.items),
            edits=sum(changed.values()),
            files=len(changed),
            tests=len(ids),
            same_tests=ids == after_ids,
            broken=broken,
            guilty=sum(count for path, count in changed.items() if path in guilty),
            again=len(again.plan.files),
            restored=contents(root) == original,
        )  # fmt: skip


def migration(root: Path, *, review: bool) -> Migrated:
    """What all codemods make of a tree."""
    request = Request(repository=root, target="3.11", workers=1, cache=False)
    return migrate(request, Wanted(review=review))


def run(root: Path, python: str) -> tuple[set[str], dict[str, str]]:
    """The ids of a tree's tests, and the outcome of each that ran; canonry's plugin is there before and after."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "outcomes_seen.py").write_text(_SEEN)
        seen = Path(folder, "seen.jsonl")
        path = os.pathsep.join([folder, str(_SOURCE), *(str(each) for each in (root / "src", root) if each.is_dir())])
        environment = {**os.environ, "PYTHONPATH": path, "OUTCOMES": str(seen), "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-q", "-p", "outcomes_seen", "-p", "canonry.pytest_plugin", "-p", "no:cacheprovider"]
        options += ["-p", "no:randomly", "-W", "ignore", "--timeout", "120"]
        tests = [name for name in ("tests", "test") if (root / name).is_dir()]
        command = [python, "-m", "pytest", *options, *tests]
        subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=900, check=False)
        lines = [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []
    ids = {node for node, outcome in lines if outcome == "collected"}
    outcomes: dict[str, str] = {}
    for node, outcome in lines:
        if outcome != "collected" and outcomes.get(node) != "failed":
            outcomes[node] = outcome
    return ids, outcomes


def contents(root: Path) -> dict[str, bytes]:
    """Every byte of a tree, but for what canonry and git keep of it."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {".git", ".canonry", ".hypothesis"} & set(path.relative_to(root).parts)
    }


if __name__ == "__main__":
    main()
